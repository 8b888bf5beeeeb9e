"""The lease at the printer, and the settings that a check changes for a while."""
