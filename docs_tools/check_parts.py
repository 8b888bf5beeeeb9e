"""Parts of the page of a check: options, estimates, limits, and when its result is stale."""

from collections.abc import Sequence

from docs_tools.blocks import PageError, table
from zcal_tui.checks.full_calibration import DECLARED
from zcal_tui.checks.parameters import ParameterSpec, specs
from zcal_tui.model import limits
from zcal_tui.model.check_info import ALL_INFO
from zcal_tui.model.check_info.info import HARDWARE_CHANGES, CheckInfo
from zcal_tui.model.limits import Limit


def options(words: Sequence[str]) -> str:
    """The options of a check. Raises PageError."""
    rows = [_option(spec) for spec in specs(DECLARED[_info(words).name].parameters)]
    return table(("option", "range", "default", "meaning"), rows)


def _option(spec: ParameterSpec) -> tuple[str, str, str, str]:
    values = "yes, no" if spec.kind is bool else spec.range_text
    meaning, _, said = spec.help.partition("; default")
    if spec.default is None:
        default = said.lstrip(": ")
    elif isinstance(spec.default, bool):
        default = "yes" if spec.default else "no"
    else:
        default = str(spec.default)
    return f"`{spec.flag}`", values, default, meaning


def estimates(words: Sequence[str]) -> str:
    """What a record of a check estimates. Raises PageError."""
    rows = [(f"`{one.name}`", one.label, one.meaning) for one in _info(words).estimates]
    return table(("estimate", "shown as", "meaning"), rows)


def stale(words: Sequence[str]) -> str:
    """Which changes make the result of a check stale. Raises PageError."""
    info = _info(words)
    rows = [
        (f"`{change}`", HARDWARE_CHANGES[change], info.stale_after.get(change, "stays valid"))
        for change in HARDWARE_CHANGES
    ]
    return table(("`zcal-tui changed …`", "what changed", "why the result is stale"), rows)


def limits_table(words: Sequence[str]) -> str:
    """These limits, by their names in model/limits.py. Raises PageError."""
    rows = []
    for name in words:
        limit = getattr(limits, name, None)
        if not isinstance(limit, Limit):
            raise PageError(f"there is no limit {name}")
        rows.append((limit.name, limit.text, limit.source))
    return table(("limit", "value", "source"), rows)


def _info(words: Sequence[str]) -> CheckInfo:
    if len(words) != 1 or words[0] not in ALL_INFO:
        raise PageError(f"{' '.join(words)!r} is no check; there are {', '.join(ALL_INFO)}")
    return ALL_INFO[words[0]]
