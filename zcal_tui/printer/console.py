"""Console text to typed messages: the wordings of Klipper old and new, Kalico, z_calibration and scanners' plugins.

Klipper's documentation calls this text meant for people, so what has a status object is read there; this is for
what has none: above all the single samples of a series.
"""

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

from zcal_tui.printer import messages as m

_NUMBER = r"-?\d{1,9}(?:\.\d{1,12})?"
_F = rf"({_NUMBER})"
_N = r"(\d{1,9})"
_REAL = rf"{_NUMBER}(?:e[-+]?\d{{1,3}})?"
_COMMAND = r"(?:(?P<command>[A-Z][A-Z0-9_]*): )?"
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_COMMENT = re.compile(r"^//[ \t]?", re.MULTILINE)
_STAGED_OPTIONS = "z_offset|position_endstop|tap_z_offset|descend_z"
_STAGED = re.compile(rf"^([^\n:]+): ({_STAGED_OPTIONS}): {_F}$", re.MULTILINE | re.ASCII)

_SETTING = re.compile(rf"([a-z_]+)=({_NUMBER})")
_HEADERS = {"probe accuracy": "PROBE_ACCURACY", "touch accuracy": "TOUCH_ACCURACY"}
"""Cartographer's wording of a header, and the command that prints it."""

Match = re.Match[str]


class _Rule(NamedTuple):
    pattern: str
    build: Callable[[Match], m.Message]


@functools.cache
def _compiled() -> tuple[tuple[re.Pattern[str], Callable[[Match], m.Message]], ...]:
    """Compiled with the first message, so that a start does not wait for it."""
    return tuple((re.compile(rule.pattern, re.ASCII), rule.build) for rule in _RULES)


def clean(text: str) -> str:
    """The text for a person: without comment marks, markup and surrounding space."""
    return _COMMENT.sub("", _TAG.sub("", text).strip()).strip()


def parse(text: str) -> m.Message:
    """The typed message of one console text. Never raises; unrecognised text is `Info`."""
    content = clean(text)
    for pattern, build in _compiled():
        if found := pattern.fullmatch(content):
            return build(found)
    return m.Info(content)


def _numbers(found: Match) -> list[float]:
    """All plain groups as numbers; named groups are not numbers."""
    named = set(found.re.groupindex.values())
    return [float(text) for index, text in enumerate(found.groups(), 1) if index not in named and text]


def _command(found: Match) -> str | None:
    return found["command"]


def _sample(found: Match) -> m.Message:
    x, y, z = _numbers(found)
    return m.ProbeSample(x, y, z, "toolhead", _command(found))


def _distance_sample(found: Match) -> m.Message:
    """Beacon's proximity sample: measured from a height, not triggered at one, so a higher bed gives less."""
    x, y, z, distance = _numbers(found)
    # klippy prints six decimals; further digits come from the subtraction
    return m.ProbeSample(x, y, round(z - distance, 6), "toolhead", _command(found), scanned=True)


def _contact(found: Match) -> m.Message:
    return m.ContactEstimate(*_numbers(found))


def _bed_sample(found: Match) -> m.Message:
    x, y, z = _numbers(found)
    return m.ProbeSample(x, y, z, "bed", _command(found))


def _header(found: Match) -> m.Message:
    x, y, z = _numbers(found)
    settings = {name: float(value) for name, value in _SETTING.findall(found["settings"])}
    return m.AccuracyHeader(
        _HEADERS.get(found["name"], found["name"]),
        x,
        y,
        z,
        int(settings["samples"]),
        settings.get("retract", settings.get("sample_retract_dist")),
        settings.get("speed"),
        settings.get("lift_speed"),
    )


def _stats(found: Match) -> m.Message:
    maximum, minimum, spread, average, median, sigma = _numbers(found)
    return m.AccuracyStats(
        maximum,
        minimum,
        spread,
        average,
        median,
        sigma,
        source=found["source"],
        command=_command(found),
    )


def _manual_z(found: Match) -> m.Message:
    lower, z, upper = found["lower"], found["z"], found["upper"]
    return m.ManualProbeZ(
        None if lower.startswith("?") else float(lower),
        float(z),
        None if upper.startswith("?") else float(upper),
    )


def _staged(found: Match) -> m.Message:
    values = (
        m.StagedValue(section, option, float(value)) for section, option, value in _STAGED.findall(found[0])
    )
    return m.ValuesStaged(tuple(values))


def _z_calibration(found: Match) -> m.Message:
    bed, switch, nozzle, switch_offset, offset = _numbers(found)
    return m.ZCalibrationResult(bed, switch, nozzle, switch_offset, offset, command=_command(found))


def _z_calibration_oldest(found: Match) -> m.Message:
    endstop, nozzle, switch, bed, offset = _numbers(found)
    return m.ZCalibrationResult(bed, switch, nozzle, None, offset, endstop=endstop)


def _switch_offset(found: Match) -> m.Message:
    switch_offset, z, z_offset, new = _numbers(found)
    return m.SwitchOffsetResult(switch_offset, z, z_offset, new, _command(found))


def _twist_complete(found: Match) -> m.Message:
    offsets = tuple(float(value) for value in found["offsets"].split(", "))
    return m.AxisTwistComplete(offsets, float(found["mean"]))


def _beacon_backlash(found: Match) -> m.Message:
    up, down, delta, samples = _numbers(found)
    return m.BeaconBacklash(up, down, delta, int(samples))


def _backlash_calibrated(found: Match) -> m.Message:
    amount = _numbers(found)
    return m.BacklashCalibrated(amount[0] if amount else None)


_RULES: tuple[_Rule, ...] = (
    _Rule(rf"{_COMMAND}probe at {_F},{_F} is z={_F}", _sample),
    _Rule(rf"{_COMMAND}probe at {_F},{_F},{_F} is z={_F}", _distance_sample),
    _Rule(rf"Result is z={_F}", lambda found: m.ProbeHeight(*_numbers(found))),
    _Rule(rf"Result: at {_F},{_F} estimate contact at z={_F}", _contact),
    _Rule(rf"{_COMMAND}probe: at {_F},{_F} bed will contact at z={_F}", _bed_sample),
    _Rule(
        rf"(?P<name>PROBE(?:_Z)?_ACCURACY|(?:probe|touch) accuracy) at X:{_F} Y:{_F} Z:{_F} "
        rf"\((?P<settings>(?=(?:.* )?samples=)(?:[a-z_]+={_NUMBER} ?)+)\)",
        _header,
    ),
    _Rule(
        rf"{_COMMAND}(?P<source>probe z|probe|touch|scan) accuracy results(?: \(using \d+ finite measurements\))?:\s*"
        rf"maximum {_F},\s*minimum {_F},\s*range {_F},\s*average {_F},\s*median {_F},\s*standard deviation {_F}"
        rf"(?:,\s*average delta {_NUMBER})?",
        _stats,
    ),
    _Rule(r"probe: (open|TRIGGERED)", lambda found: m.ProbeQuery(found[1] == "TRIGGERED")),
    _Rule(
        rf"{_COMMAND}[Pp]robe samples exceed tolerance\. Retrying\.\.\.",
        lambda found: m.SamplesRetry(_command(found)),
    ),
    _Rule(
        r"Starting manual Z probe\. Use TESTZ to adjust position\.(?s:.*)", lambda _: m.ManualProbeStarted()
    ),
    _Rule(
        rf"Z position: (?P<lower>\?{{6}}|{_NUMBER}) --> (?P<z>{_NUMBER}) <-- (?P<upper>\?{{6}}|{_NUMBER})",
        _manual_z,
    ),
    _Rule(
        r"WARNING: No change in position \(reached stepper resolution\)",
        lambda _: m.NoPositionChange(),
    ),
    _Rule(r"Manual probe failed! Use TESTZ commands to position the(?s:.*)", lambda _: m.ManualProbeFailed()),
    _Rule(rf"Z position is {_F}", lambda found: m.ManualProbeHeight(*_numbers(found))),
    _Rule(
        rf"(?:[^\n:]+: (?:{_STAGED_OPTIONS}): {_NUMBER}(?:\n|$))+"
        r"(?:The SAVE_CONFIG command (?s:.*))?",
        _staged,
    ),
    _Rule(r'Unknown command:"(.*)"', lambda found: m.UnknownCommand(found[1])),
    _Rule(
        rf"{_COMMAND}bed_probe={_F} - \(switch={_F} - nozzle={_F} \+ switch_offset={_F}\) --> new_offset={_F}",
        _z_calibration,
    ),
    _Rule(
        rf"(?P<command>Z-CALIBRATION): probe={_F} - \(switch={_F} - nozzle={_F} \+ switch_offset={_F}\) "
        rf"--> new offset={_F}",
        _z_calibration,
    ),
    _Rule(
        rf"Z-CALIBRATION: ENDSTOP={_F} NOZZLE={_F} SWITCH={_F} PROBE={_F} --> OFFSET={_F}",
        _z_calibration_oldest,
    ),
    _Rule(
        rf"{_COMMAND}switch_offset={_F} - \(current_z={_F} - z_offset={_F}\) --> new switch_offset={_F}",
        _switch_offset,
    ),
    _Rule(
        rf"{_COMMAND}[Tt]he resulting switch offset is negative! Either the nozzle is still too far away or "
        r"something else is wrong\.\.\.",
        lambda found: m.SwitchOffsetNegative(_command(found)),
    ),
    _Rule(
        rf"AXIS_TWIST_COMPENSATION_CALIBRATE: Probing point {_N} of {_N}",
        lambda found: m.AxisTwistPoint(int(found[1]), int(found[2])),
    ),
    _Rule(
        r"AXIS_TWIST_COMPENSATION_CALIBRATE: Probe cancelled, calibration aborted",
        lambda _: m.AxisTwistCancelled(),
    ),
    _Rule(
        rf"AXIS_TWIST_COMPENSATION_CALIBRATE: Calibration complete, offsets: "
        rf"\[(?P<offsets>{_REAL}(?:, {_REAL})*)\], mean z_offset: (?P<mean>{_NUMBER})",
        _twist_complete,
    ),
    _Rule(
        rf"Backlash test over {_N} samples found no significant difference \(\|t\|={_F}\)\.",
        lambda found: m.BacklashNone(int(found[1]), float(found[2])),
    ),
    _Rule(
        rf"Backlash test over {_N} samples detected a consistent {_F} mm difference\.",
        lambda found: m.BacklashFound(int(found[1]), float(found[2])),
    ),
    _Rule(
        rf"Estimated backlash is negative \({_F} ?mm\), which is unexpected\.(?s:.*)",
        lambda found: m.BacklashNegative(*_numbers(found)),
    ),
    _Rule(
        r"Backlash calibration complete: no compensation required\.(?s:.*)",
        lambda _: m.BacklashCalibrated(None),
    ),
    _Rule(
        rf"Backlash calibration complete: {_F} mm compensation will be used\.(?s:.*)",
        _backlash_calibrated,
    ),
    _Rule(
        rf"Median distance moving up {_F}, down {_F}, delta {_F} over {_N} samples",
        _beacon_backlash,
    ),
)
