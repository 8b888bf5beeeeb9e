"""What is known about each check before it runs: one module a check, with a CheckInfo named INFO.

A new check is added by one module here and one module `zcal_tui.checks.<package>` with a check named CHECK; every list,
table, report and staleness rule follows from the two (docs/adding-a-check.md).
"""

import importlib
import pkgutil
from collections.abc import Mapping

from zcal_tui.model.check_info.info import CheckInfo, EstimateInfo
from zcal_tui.model.record import SAVE, UNDO, WHOLE


def _described() -> dict[str, CheckInfo]:
    found = []
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        info = getattr(importlib.import_module(module.name), "INFO", None)
        if isinstance(info, CheckInfo):
            found.append(info)
    return {info.name: info for info in sorted(found, key=lambda info: info.order)}


ALL_INFO: Mapping[str, CheckInfo] = _described()
"""Every check by name, in the order of a full calibration; the full calibration itself (`all`) comes last."""

CHECK_INFO: Mapping[str, CheckInfo] = {name: info for name, info in ALL_INFO.items() if name != WHOLE}
"""The checks that measure or look, without the full calibration that consists of them."""

ESTIMATES: Mapping[str, EstimateInfo] = {
    estimate.name: estimate for info in ALL_INFO.values() for estimate in info.estimates
}
"""Every estimate that a record can contain, by its name."""


WRITING_TITLES: Mapping[str, str] = {SAVE: "Save", UNDO: "Undo the last save"}
"""The titles of the runs that only write values."""


def info_of(check: str) -> CheckInfo | None:
    """The description of a check; None for one that this version does not have, as in a record of a newer one."""
    return ALL_INFO.get(check)


def title_and_name(check: str) -> str:
    """A check's title beside its name on the command line, as it is shown first: `Repeatability · accuracy`."""
    info = info_of(check)
    title = WRITING_TITLES.get(check) if info is None else info.title
    return check if title is None else f"{title} · {check}"
