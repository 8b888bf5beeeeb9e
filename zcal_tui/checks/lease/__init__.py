"""The lease of the printer, and the settings that a check changes temporarily."""
