"""Can settings be read and runs be kept?"""

from zcal_tui.tools.doctor.facts import StorageFacts
from zcal_tui.tools.doctor.finding import Finding, Findings, Group, sentence

MEGABYTE = 1_000_000
FULL, LOW = 20 * MEGABYTE, 300 * MEGABYTE
"""Bytes free: below the first a run may not be kept to its end, below the second klippy's log fills the rest soon."""
SLOW_SYNC = 0.5
"""Seconds to bring a few bytes to the disk; it is done for every touch."""
DAY = 86400.0


def judge_storage(facts: StorageFacts) -> tuple[Finding, ...]:
    """What is to be said of settings, data, disk and clock."""
    found = Findings(Group.STORAGE)
    _settings(found, facts)
    _folder(found, facts)
    _runs(found, facts)
    _clock(found, facts)
    return found.all()


def _settings(found: Findings, facts: StorageFacts) -> None:
    if facts.settings_problem:
        found.problem(
            "settings",
            f"The settings cannot be used: {sentence(facts.settings_problem)}",
            "With them, no command but this one starts.",
            "Mend the file, or move it away.",
        )
    elif facts.settings_there:
        found.ok("settings", f"The settings in {facts.settings_file} can be read.")
    else:
        found.ok("settings", f"There is no settings file ({facts.settings_file}); none is needed.")
    if facts.login_readable:
        found.note(
            "settings-open",
            "Others on this machine can read the login in the settings file.",
            "Whoever has Moonraker's key can do everything with the printer.",
            "Keep it to yourself.",
            f"chmod 600 {facts.settings_file}",
        )
    for name, near in facts.unknown_environment:
        found.note(
            "environment",
            f"The environment variable {name} is none of this program's.",
            "It does nothing.",
            f"Did you mean {near}?" if near else "docs and README.md name those that there are.",
        )


def _folder(found: Findings, facts: StorageFacts) -> None:
    if facts.write_problem:
        read_only = "Read-only" in facts.write_problem
        commands = (f"sudo chown -R $USER: {facts.folder}",) if facts.foreign_owner else ()
        found.problem(
            "data",
            f"No run can be kept: {sentence(facts.write_problem)}",
            "A card that goes read-only is about to fail."
            if read_only
            else "The folder belongs to another user, as after a start with sudo."
            if facts.foreign_owner
            else "Everything measured is written down before it is shown.",
            "Name another folder with --data, or mend this one.",
            *commands,
        )
    elif facts.folder_there:
        found.ok("data", f"Runs are kept in {facts.folder}.")
    else:
        found.ok("data", f"Runs will be kept in {facts.folder}, which the first one makes.")
    if facts.free is not None and facts.free < LOW:
        text = f"The disk has {facts.free / MEGABYTE:.0f} MB left."
        mend = "See what fills it; old logs of Klipper and G-code files are the usual ones."
        command = "du -h -d 2 ~/printer_data | sort -h | tail"
        if facts.free < FULL:
            found.problem("disk", text, "Runs cannot be kept, and SAVE_CONFIG cannot write.", mend, command)
        else:
            found.note("disk", text, "When it is full no run is kept, and SAVE_CONFIG fails.", mend, command)
    if facts.sync_seconds is not None and facts.sync_seconds > SLOW_SYNC:
        found.note(
            "disk-slow",
            f"Writing a few bytes to the disk took {facts.sync_seconds:.1f} s.",
            "Every touch is written down before it is shown. A worn card, or a disk that is busy now, is that slow.",
            "Use another card, or name a folder on another disk with --data.",
        )


def _runs(found: Findings, facts: StorageFacts) -> None:
    if facts.broken_runs:
        found.note(
            "runs-broken",
            f"{len(facts.broken_runs)} of the newest runs cannot be read: {', '.join(facts.broken_runs[:3])}.",
            "A power cut or a damaged card does that. history and report pass them over.",
            "See what each says, and move the file away if it is of no use.",
            "zcal-tui history",
        )
    if facts.interrupted:
        found.note(
            "runs-interrupted",
            f"{facts.interrupted} runs were cut off." if facts.interrupted > 1 else "A run was cut off.",
            "What was measured is kept, and some checks can go on from there.",
            "Go on with it, or close it.",
            "zcal-tui resume",
        )
    if facts.own_errors:
        found.note(
            "own-log",
            f"This program has logged {facts.own_errors} errors within a week, the last: {facts.last_own_error}",
            "It may be a fault of zcal-tui.",
            "If something goes wrong, send the log along with your report.",
            f"less {facts.folder / 'zcal-tui.log'}",
        )


def _clock(found: Findings, facts: StorageFacts) -> None:
    if facts.now < facts.built - DAY:
        text = "This machine's clock is behind: it stands before the day on which this program was installed."
    elif facts.newest_run is not None and facts.newest_run > facts.now + 3600:
        days = (facts.newest_run - facts.now) / DAY
        text = f"The newest run is dated {days:.1f} days ahead of now: the clock was, or is, wrong."
    else:
        if facts.synchronised is False:
            found.note(
                "clock",
                "No time server keeps this machine's clock.",
                "A Raspberry Pi has no clock of its own: after a power cut it goes on from where it stopped, and runs "
                "are then dated wrongly.",
                "Switch it on.",
                "sudo timedatectl set-ntp true",
            )
        else:
            found.ok("clock", "The clock is plausible.")
        return
    found.note(
        "clock",
        text,
        "History and staleness go by the dates of runs. Measuring itself goes by the printer's clock.",
        "Let a time server set it.",
        "sudo timedatectl set-ntp true",
    )
