"""Whether the companion extra is there and fits."""

from zcal_tui.checks.ready.finding import ReadyFinding, fine, warn
from zcal_tui.printer.zcal_interface import INTERFACE
from zcal_tui.printer.zcal_module import ZcalModule

NEEDED = ("state", "motion", "probe", "manual", "settings")
"""What every check can make use of; `scan` and `release` depend on the kind of probe."""


def extra(zcal: ZcalModule) -> ReadyFinding:
    """The companion extra: not there, another version, or without some capability on this Klipper."""
    version = zcal.version
    if version is None:
        return warn(
            "extra",
            "The companion extra is not installed.",
            "Without it a cancel takes effect later, nothing cleans up behind a program that dies, heating is refused, "
            "and backlash cannot be measured.",
            "Install it: `zcal-tui install` on the printer's host.",
        )
    if not zcal.can():
        ours = ".".join(str(part) for part in INTERFACE)
        return warn(
            "extra",
            f"The companion extra speaks version {version}, this program version {ours}.",
            "They do not understand each other; the checks do without it.",
            "Update whichever is older, then restart Klipper.",
        )
    missing = {name: why for name, why in zcal.unavailable.items() if name in NEEDED}
    if missing:
        return warn(
            "extra",
            f"The companion extra cannot do everything here: {', '.join(missing)}.",
            " ".join(missing.values()),
            "Update the extra or Klipper; until then the checks do without.",
        )
    return fine("extra", f"The companion extra is there (version {version}).")
