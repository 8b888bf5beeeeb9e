"""Makes the parts of docs/ that come from the program, and builds the site."""
