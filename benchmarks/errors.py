"""What can keep a benchmark from being taken."""


class BenchmarkError(Exception):
    """A figure could not be taken; the text says why, in words, and what to do."""
