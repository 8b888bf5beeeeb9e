"""Does Klipper run, is it one without known faults, and is the extra where Klipper looks for it?"""

import re
from collections.abc import Sequence
from pathlib import Path

from zcal_tui.checks.ready.state_findings import build
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.values import text
from zcal_tui.tools.doctor.facts import HereFacts, KlippyProcess, PrinterFacts
from zcal_tui.tools.doctor.finding import Finding, Findings, Group, sentence

_NO_MODULE = re.compile(r"Section '(zcal|z_calibration)' is not a valid config section")
RESTART = "sudo systemctl restart klipper"
MARGIN = 2.0
"""Seconds by which a file may seem newer than the process that read it."""


def judge_klipper(
    printer: PrinterFacts | None, here: HereFacts, processes: Sequence[KlippyProcess]
) -> tuple[Finding, ...]:
    """What is to be said of Klipper and the extra; `printer` is None where none was reached."""
    found = Findings(Group.KLIPPER)
    if printer is not None:
        _state(found, printer)
    if len(processes) > 1:
        found.ok(
            "several", f"{len(processes)} klippys run on this machine; name the one you mean with --printer."
        )
    _extra(found, printer, here)
    _freshness(found, printer, here)
    _twins(found, here)
    _python(found, here)
    _log(found, here, printer.state.message if printer is not None else "")
    return found.all()


def _state(found: Findings, printer: PrinterFacts) -> None:
    state = printer.state
    if state.klippy in ("ready", "shutdown"):
        found.ready(build(state))
    if state.klippy == "ready":
        found.ok("state", "Klipper is ready.")
    elif state.klippy in ("error", "shutdown"):
        told = explain(state.message or f"Klipper is in state {state.klippy}")
        if (missing := _NO_MODULE.search(state.message)) is not None:
            _no_module(found, missing[1], printer)
            return
        words = f" It says: {sentence(_first_line(state.message))}" if told.known else ""
        mend = told.remedy or "See to the cause, then restart it."
        commands = (RESTART,) if state.klippy == "error" else ()
        found.problem("state", sentence(told.what) + words, told.cause, mend, *commands)
    elif state.klippy == "startup":
        found.note(
            "state",
            "Klipper is starting.",
            "It reads its configuration and greets its boards, which takes up to a minute.",
            "Try again in a minute; if it stays so, look at its log.",
            "tail -n 50 ~/printer_data/logs/klippy.log",
        )
    elif not state.connected:  # a Moonraker without klippy is told of with the link
        found.problem(
            "state",
            sentence(f"Klipper cannot be asked: {state.message or state.link}"),
            "Something answers for it, but klippy itself does not.",
            "See whether klipper runs.",
            "systemctl status klipper",
        )
    if printer.other_program:
        found.note(
            "lease",
            "Another program holds the extra's lease.",
            "While it measures, no second one may.",
            "Let it finish, or end it; what one that died has left is put right by the next check.",
        )


def _no_module(found: Findings, section: str, printer: PrinterFacts) -> None:
    """Klipper halts at a section of ours. What it says itself would have the section taken out."""
    root = text(printer.info.get("klipper_path")) or "~/klipper"
    found.problem(
        "state",
        f"Klipper does not start: printer.cfg has [{section}], and it has no such module.",
        "Its link is missing, or was made after Klipper started. A new clone or a hard recovery takes links away.",
        "On the printer's host, link it again, then restart.",
        f"zcal-tui install --klipper {root}",
        RESTART,
    )


def _first_line(message: str) -> str:
    return next((line.strip() for line in message.splitlines() if line.strip()), "")


def _extra(found: Findings, printer: PrinterFacts | None, here: HereFacts) -> None:
    """The extra: first what the printer says, then why it is so by what lies on the disk."""
    folder = here.folder
    if printer is not None and printer.extra is not None and (printer.extra_there or folder is None):
        found.ready(printer.extra)
        return
    if folder is None:
        if printer is None:
            found.ok("extra", "There is no Klipper in the usual folders of this machine.")
        return
    entry = folder.entries["zcal"]
    wanted = "zcal" in here.sections
    install = f"zcal-tui install --klipper {folder.root}"
    if entry == "foreign":
        found.problem(
            "extra",
            f"{folder.foreign['zcal']} is not ours, and in the way of the extra.",
            "Klipper would load it instead.",
            "Move it away, then install.",
            install,
        )
    elif entry != "ours" and wanted:
        gone = "points into another installation" if entry == "stale" else "is not linked into this Klipper"
        found.problem(
            "extra",
            f"printer.cfg has [zcal], but the extra {gone} ({folder.root}).",
            "Klipper does not start with a section that no module belongs to. A new clone of Klipper, or a hard "
            f"recovery of it, takes links away.{_elsewhere(here)}",
            "Link it again, then restart.",
            install,
            RESTART,
        )
    elif entry != "ours":
        found.note(
            "extra",
            f"The companion extra is not installed in {folder.root}.",
            "Without it a cancel takes effect later, heating is refused, and backlash cannot be measured."
            + _elsewhere(here),
            "Install it (--dry-run shows first what it would do).",
            install,
        )
    elif not wanted and here.config is not None:
        found.note(
            "extra",
            "The companion extra is linked, but printer.cfg has no [zcal].",
            "Klipper loads it by its section only.",
            "Let the installer add it, or write a line [zcal] yourself; then restart.",
            f"{install} --config {here.config}",
            RESTART,
        )
    elif printer is not None and printer.state.klippy in ("ready", "shutdown"):
        found.problem(
            "extra",
            "The companion extra is linked and printer.cfg has [zcal], but the running Klipper does not know it.",
            "Klipper was not restarted since, or reads another printer.cfg.",
            "Restart it.",
            RESTART,
        )
    else:
        found.ok("extra", f"The companion extra is linked into {folder.root}.")


def _elsewhere(here: HereFacts) -> str:
    if not here.elsewhere:
        return ""
    return f" It is linked into {' and '.join(map(str, here.elsewhere))}, another Klipper."


def _freshness(found: Findings, printer: PrinterFacts | None, here: HereFacts) -> None:
    running = printer is not None and printer.extra_there
    times = here.started, here.extra_changed
    if running and times[0] is not None and times[1] is not None and times[1] > times[0] + MARGIN:
        found.note(
            "extra-old",
            "The extra's files are newer than the running Klipper.",
            "Klipper still runs the code that it read when it started; RESTART does not read it again.",
            "Restart the service.",
            RESTART,
        )
    folder = here.folder
    if folder is None or folder.exclude_file is None or folder.entries["zcal"] != "ours":
        return
    line = f"{folder.place}/zcal"
    if line not in folder.excluded and "zcal" not in folder.ignored:
        found.note(
            "dirty",
            "Git in Klipper's folder sees the link to the extra.",
            "Moonraker's update manager then calls Klipper dirty, and a recovery takes the link away.",
            "Let the installer hide it from git.",
            f"zcal-tui install --klipper {folder.root}",
        )


def _twins(found: Findings, here: HereFacts) -> None:
    if here.surplus is not None and here.folder is not None:
        found.problem(
            "z-calibration-override",
            "Kalico has a z_calibration of its own, and this program's is linked beside it.",
            "Kalico does not start with both while [danger_options] allow_plugin_override is off.",
            "Set allow_plugin_override: True there to use this program's, or let the installer take the link away.",
            f"zcal-tui install --klipper {here.folder.root}",
            RESTART,
        )
    if not here.twins:
        return
    module, link = here.twins
    found.problem(
        "z-calibration-twice",
        f"There are two z_calibration in {module.parent}.",
        "Python takes the folder and never reads the file, so which one runs is not the one you may think of.",
        "Take one away: the link for the plugin that was there before, or the file for this program's.",
        f"rm {link}",
        RESTART,
    )


def _python(found: Findings, here: HereFacts) -> None:
    if here.python.startswith("python2"):
        found.problem(
            "klippy-python",
            f"Klipper runs on {here.python}.",
            "The extra needs Python 3.8 or newer.",
            "Make Klipper's environment anew with Python 3: in KIAUH remove and install Klipper, keeping printer_data.",
        )


def _log(found: Findings, here: HereFacts, message: str) -> None:
    """Errors in klippy's log, but for the one that it stands in now and tells itself (`message`)."""
    errors = [(what, count) for what, count in here.log_errors if what not in message]
    if not errors and here.log_errors:
        return
    if not errors:
        if here.log is not None:
            found.ok("log", "klippy's log tells of no error lately.")
        return
    newest = [f"{what} (×{count})" if count > 1 else what for what, count in errors[-3:]]
    told = explain(errors[-1][0])
    found.note(
        "log",
        f"klippy's log tells of errors within a day: {sentence('; '.join(newest))}",
        " ".join(filter(None, (f"The last means: {sentence(told.what)}", told.cause))) if told.known else "",
        told.remedy or "Look at it.",
        f"less +G {here.log or Path('klippy.log')}",
    )
