"""Choices that several packages share."""

from typing import Literal

SavePolicy = Literal["ask", "never", "always"]
"""Whether values found are written to the printer's configuration."""
