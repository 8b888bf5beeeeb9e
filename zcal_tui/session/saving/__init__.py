"""Saving what a check has found: plan, diff, consent, staging, SAVE_CONFIG, read-back."""
