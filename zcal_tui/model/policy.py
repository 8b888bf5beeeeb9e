"""Choices that more than one room has to know."""

from typing import Literal

SavePolicy = Literal["ask", "never", "always"]
"""Whether found values are written to the printer's configuration."""
