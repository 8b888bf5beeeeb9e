"""Error texts of Klipper, Kalico and plugins that have no explanation, each with the reason."""

import re

_OWN_CODE = "a check of the module's own code: no configuration or command of a user leads to it"
_OTHER_USE = "belongs to a use other than homing, probing and calibrating Z"
_PLAIN = "the text itself says what to change"

UNEXPLAINED: tuple[tuple[str, str], ...] = (
    (
        (
            r"Can't home via HomingViaProbeHelper|start/end probe session mismatch|already configured"
            r"|PWM target before last"
        ),
        _OWN_CODE,
    ),
    (r"^Fixed point Q|filter (coefficients|sections)|Coefficient 3|state elements|integer bits", _OWN_CODE),
    (
        r"dataclass|metadata|option\(\) field|Field '[^']*' (on|not)|field parsing|FieldMeta|auto-parsing",
        _OWN_CODE,
    ),
    (
        r"Alpha and beta must|at least two points to determine|zero_ref or zero_height|^Not supported",
        _OWN_CODE,
    ),
    (r"get_trigger_position not supported|has not been initialized|Post-homing adjustment", _OWN_CODE),
    (r"Worker process terminated|Unsupported environment|must unregister|^Not a valid GCODE_AXIS", _OWN_CODE),
    (r"^MCU shutdown$", "only written to the log, before the text that names the cause"),
    (r"accelerometer|accel_axes_map|ROUNDED_G0|Stepper \S+ move to \S+ (below|above)", _OTHER_USE),
    (r"stream|Output file|output file|No endstop for this manual stepper|Axis '[^']*' already", _OTHER_USE),
    (r"printer entered shutdown", "the printer's state message has the cause, which is explained"),
    (r"overrun must exceed|home_xy_position cannot be used|sensor name|Threshold must", _PLAIN),
    (r"Requested sensor|No default Beacon|Beacon model name|beacon config directive|Multiple Beacon", _PLAIN),
    (r"Expected (a list|two )|Invalid region bounds|'auto' or a non-negative|Invalid position: ", _PLAIN),
    (
        r"could not convert string to float|calibration method '[^']*' not supported|Error processing mesh",
        _PLAIN,
    ),
)
"""The pattern of a text, and why no explanation helps."""


def reason_unexplained(text: str) -> str:
    """Why an error text has no explanation; empty where that is not recorded."""
    return next((why for pattern, why in _COMPILED if pattern.search(text)), "")


_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), why) for pattern, why in UNEXPLAINED)
