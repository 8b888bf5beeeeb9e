"""Does printer.cfg allow what the checks do?"""

from collections.abc import Iterator

from zcal_tui.checks.ready.state_findings import idle, pending, probe_numbers, room_below, thermal_adjust
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.state import PrinterState
from zcal_tui.tools.doctor.finding import DoctorFinding, from_ready, note, ok, problem
from zcal_tui.tools.doctor.klipper import KlipperFacts
from zcal_tui.tools.doctor.link import RESTART
from zcal_tui.tools.doctor.printer import PrinterFacts
from zcal_tui.tools.doctor.start_check import start_problems
from zcal_tui.tools.klipper_folder import ConfigFile, KlipperFolder

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
        what = "printer.cfg has [z_calibration], but this Klipper has no such module."
        why = "Klipper does not start with a section that has no module."
        fix = "Link zcal-tui's module, or install the plugin that you used before."
        install = f"zcal-tui install --klipper {folder.root}"
        yield problem("z-calibration-missing", what, why, fix, install, RESTART)
    if printer.state.klippy in ("ready", "shutdown"):
        yield from _judge_settings(printer.state)
    elif not printer.reached and config is not None and not config.problem:
        yield from _judge_start(config, folder)
    if printer.save_conflict:
        what = f"SAVE_CONFIG would reject a new z_offset: {printer.save_conflict}"
        why = "zcal-tui could measure the value but not save it."
        yield note("save-conflict", what, why, "Move that line from the included file to printer.cfg.")
    if printer.unsavable is not None:
        yield note("unsavable", *printer.unsavable)
    if printer.edited:
        what = f"printer.cfg on disk differs from the configuration in use: {'; '.join(printer.edited[:3])}"
        why = "Klipper reads the files when it restarts, also at the end of SAVE_CONFIG."
        fix = "To use the edited files now, restart Klipper (RESTART in the console of Mainsail or Fluidd)."
        yield note("edited", what, why, fix)


def _judge_files(printer: PrinterFacts, klipper: KlipperFacts) -> Iterator[DoctorFinding]:
    broken = printer.broken or (klipper.config.problem if klipper.config is not None else "")
    unreadable = printer.unreadable or klipper.config_unreadable
    if broken and not printer.reached:
        what = f"Klipper would not start: it cannot read printer.cfg: {broken}"
        why = "No Klipper runs now, so only the file was read."
        yield problem("printer-cfg", what, why, "Correct the file, then start Klipper.", RESTART)
    elif broken:
        what = f"Klipper cannot read printer.cfg as it is now: {broken}"
        why = "It would not start again, so zcal-tui saves nothing."
        yield note("printer-cfg", what, why, "Correct the file before you restart Klipper.")
    elif unreadable:
        what = f"zcal-tui cannot read printer.cfg: {unreadable}"
        why = "It could not show what SAVE_CONFIG changes, so it saves nothing."
        fix = "Run zcal-tui on the printer's host, as the user that runs Klipper."
        yield note("printer-cfg", what, why, fix)
    elif printer.files is not None:
        included = len(printer.files.texts) - 1
        yield ok("printer-cfg", f"{printer.files.main} can be read. Included files: {included}.")
    elif klipper.config is not None:
        yield ok("printer-cfg", f"{klipper.config.path} can be read.")


def _judge_start(config: ConfigFile, folder: KlipperFolder | None) -> Iterator[DoctorFinding]:
    """Report why Klipper would not start with the file on this machine, where none runs."""
    for reason in start_problems(config, folder):
        what = f"Klipper would not start with {config.path}: {reason}"
        why = "No Klipper runs now, so only the file was read."
        yield problem("start", what, why, "Correct the file, then start Klipper.", RESTART)


def _judge_settings(state: PrinterState) -> Iterator[DoctorFinding]:
    """Report what the check `ready` finds in the configuration of a printer that runs."""
    if probe_config(state) is None:
        what = "No probe is configured."
        why = "Only the Z endstop can be measured (`accuracy --what endstop` and `z-offset`)."
        yield note("probe", what, why, "No action needed if the printer has no probe.")
    yield from (from_ready(found) for look in _FROM_READY if (found := look(state)) is not None)
