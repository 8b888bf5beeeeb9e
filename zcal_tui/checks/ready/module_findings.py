"""Whether the [zcal] module is installed and compatible."""

from zcal_tui.checks.ready.finding import ReadyFinding, fine, warn
from zcal_tui.printer.zcal_interface import INTERFACE
from zcal_tui.printer.zcal_module import ZcalModule

NEEDED = ("state", "motion", "probe", "manual", "settings")
"""The capabilities that every check can use; `scan` and `release` depend on the kind of probe."""


def module_finding(zcal: ZcalModule) -> ReadyFinding:
    """The [zcal] module: not installed, another version, or without some capability on this Klipper."""
    version = zcal.version
    if version is None:
        return warn(
            "extra",
            "The [zcal] module is not installed.",
            "Without it a cancel takes longer, nothing cleans up after a crash, and Temperature is refused. Backlash "
            "needs it too, unless the probe's plugin measures it.",
            "Run `zcal-tui install` on the printer's host.",
        )
    if not zcal.can():
        ours = ".".join(str(part) for part in INTERFACE)
        return warn(
            "extra",
            f"The [zcal] module has interface version {version}; this program needs {ours}.",
            "They are not compatible, so the checks do not use it.",
            "Update whichever is older, then restart Klipper.",
        )
    missing = {name: why for name, why in zcal.unavailable.items() if name in NEEDED}
    if missing:
        return warn(
            "extra",
            f"The [zcal] module lacks capabilities here: {', '.join(missing)}.",
            " ".join(missing.values()),
            "Update the module or Klipper. Until then the checks do not use them.",
        )
    return fine("extra", f"The [zcal] module is installed (version {version}).")
