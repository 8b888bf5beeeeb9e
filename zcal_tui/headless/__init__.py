"""The same session without a screen: data on standard output, messages on standard error, and an exit code."""
