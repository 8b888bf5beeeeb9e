"""Does a printer answer, and if none does, why? Every address is asked once, none for long."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.values import mapping, text
from zcal_tui.tools.doctor.finding import DoctorFinding, note, ok, problem
from zcal_tui.tools.klippy_processes import KlippyProcess
from zcal_tui.tools.system import SocketFile, attempt, exists, socket_file
from zcal_tui.tools.version_conditions import version_numbers
from zcal_tui.transport import failures
from zcal_tui.transport.address import Address, SocketAddress
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.opening import open_transport
from zcal_tui.transport.reconnect import LinkedTransport

LONGEST = 4.0
"""Seconds for an address to answer."""
NAME_LONGEST = 3.0
"""Seconds to look up a host name."""
DEFAULT = "default address"
"""The origin of an address that was not named by anyone."""
SLOW = 0.3
"""Seconds for a question and its answer: 1 to 3 ms on klippy's own socket, tens over a good network."""
OLDEST_MOONRAKER = (0, 8)
"""The oldest version that is not called old. zcal-tui is made for v0.10; printers of some makers bring v0.7."""
START = "sudo systemctl start klipper"
RESTART = "sudo systemctl restart klipper"
STATUS = "systemctl status klipper"

AddressAnswer = Literal["klippy", "moonraker", "login", "stranger", "unnamed", "refused", "silent"]
"""The result of asking (docs/json.md). login: one is required; stranger: a server that is no printer; unnamed: an
unknown host name; silent: no answer in time."""


@dataclass(frozen=True, slots=True)
class AskedAddress:
    """An address that was asked, and its answer."""

    address: str
    origin: str
    answer: AddressAnswer
    cause: str = ""
    remedy: str = ""
    why: str = ""
    seconds: float | None = None
    """The time of one question and its answer."""
    file: SocketFile | None = None
    moonraker: Mapping[str, Any] | None = None
    """Moonraker's `server.info`; None where klippy itself answered."""
    configured: bool = True
    """Whether zcal-tui itself connects there, as it was called now."""

    @property
    def reached(self) -> bool:
        """Whether klippy or Moonraker answered."""
        return self.answer in ("klippy", "moonraker")

    @property
    def server(self) -> str:
        """The name and version of what answered."""
        if self.moonraker is None:
            return "klippy"
        return f"Moonraker {text(self.moonraker.get('moonraker_version')) or '(no version)'}"


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Which addresses were asked, and what runs on this machine."""

    tried: tuple[AskedAddress, ...]
    bad_address: str = ""
    """Why the given address is invalid."""
    processes: tuple[KlippyProcess, ...] = ()
    moonrakers: int = 0
    """How many Moonrakers run here."""

    @property
    def used(self) -> AskedAddress | None:
        """The printer that is examined: the one that zcal-tui would use, else the first that answered."""
        reached = [tried for tried in self.tried if tried.reached]
        return next((tried for tried in reached if tried.configured), reached[0] if reached else None)


def local_sockets(home: Path, processes: Sequence[KlippyProcess]) -> dict[Address, str]:
    """The sockets of klippy and Moonraker on this machine, each with its origin."""
    found = [(process.socket, "socket of a running klippy") for process in processes if process.socket]
    in_home = attempt(lambda: sorted(home.glob("printer*_data/comms/*.sock"))) or []
    found += [(path, "home folder") for path in in_home if path.stem in ("klippy", "moonraker")]
    found.append((Path("/tmp/klippy_uds"), "default of old installations"))
    origins: dict[Address, str] = {}
    for path, origin in found:
        if exists(path):
            origins.setdefault(SocketAddress(path), origin)
    return origins


async def gather_link(
    addresses: Mapping[Address, str], credentials: Credentials, *, configured: bool = True
) -> list[tuple[AskedAddress, LinkedTransport | None]]:
    """Ask all addresses at once; each comes with its origin. The transports of those that answered are open, and the
    caller's to close."""
    asked = (
        _ask(address, AskedAddress(str(address), origin, "refused", configured=configured), credentials)
        for address, origin in addresses.items()
    )
    return await asyncio.gather(*asked)


async def _ask(
    address: Address, tried: AskedAddress, credentials: Credentials
) -> tuple[AskedAddress, LinkedTransport | None]:
    if isinstance(address, SocketAddress):
        tried = replace(tried, file=socket_file(address.path))
    elif not await _name_is_known(urlsplit(address.url).hostname or ""):
        return replace(tried, answer="unnamed", cause="unknown host name"), None
    transport = open_transport(address, credentials)
    try:
        async with asyncio.timeout(LONGEST):
            await transport.connect()
            return await _identify(transport, tried), transport
    except TimeoutError:
        tried = replace(tried, answer="silent", cause=f"no answer within {LONGEST:.0f} s")
    except failures.Unauthorized as error:
        cause = "the login was rejected" if error.rejected else "a login is required"
        tried = replace(tried, answer="login", cause=cause)
    except failures.HandshakeRefused as error:
        tried = replace(tried, answer="stranger", cause=error.cause, remedy=error.remedy, why=error.why)
    except failures.Unreachable as error:
        tried = replace(tried, cause=error.cause, remedy=error.remedy)
    except failures.TransportError as error:
        tried = replace(tried, cause=str(error).rstrip("."))
    await transport.close()
    return tried, None


async def _name_is_known(host: str) -> bool:
    """Whether a host name can be looked up in time. In a daemon thread: a name server that does not answer would
    hold up the end of the program."""
    known: Future[bool] = Future()
    known.set_running_or_notify_cancel()  # from now on a late result is ignored

    def look_up() -> None:
        known.set_result(attempt(lambda: socket.getaddrinfo(host, None), UnicodeError) is not None)

    threading.Thread(target=look_up, name="zcal doctor name", daemon=True).start()
    try:
        return await asyncio.wait_for(asyncio.wrap_future(known), NAME_LONGEST)
    except TimeoutError:
        return False


async def _identify(transport: LinkedTransport, tried: AskedAddress) -> AskedAddress:
    """Find out who answers, and how fast. Raises TransportError."""
    moonraker = None
    with contextlib.suppress(failures.UnknownMethod):
        moonraker = mapping(await transport.call("server.info"))
    began = time.monotonic()
    with contextlib.suppress(failures.NotReady):  # Moonraker without a klippy has answered just as well
        await transport.call("info")
    seconds = time.monotonic() - began
    answer: AddressAnswer = "klippy" if moonraker is None else "moonraker"
    return replace(tried, answer=answer, seconds=seconds, moonraker=moonraker)


def judge_link(facts: LinkFacts) -> Iterator[DoctorFinding]:
    """Report what was asked and what answered; then what follows from it."""
    used = facts.used
    if facts.bad_address:
        yield problem("address", facts.bad_address, "zcal-tui cannot connect to it.", "Correct the address.")
    for tried in facts.tried:
        if tried.reached:
            yield _judge_answer(tried)
        else:
            needed = used is None or (tried.configured and not used.configured)
            yield _judge_failure(tried, facts, needed=needed)
    if used is None:
        yield from _judge_silence(facts)
    elif not used.configured:
        what = f"A printer answers at {used.address}, but zcal-tui does not connect there by itself."
        why = "zcal-tui connects to the printer that is named, or else to the default addresses."
        fix = "Name this printer, or write its address into the settings file as `printer`."
        yield problem("elsewhere", what, why, fix, f"zcal-tui --printer {used.address}")
    if used is not None and used.moonraker is not None:
        yield from _judge_moonraker(used.moonraker)


def _judge_answer(tried: AskedAddress) -> DoctorFinding:
    seconds = max(0.001, tried.seconds or 0.0)
    what = f"{tried.address} ({tried.origin}): {tried.server} answers within {seconds * 1000:.0f} ms."
    if seconds <= SLOW:
        return ok("answer", what)
    why = "Cancel and the lease are delayed by the same time. Weak Wi-Fi or a busy host causes this."
    fix = "Use a network cable, or run zcal-tui on the printer's own host, over SSH."
    return note("slow", what, why, fix)


def _judge_failure(tried: AskedAddress, facts: LinkFacts, *, needed: bool) -> DoctorFinding:
    """Report an address that did not answer: no problem where another one did."""
    what = f"{tried.address} ({tried.origin}): {tried.cause}"
    if not needed:
        return ok("no-answer", what, "It is not needed.")
    if _nothing_there(tried):
        return note("no-answer", what, "", "")
    return problem("login" if tried.answer == "login" else "no-answer", what, *_reason(tried, facts))


def _nothing_there(tried: AskedAddress) -> bool:
    """Whether there is simply nothing at a default address: no fault of that address."""
    nothing = tried.answer == "refused" and (tried.file is None or tried.file.kind == "missing")
    return nothing and tried.origin == DEFAULT


Reason = tuple[str, str, *tuple[str, ...]]
"""Why an address did not answer, how to fix it, and what to type for that."""

_SOCKET_REASONS: Mapping[str, Reason] = {
    "closed": (
        "This user cannot access the folder of the socket, and klippy admits only its own user.",
        "Run zcal-tui as the user that runs Klipper. This command shows who that is.",
        "ps -eo user,args | grep [k]lippy.py",
    ),
    "terminal": (
        "This is a terminal, such as klippy's pseudo-terminal for G-code. zcal-tui needs the API socket.",
        "Name the socket that klippy was started with (-a).",
        "ls ~/printer_data/comms",
    ),
    "folder": ("This is a folder, not a socket.", "Name the socket."),
    "other": ("This is a file, not a socket.", "Name the socket."),
}


def _reason(tried: AskedAddress, facts: LinkFacts) -> Reason:
    if tried.answer == "login" and "rejected" in tried.cause:
        return (
            "The key is another Moonraker's, or a token has expired. zcal-tui sends what is set.",
            "Set this Moonraker's key. The first command prints it on the printer's host.",
            "~/moonraker/scripts/fetch-apikey.sh",
            "export ZCAL_API_KEY=KEY",
        )
    if tried.answer == "login":
        return (
            "Moonraker admits trusted_clients (moonraker.conf) and API keys. klippy's socket needs no login.",
            "Add this machine there, or set the key. The first command prints the key on the printer's host.",
            "~/moonraker/scripts/fetch-apikey.sh",
            "export ZCAL_API_KEY=KEY",
        )
    if tried.answer == "unnamed":
        return (
            "Names that end in .local come from the machine itself (mDNS), others from the router.",
            "Check the name, or use the IP address, which the printer's screen or the router shows.",
        )
    if tried.answer == "stranger":
        why = tried.why or "The server there is not Moonraker, but for example a web interface or a camera."
        return why, tried.remedy or "Check the address and the port."
    if tried.file is not None:
        return _socket_reason(tried, tried.file, facts)
    if tried.answer == "silent":
        return (
            "The machine is off, a firewall drops the request, or the server hangs.",
            "Check that the machine is on and in this network. Then restart Moonraker.",
            "sudo systemctl restart moonraker",
        )
    remedy = tried.remedy or "Check that the machine is on and in this network."
    if ("//localhost" in tried.address or "//127." in tried.address) and not facts.moonrakers:
        return "No Moonraker was found on this machine.", remedy, "systemctl status moonraker"
    return "The machine is off or in another network, or Moonraker has another port.", remedy


def _socket_reason(tried: AskedAddress, file: SocketFile, facts: LinkFacts) -> Reason:
    if file.kind in _SOCKET_REASONS:
        return _SOCKET_REASONS[file.kind]
    if file.kind == "missing":
        return (
            "klippy creates this file when it is started with -a, and removes it when it ends.",
            "Check whether Klipper is running, and start it.",
            STATUS,
            START,
            f"ls -l {Path(tried.address).parent}",
        )
    if not file.writable:
        return (
            f"The socket belongs to {file.owner}, and klippy admits only its own user.",
            "Run zcal-tui as that user.",
            f"sudo -u {file.owner} -i",
        )
    if tried.answer == "silent" or any(str(process.socket) == tried.address for process in facts.processes):
        return (
            "klippy is running but does not answer. It is reading its configuration, or it hangs.",
            "Wait a minute and try again. If it still does not answer, restart it.",
            RESTART,
        )
    return "The socket file was left over when klippy was killed.", "Restart Klipper.", RESTART


def _judge_silence(facts: LinkFacts) -> Iterator[DoctorFinding]:
    """Report why nothing was reached, by what runs on this machine."""
    for process in facts.processes:
        if process.socket is None:
            what = "klippy is running here without an API socket."
            why = "It was started without -a, so no program can connect to it."
            fix = "Add `-a /home/USER/printer_data/comms/klippy.sock` to KLIPPER_ARGS, then restart Klipper."
            yield problem("no-api-socket", what, why, fix, "nano ~/printer_data/systemd/klipper.env", RESTART)
        elif not process.socket_seen:
            what = f"klippy is running here, but its socket {process.socket} is not visible."
            why = "klippy has just started, or runs in a container, or the folder is closed to this user."
            fix = "Try again in a minute. Otherwise run zcal-tui where klippy runs, or connect through Moonraker."
            yield problem("socket-gone", what, why, fix, "zcal-tui --printer http://localhost:7125")
    if not facts.processes and all(map(_nothing_there, facts.tried)) and not facts.bad_address:
        what = "No printer answers. Neither klippy nor Moonraker was found on this machine."
        why = "Klipper is stopped, or the printer is another machine."
        fix = "Start Klipper, or name the printer. --demo starts a simulated one."
        connect = ("zcal-tui --printer http://PRINTER:7125", "zcal-tui --demo")
        yield problem("no-printer", what, why, fix, STATUS, START, *connect)


def _listed(info: Mapping[str, Any], key: str) -> list[str]:
    """A list of names in `server.info`; what is none is empty."""
    value = info.get(key)
    return list(map(str, value)) if isinstance(value, list) else []


def _judge_moonraker(info: Mapping[str, Any]) -> Iterator[DoctorFinding]:
    """Report what Moonraker's `server.info` says is wrong."""
    if info.get("klippy_connected") is not True:
        what = "Moonraker is not connected to klippy."
        why = "Klipper is not running, or its socket is not the klippy_uds_address in moonraker.conf."
        yield problem("moonraker-alone", what, why, "Check whether Klipper is running.", STATUS)
    version = text(info.get("moonraker_version")) or ""
    if () < version_numbers(version.lstrip("v")) < OLDEST_MOONRAKER:
        what = f"Moonraker {version} is old."
        why = "zcal-tui is made for v0.10 and later. Older versions may lack functions that it needs."
        fix = "Update Moonraker (Mainsail and Fluidd: Update Manager), or connect to klippy's own socket."
        yield note("moonraker-old", what, why, fix)
    failed, warnings = _listed(info, "failed_components"), _listed(info, "warnings")
    if failed or warnings:
        names = ", ".join(failed) or "none"
        what = f"Moonraker's warnings: {len(warnings)}. Components that failed: {names}."
        why = "Mainsail and Fluidd show their text."
        fix = "Read them there, or in Moonraker's log."
        yield note("moonraker-warnings", what, why, fix, "tail -n 50 ~/printer_data/logs/moonraker.log")
    if missing := _listed(info, "missing_klippy_requirements"):
        what = f"printer.cfg lacks sections that Moonraker needs: {', '.join(missing)}."
        why = "Without them, Moonraker and zcal-tui cannot see that a print is running."
        fix = "Add these sections, or [include mainsail.cfg] or [include fluidd.cfg]."
        yield note("moonraker-missing", what, why, fix)
