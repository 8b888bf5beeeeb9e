"""Long runs against a simulated printer's truth: too long for the tests, with their figures in docs/campaigns.md."""
