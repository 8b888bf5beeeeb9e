"""What follows from the facts: one module a group of findings, each a function without I/O."""
