"""Heating during a check: consent, watching the heaters, measuring at print temperature."""
