"""The checks there are, in the order of a full calibration: every check that model.check_info describes."""

import importlib

from zcal_tui.checks.base import Check
from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.model.check_info.info import CheckInfo


def _check(info: CheckInfo) -> Check:
    check: Check = importlib.import_module(f"zcal_tui.checks.{info.package}").CHECK
    return check


CHECKS: dict[str, Check] = {name: _check(info) for name, info in CHECK_INFO.items()}
