"""The types that every package shares: samples, estimates, verdicts, records, events, units."""
