"""Commands beside the checks: `install` for the modules in Klipper, and `doctor` for diagnosis."""
