"""The [zcal] section of printer.cfg: measurements that are structured, can be cancelled, and clean up behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .section import Zcal

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper


def load_config(config: ConfigWrapper) -> Zcal:
    """Klippy calls this for the section."""
    return Zcal(config)
