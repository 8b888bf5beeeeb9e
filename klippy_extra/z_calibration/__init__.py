# [z_calibration]: automatic Z offset from the nozzle and a switch probe on the Z endstop
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""Compatible with the options, commands and messages of protoloft's z_calibration plugin; see docs/z_calibration.md."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper

    from .section import ZCalibration


def _provide_zcal() -> None:
    """Make `zcal` importable: linked beside this package, or else from beside the real path of this package."""
    name = __name__.rpartition(".")[0] + ".zcal"
    if util.find_spec(name) is not None:
        return
    place = Path(__file__).resolve().parents[1] / "zcal"
    spec = util.spec_from_file_location(name, place / "__init__.py", submodule_search_locations=[str(place)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{place} is missing")
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def load_config(config: ConfigWrapper) -> ZCalibration:
    """Called by Klipper for the section; raises the configuration error if zcal is missing."""
    try:
        _provide_zcal()
    except (ImportError, OSError) as error:
        raise config.error(
            f"z_calibration needs zcal beside it ({error}). Run `zcal-tui install`."
        ) from error
    from .section import ZCalibration  # only now that zcal can be imported

    return ZCalibration(config)
