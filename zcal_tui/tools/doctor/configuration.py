"""Does printer.cfg allow what the checks do?"""

from collections.abc import Iterator

from zcal_tui.checks.ready.state_findings import idle, pending, probe_numbers, room_below, thermal_adjust
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.state import PrinterState
from zcal_tui.tools.doctor.finding import DoctorFinding, from_ready, note, ok, problem
from zcal_tui.tools.doctor.klipper import KlipperFacts
from zcal_tui.tools.doctor.link import RESTART
from zcal_tui.tools.doctor.printer import PrinterFacts

_FROM_READY = (room_below, probe_numbers, idle, thermal_adjust, pending)


def judge_configuration(printer: PrinterFacts, klipper: KlipperFacts) -> Iterator[DoctorFinding]:
    """Report whether printer.cfg can be read and saved, and what in it hinders the checks. Where no printer was
    reached, only the file on this machine counts."""
    yield from _judge_files(printer, klipper)
    folder, config = klipper.folder, klipper.config
    if (
        folder is not None
        and config is not None
        and config.where("z_calibration")
        and folder.entries["z_calibration"] == "none"
        and "z_calibration" not in folder.has_own
    ):
        yield problem(
            "z-calibration-missing",
            "printer.cfg has [z_calibration], but this Klipper has no such module.",
            "Klipper does not start with a section that has no module.",
            "Link zcal-tui's module, or install the plugin that you used before.",
            f"zcal-tui install --klipper {folder.root}",
            RESTART,
        )
    if printer.state.klippy in ("ready", "shutdown"):
        yield from _judge_settings(printer.state)
    if printer.save_conflict:
        yield note(
            "save-conflict",
            f"SAVE_CONFIG would reject a new z_offset: {printer.save_conflict}",
            "zcal-tui could measure the value but not save it.",
            "Move that line from the included file to printer.cfg.",
        )
    if printer.edited:
        yield note(
            "edited",
            f"printer.cfg on disk differs from the configuration in use: {'; '.join(printer.edited[:3])}",
            "Klipper reads the files when it restarts, also at the end of SAVE_CONFIG.",
            "To use the edited files now, restart Klipper (RESTART in the console of Mainsail or Fluidd).",
        )


def _judge_files(printer: PrinterFacts, klipper: KlipperFacts) -> Iterator[DoctorFinding]:
    broken = printer.broken or (klipper.config.problem if klipper.config is not None else "")
    unreadable = printer.unreadable or klipper.config_unreadable
    if broken:
        yield note(
            "printer-cfg",
            f"Klipper cannot read printer.cfg as it is now: {broken}",
            "It would not start again, so zcal-tui saves nothing.",
            "Correct the file before you restart Klipper.",
        )
    elif unreadable:
        yield note(
            "printer-cfg",
            f"zcal-tui cannot read printer.cfg: {unreadable}",
            "It could not show what SAVE_CONFIG changes, so it saves nothing.",
            "Run zcal-tui on the printer's host, as the user that runs Klipper.",
        )
    elif printer.files is not None:
        included = len(printer.files.texts) - 1
        yield ok("printer-cfg", f"{printer.files.main} can be read. Included files: {included}.")
    elif klipper.config is not None:
        yield ok("printer-cfg", f"{klipper.config.path} can be read.")


def _judge_settings(state: PrinterState) -> Iterator[DoctorFinding]:
    """Report what the check `ready` finds in the configuration of a printer that runs."""
    if probe_config(state) is None:
        yield note(
            "probe",
            "No probe is configured.",
            "Only the Z endstop can be measured (`accuracy --what endstop` and `z-offset`).",
            "No action needed if the printer has no probe.",
        )
    yield from (from_ready(found) for look in _FROM_READY if (found := look(state)) is not None)
