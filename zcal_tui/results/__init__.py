"""What is kept of every run: an append-only file a run, one folder a printer."""
