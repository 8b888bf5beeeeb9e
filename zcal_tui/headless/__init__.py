"""The same session without a screen: data on standard output, words on standard error, an answer in the exit code."""
