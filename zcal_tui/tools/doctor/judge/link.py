"""Does a printer answer, and if none does, why?"""

from pathlib import Path
from typing import NamedTuple

from zcal_tui.tools.doctor.facts import LinkFacts, MoonrakerFacts, SocketFile, Tried
from zcal_tui.tools.doctor.finding import Finding, Findings, Group, sentence

USUAL = "the usual place"
"""Where an address comes from that nobody named."""
SLOW = 0.3
"""Seconds for a question and its answer: 1 to 3 ms on klippy's own socket, tens over a good network."""
OLDEST_MOONRAKER = (0, 8)
"""The oldest version that is not called old. zcal-tui is made for v0.10; printers of some makers bring v0.7."""
START = "sudo systemctl start klipper"
RESTART = "sudo systemctl restart klipper"
LOOK = "systemctl status klipper"


def judge_link(facts: LinkFacts) -> tuple[Finding, ...]:
    """What was tried and what answered; then what follows from it."""
    found = Findings(Group.LINK)
    if facts.bad_address:
        found.problem(
            "address", facts.bad_address, "There is nothing to ask.", "Name the printer another way."
        )
    used = facts.used
    wanted = [tried for tried in facts.tried if tried.meant]
    for tried in facts.tried:
        if tried.reached:
            _answered(found, tried)
        else:
            _failed(found, tried, facts, needed=used is None or (tried.meant and not used.meant))
    if used is not None and not used.meant and (wanted or facts.bad_address):
        found.problem(
            "elsewhere",
            f"A printer is at {used.address}, where this program was not looking.",
            "It looks at one place that was named, or else at the usual ones.",
            "Name it, or write it into the settings file as `printer`.",
            f"zcal-tui --printer {used.address}",
        )
    if used is None:
        _none(found, facts)
    if used is not None and used.moonraker is not None:
        _moonraker(found, used.moonraker)
    return found.all()


def _answered(found: Findings, tried: Tried) -> None:
    name = "klippy" if tried.moonraker is None else f"Moonraker {tried.moonraker.version}".strip()
    milliseconds = "" if tried.seconds is None else f" within {max(1.0, tried.seconds * 1000):.0f} ms"
    text = f"{tried.address} ({tried.origin}): {name} answers{milliseconds}."
    if tried.seconds is not None and tried.seconds > SLOW:
        found.note(
            "slow",
            text,
            "Cancel and the lease wait that long too. A weak wireless link, or a host that is busy.",
            "Use a cable, or run zcal-tui on the printer's own host, over SSH.",
        )
    else:
        found.ok("answer", text)


def _failed(found: Findings, tried: Tried, facts: LinkFacts, *, needed: bool) -> None:
    """An address that did not answer; of no weight where another did."""
    what = f"{tried.address} ({tried.origin}): {sentence(tried.cause)}"
    if not needed:
        found.ok("no-answer", f"{what} Not needed.")
    elif _absent(tried):
        found.note("no-answer", what, "", "")
    else:
        reason = _reason(tried, facts)
        key = "login" if tried.answer == "login" else "no-answer"
        found.problem(key, what, reason.why, reason.mend, *reason.commands)


def _absent(tried: Tried) -> bool:
    """Whether there is simply nothing at one of the usual places: no fault of that place."""
    nothing = tried.answer == "refused" and (tried.file is None or tried.file.kind == "missing")
    return nothing and tried.origin == USUAL


class _Reason(NamedTuple):
    """Why an address did not answer, what to do, and what to type for it."""

    why: str
    mend: str
    commands: tuple[str, ...] = ()


_LOGIN = _Reason(
    "Moonraker lets in the machines under trusted_clients in moonraker.conf, and who shows its key. klippy's own "
    "socket asks for none.",
    "List this machine there, or show the key, which the first line prints on the printer's host.",
    ("~/moonraker/scripts/fetch-apikey.sh", "export ZCAL_API_KEY=KEY"),
)
_UNNAMED = _Reason(
    "Names that end in .local are told by the machine itself (mDNS), others by the router.",
    "Check the name, or use the printer's address, which its screen or the router shows.",
)
_SILENT = _Reason(
    "The machine is off, a firewall swallows the question, or what answers there is stuck.",
    "See whether it is on and in this network; then restart Moonraker.",
    ("sudo systemctl restart moonraker",),
)
_TERMINAL = _Reason(
    "That is klippy's pseudo-terminal, which takes G-code only; what is needed is its API socket.",
    "Name the socket that klippy was started with (-a).",
    ("ls ~/printer_data/comms",),
)
_CLOSED = _Reason(
    "It lies in a folder that this user may not look into, and klippy lets only its own user in.",
    "Run zcal-tui as the user that Klipper runs as, which this tells.",
    ("ps -eo user,args | grep [k]lippy.py",),
)
_STUCK = _Reason(
    "klippy runs and does not answer: it is reading its configuration, or hangs.",
    "Wait a minute and try again; then restart it.",
    (RESTART,),
)
_LEFT_OVER = _Reason(
    "The file is left over from a klippy that was killed.", "Start klipper again.", (RESTART,)
)


def _reason(tried: Tried, facts: LinkFacts) -> _Reason:
    if tried.answer == "login":
        return _LOGIN
    if tried.answer == "unnamed":
        return _UNNAMED
    if tried.answer == "stranger":
        why = "Something answers there, but it is no Moonraker: a web interface, a camera."
        return _Reason(why, sentence(tried.remedy))
    return _no_server(tried, facts) if tried.file is None else _no_socket(tried, tried.file, facts)


def _no_server(tried: Tried, facts: LinkFacts) -> _Reason:
    if tried.answer == "silent":
        return _SILENT
    remedy = sentence(tried.remedy or "See whether it is on, and in this network")
    if ("//localhost" in tried.address or "//127." in tried.address) and not facts.moonrakers:
        return _Reason("No Moonraker runs on this machine.", remedy, ("systemctl status moonraker",))
    return _Reason("The machine is off, in another network, or another port is meant.", remedy)


def _no_socket(tried: Tried, file: SocketFile, facts: LinkFacts) -> _Reason:
    if file.kind == "missing":
        return _Reason(
            "klippy makes this file when it starts with -a, and removes it when it ends.",
            "See whether klipper runs, and start it.",
            (LOOK, START, f"ls -l {Path(tried.address).parent}"),
        )
    if file.kind == "closed":
        return _CLOSED
    if file.kind == "terminal":
        return _TERMINAL
    if file.kind != "socket":
        return _Reason(
            f"That is a {'folder' if file.kind == 'folder' else 'file'}, not a socket.", "Name the socket."
        )
    if not file.writable:
        return _Reason(
            f"The socket belongs to {file.owner}, and klippy lets only its own user in.",
            "Run zcal-tui as that user.",
            (f"sudo -u {file.owner} -i",),
        )
    runs = any(str(klippy.socket) == tried.address for klippy in facts.processes)
    return _STUCK if runs or tried.answer == "silent" else _LEFT_OVER


def _none(found: Findings, facts: LinkFacts) -> None:
    """Nothing was reached: what runs on this machine may tell why."""
    for klippy in facts.processes:
        if klippy.socket is None:
            found.problem(
                "no-api-socket",
                "klippy runs here, without an API socket.",
                "It was started without -a, so no program can ask it anything.",
                "Add `-a /home/USER/printer_data/comms/klippy.sock` to KLIPPER_ARGS, and restart it.",
                "nano ~/printer_data/systemd/klipper.env",
                RESTART,
            )
        elif not klippy.socket_seen:
            found.problem(
                "socket-gone",
                f"klippy runs here, but its socket {klippy.socket} cannot be seen.",
                "It was started just now, or runs in a container with files of its own, or the folder is closed.",
                "Try again in a minute; then run zcal-tui where klippy runs, or go by Moonraker.",
                "zcal-tui --printer http://localhost:7125",
            )
    if not facts.processes and all(_absent(tried) for tried in facts.tried) and not facts.bad_address:
        found.problem(
            "no-printer",
            "No printer answers: no klippy and no Moonraker run on this machine.",
            "If this is the printer's host, klipper is stopped. If the printer is another machine, it has to be named.",
            "See whether klipper runs, or name the printer; --demo brings a simulated one.",
            LOOK,
            START,
            "zcal-tui --printer http://PRINTER:7125",
            "zcal-tui --demo",
        )


def _moonraker(found: Findings, moonraker: MoonrakerFacts) -> None:
    if not moonraker.klippy_connected:
        found.problem(
            "moonraker-alone",
            "Moonraker has no klippy.",
            "Klipper is not running, or Moonraker looks for its socket elsewhere (klippy_uds_address under [server] in "
            "moonraker.conf; needed only where the socket is not in printer_data/comms).",
            "See whether klipper runs.",
            LOOK,
        )
    numbers = moonraker.version.lstrip("v").split("-")[0].split(".")
    known = tuple(int(part) for part in numbers[:2] if part.isdigit())
    if len(known) == 2 and known < OLDEST_MOONRAKER:
        found.note(
            "moonraker-old",
            f"Moonraker {moonraker.version} is old.",
            "zcal-tui was made for v0.10 and newer ones; one this old may lack what it asks for.",
            "Update it (Mainsail and Fluidd: Update Manager), or go by klippy's own socket.",
        )
    if moonraker.failed or moonraker.warnings:
        failed = f" Parts that failed: {', '.join(moonraker.failed)}." if moonraker.failed else ""
        found.note(
            "moonraker-warnings",
            f"Moonraker has {moonraker.warnings} warnings.{failed}",
            "Mainsail and Fluidd show them whole.",
            "Look at them there, or in its log.",
            "tail -n 50 ~/printer_data/logs/moonraker.log",
        )
    if moonraker.missing:
        found.note(
            "moonraker-missing",
            f"Moonraker misses in printer.cfg: {', '.join(moonraker.missing)}.",
            "It cannot tell what a print does then, and neither can zcal-tui: that it is in the middle of one.",
            "Add these sections, or [include mainsail.cfg] or [include fluidd.cfg].",
        )
