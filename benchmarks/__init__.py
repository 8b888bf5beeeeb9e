"""What the program costs, each figure next to a named reference taken in the same run.

Seconds on one machine say little about another, and a busy machine says nothing at all; a ratio to something known,
measured side by side, does. Nothing here passes or fails.
"""
