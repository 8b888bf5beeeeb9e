"""The error of the benchmarks."""


class BenchmarkError(Exception):
    """A figure could not be measured; the text gives the reason and the remedy."""
