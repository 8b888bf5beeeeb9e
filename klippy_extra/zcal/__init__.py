# [zcal]: structured, cancellable Z measurements with a lease for the client
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING

from .section import Zcal

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper


def load_config(config: ConfigWrapper) -> Zcal:
    """Called by Klipper for the section."""
    return Zcal(config)
