"""The words every room shares: samples, estimates, verdicts, records, events, units."""
