"""Does printer.cfg allow what the checks do?"""

from zcal_tui.checks.ready.state_findings import idle, pending, probe_numbers, room_below, thermal_adjust
from zcal_tui.printer.config_view import probe_config
from zcal_tui.tools.doctor.facts import HereFacts, PrinterFacts
from zcal_tui.tools.doctor.finding import Finding, Findings, Group, sentence

_FROM_READY = (room_below, probe_numbers, idle, thermal_adjust, pending)


def judge_configuration(printer: PrinterFacts | None, here: HereFacts) -> tuple[Finding, ...]:
    """What is to be said of the configuration; where no printer was reached, of the file alone."""
    found = Findings(Group.CONFIGURATION)
    _files(found, printer, here)
    _sections(found, printer, here)
    if printer is not None and printer.state.klippy in ("ready", "shutdown"):
        if probe_config(printer.state) is None:
            found.note(
                "probe",
                "The configuration has no probe.",
                "Only what needs none can be measured: the Z endstop (accuracy --what endstop, z-offset).",
                "Nothing to do if the printer has none.",
            )
        for look in _FROM_READY:
            if (one := look(printer.state)) is not None:
                found.ready(one)
        _saving(found, printer)
    return found.all()


def _files(found: Findings, printer: PrinterFacts | None, here: HereFacts) -> None:
    problem = (printer.config_problem if printer else "") or here.config_problem
    if problem:
        found.note(
            "printer-cfg",
            sentence(f"printer.cfg cannot be read from here: {problem}"),
            "The difference that SAVE_CONFIG makes cannot be shown before it is made, so nothing is saved.",
            "Run zcal-tui on the printer's host, as the user that Klipper runs as.",
        )
    elif printer is not None and printer.config is not None:
        found.ok(
            "printer-cfg",
            f"{printer.config.main} and {_included(len(printer.config.texts) - 1)} can be read.",
        )
    elif here.config is not None:
        found.ok("printer-cfg", f"{here.config} can be read.")


def _included(count: int) -> str:
    return (
        "no file besides"
        if count == 0
        else "the file it includes"
        if count == 1
        else f"the {count} it includes"
    )


def _sections(found: Findings, printer: PrinterFacts | None, here: HereFacts) -> None:
    """A section whose module is missing keeps klippy from starting."""
    folder = here.folder
    if folder is None or "z_calibration" not in here.sections:
        return
    if folder.entries["z_calibration"] == "none" and "z_calibration" not in folder.has_own:
        found.problem(
            "z-calibration-missing",
            "printer.cfg has [z_calibration], but this Klipper has no such module.",
            "Klipper does not start with a section that no module belongs to.",
            "Link this program's, or install the plugin that you had.",
            f"zcal-tui install --klipper {folder.root}",
            "sudo systemctl restart klipper",
        )


def _saving(found: Findings, printer: PrinterFacts) -> None:
    if printer.save_conflict:
        found.note(
            "save-conflict",
            f"SAVE_CONFIG would refuse {sentence(printer.save_conflict)}",
            "A new value would be measured and could not be saved by itself.",
            "Take that line out of the included file and write it into printer.cfg.",
        )
    if printer.edited:
        found.note(
            "edited",
            f"On disk the configuration differs from the one in force: {sentence('; '.join(printer.edited[:3]))}",
            "Klipper reads it when it restarts, also at the end of SAVE_CONFIG.",
            "Restart it when you want that in force (RESTART, in the console of Mainsail or Fluidd).",
        )
