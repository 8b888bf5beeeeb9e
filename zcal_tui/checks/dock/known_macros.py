"""The printer's macros that attach and dock a probe, by their usual names or by what [z_calibration] runs."""

from itertools import product

from zcal_tui.printer.config_view import Settings
from zcal_tui.printer.macros import does_nothing, macro_commands
from zcal_tui.printer.values import text

KNOWN_MACROS = (
    ("attach_probe_lock", "dock_probe_unlock"),
    ("attach_probe", "detach_probe"),
    ("attach_probe", "dock_probe"),
    ("deploy_probe", "stow_probe"),
    ("activate_probe", "deactivate_probe"),
    ("probe_pickup", "probe_return"),
    ("m401", "m402"),
)
"""Usual names of the macros that attach and dock a probe (Klicky, protoloft's examples, Euclid, klippain). The first
pair of which the printer has both is used. Without any, macros named by a word of _PROBES and a verb are."""
_ATTACH = (
    "attach",
    "deploy",
    "pickup",
    "pick_up",
    "pick",
    "grab",
    "fetch",
    "take",
    "collect",
    "equip",
    "engage",
    "extend",
    "undock",
    "mount",
    "load",
    "get",
)
_DETACH = (
    "detach",
    "dock",
    "stow",
    "return",
    "drop",
    "park",
    "unmount",
    "dismount",
    "unload",
    "unequip",
    "disengage",
    "put_back",
    "put",
    "leave",
    "store",
    "remove",
    "deposit",
    "retract",
    "release",
)
_PROBES = (
    "probe",
    "klicky",
    "euclid",
    "quickdraw",
    "annex_probe",
    "unklicky",
    "klack",
    "z_probe",
    "zprobe",
    "mag_probe",
    "magprobe",
    "microprobe",
    "btt_microprobe",
)
_HINTS = (("before_switch_gcode", "end_gcode"), ("start_gcode", "end_gcode"))
"""The scripts of [z_calibration] between which the probe is attached."""
_ABOUT_PROBE = ("probe", "dock", "klicky", "euclid")


def usual_pair(settings: Settings) -> tuple[str, str] | None:
    """The macros that attach and dock a probe; None where the printer has none that can be told by name or by what
    [z_calibration] runs."""
    for pair in KNOWN_MACROS:
        if all(_section(name) in settings for name in pair) and not does_nothing(settings, pair[0]):
            return pair[0].upper(), pair[1].upper()
    attaching, docking = _named(settings, _ATTACH), _named(settings, _DETACH)
    if len(attaching) == 1 and len(docking) == 1:
        return attaching[0].upper(), docking[0].upper()
    return _hinted(settings)


def candidates(settings: Settings) -> tuple[str, ...]:
    """The macros that may attach or dock a probe, those that are about a probe first, in capitals."""
    names = [section.split(maxsplit=1)[1] for section in settings if section.startswith("gcode_macro ")]
    own = [name for name in names if not text(settings[_section(name)].get("rename_existing"))]
    own = [name for name in own if not does_nothing(settings, name)]
    return tuple(
        name.upper() for name in sorted(own, key=lambda name: (not _about_probe(settings, name), name))
    )


def _named(settings: Settings, verbs: tuple[str, ...]) -> list[str]:
    """The macros that consist of one of these verbs and a probe's name, in either order."""
    wanted = {
        joint.join(words)
        for verb, probe in product(verbs, _PROBES)
        for words in ((verb, probe), (probe, verb))
        for joint in ("_", "")
    }
    return [
        name
        for section in settings
        if section.startswith("gcode_macro ")
        and (name := section.split(maxsplit=1)[1]).strip("_") in wanted
        and not does_nothing(settings, name)
    ]


def _hinted(settings: Settings) -> tuple[str, str] | None:
    """What [z_calibration] runs before and after it probes, where each is one macro about a probe."""
    scripts = settings.get("z_calibration", {})
    for before, after in _HINTS:
        attach, detach = _only_macro(settings, scripts.get(before)), _only_macro(settings, scripts.get(after))
        if attach and detach and attach != detach:
            return attach.upper(), detach.upper()
    return None


def _only_macro(settings: Settings, gcode: object) -> str:
    """The one macro about a probe in a script; empty where there is none or several, or where it is called with
    parameters, without which it may do something else."""
    lines = {command.line.lower(): command.word.lower() for command in macro_commands(text(gcode) or "")}
    found = [
        (line, word)
        for line, word in lines.items()
        if _section(word) in settings and _about_probe(settings, word)
    ]
    return found[0][1] if len(found) == 1 and found[0][0] == found[0][1] else ""


def _about_probe(settings: Settings, name: str) -> bool:
    body = f"{name} {text(settings[_section(name)].get('gcode')) or ''}".lower()
    return any(word in body for word in _ABOUT_PROBE)


def _section(macro: str) -> str:
    return f"gcode_macro {macro}"
