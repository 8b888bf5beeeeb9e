"""Does printer.cfg allow what the checks do?"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from zcal_tui.checks.ready.state_findings import idle, pending, probe_numbers, room_below, thermal_adjust
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.printer.config_files import ConfigBroken, ConfigUnreadable, config_files
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.saving.config_diff import Unsavable, predict
from zcal_tui.session.saving.plan import conflict_text, fork
from zcal_tui.tools.doctor.finding import DoctorFinding, from_ready, note, ok, problem
from zcal_tui.tools.doctor.klipper import KlipperFacts
from zcal_tui.tools.doctor.link import RESTART
from zcal_tui.transport.moonraker import Credentials

LONGEST = 5.0
"""Seconds to read the files."""
_FROM_READY = (room_below, probe_numbers, idle, thermal_adjust, pending)


@dataclass(frozen=True, slots=True)
class ConfigurationFacts:
    """printer.cfg and what it includes, as they are on disk now."""

    files: ConfigText | None = None
    unreadable: str = ""
    """Why zcal-tui cannot read them."""
    broken: str = ""
    """Why klippy could not read them either."""
    save_conflict: str = ""
    """Why SAVE_CONFIG would reject the probe's z_offset."""
    edited: tuple[str, ...] = ()
    """What differs from the configuration that klippy has read."""


async def gather_configuration(
    printer: Printer, address: str, credentials: Credentials
) -> ConfigurationFacts:
    """Read the files of a printer that was reached at `address`, and predict what SAVE_CONFIG would do."""
    try:
        async with asyncio.timeout(LONGEST):
            files = await config_files(printer, address, credentials).read()
    except TimeoutError:
        return ConfigurationFacts(unreadable=f"the printer did not send it within {LONGEST:.0f} s")
    except ConfigBroken as error:
        return ConfigurationFacts(broken=str(error))
    except ConfigUnreadable as error:
        return ConfigurationFacts(unreadable=str(error))
    conflict, edited = _predict(files, printer.state)
    return ConfigurationFacts(files, save_conflict=conflict, edited=edited)


def _predict(files: ConfigText, state: PrinterState) -> tuple[str, tuple[str, ...]]:
    """Why SAVE_CONFIG would reject a new z_offset of the probe, empty where it would not; and what was edited."""
    if state.klippy not in ("ready", "shutdown"):
        return "", ()
    probe = probe_config(state)
    section = probe.section if probe and probe.kind not in ("probe_eddy_current", "scanner") else ""
    staged = {section: {"z_offset": "0.001"}} if section else {}
    try:
        prediction = predict(files, staged, state.config, fork(state))
    except Unsavable as error:
        return f"{error.what} {error.cause}", ()
    conflicts = (
        f"z_offset of [{section}]: {conflict_text(conflict)}"
        for conflict in prediction.conflicts
        if (conflict.section, conflict.option) == (section, "z_offset")
    )
    return next(conflicts, ""), prediction.edited


def judge_configuration(
    state: PrinterState | None, facts: ConfigurationFacts, klipper: KlipperFacts
) -> Iterator[DoctorFinding]:
    """Report whether printer.cfg can be read and saved, and what in it hinders the checks. Where no printer was
    reached, `state` is None and only the file on this machine counts."""
    yield from _judge_files(facts, klipper)
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
    if state is not None and state.klippy in ("ready", "shutdown"):
        yield from _judge_settings(state)
    if facts.save_conflict:
        yield note(
            "save-conflict",
            f"SAVE_CONFIG would reject a new z_offset: {facts.save_conflict}",
            "zcal-tui could measure the value but not save it.",
            "Move that line from the included file to printer.cfg.",
        )
    if facts.edited:
        yield note(
            "edited",
            f"printer.cfg on disk differs from the configuration in use: {'; '.join(facts.edited[:3])}",
            "Klipper reads the files when it restarts, also at the end of SAVE_CONFIG.",
            "To use the edited files now, restart Klipper (RESTART in the console of Mainsail or Fluidd).",
        )


def _judge_files(facts: ConfigurationFacts, klipper: KlipperFacts) -> Iterator[DoctorFinding]:
    broken = facts.broken or (klipper.config.problem if klipper.config is not None else "")
    unreadable = facts.unreadable or klipper.config_unreadable
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
    elif facts.files is not None:
        included = len(facts.files.texts) - 1
        yield ok("printer-cfg", f"{facts.files.main} can be read. Included files: {included}.")
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
