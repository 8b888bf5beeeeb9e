"""Commands beside the checks: installing the companion extra."""
