"""Is this program whole?"""

import re

from zcal_tui.tools.doctor.facts import Library, ProgramFacts
from zcal_tui.tools.doctor.finding import Finding, Findings, Group, sentence

SLOW_IMPORT = 6.0
"""Seconds for all libraries together above which a start is felt as hanging."""
SLOW_ARITHMETIC = 1.0
"""Seconds for 20 products of 200 by 200 matrices: 0.02 to 0.2 on a Pi 4, seconds with the plainest build."""

_CONDITION = re.compile(r"(>=|<=|==|!=|~=|>|<)\s*([0-9][0-9.]*)")


def judge_program(facts: ProgramFacts) -> tuple[Finding, ...]:
    """What is to be said of this installation."""
    found = Findings(Group.PROGRAM)
    revision = f" ({facts.revision})" if facts.revision else ""
    found.ok("version", f"zcal-tui {facts.version}{revision} on Python {facts.python}.")
    pip = f"{facts.folder}/python -m pip install"
    if facts.installed_as is not None and facts.installed_as != facts.version:
        found.note(
            "version-mixed",
            f"It was installed as {facts.installed_as}, and its files are {facts.version}.",
            "The files were updated without installing again, so a new library may be missing.",
            "Install it again, in its folder.",
            f"{pip} --editable .",
        )
    if facts.other is not None:
        found.note(
            "other-copy",
            f"`zcal-tui` by itself starts another copy: {facts.other}.",
            "What you look at here is not what you start there.",
            "Start the one you mean by its path, or take the other away.",
        )
    if facts.sudo:
        found.note(
            "sudo",
            "It runs by sudo.",
            "What root writes into the data folder, your own user cannot change afterwards.",
            "Run it as the user that Klipper runs as, without sudo.",
        )
    _libraries(found, facts, pip)
    _speed(found, facts)
    return found.all()


def _libraries(found: Findings, facts: ProgramFacts, pip: str) -> None:
    broken = [library for library in facts.libraries if library.error or library.found is None]
    old = [one for one in facts.libraries if one.found is not None and not satisfies(one.found, one.wanted)]
    for library in broken:
        if library.name == "numpy" and "openblas" in library.error:
            found.problem(
                "library-numpy",
                f"numpy cannot be imported: {sentence(library.error)}",
                "Every check computes with it. This build of numpy needs a system library that is not there.",
                "Install that library.",
                "sudo apt install libopenblas0",
            )
        else:
            why = library.error or "it is not installed"
            found.problem(
                f"library-{library.name}",
                f"{library.name} cannot be used: {sentence(why)}",
                "This program needs it.",
                "Install it.",
                f"{pip} {_quoted(library)}",
            )
    for library in old:
        if library not in broken:
            found.problem(
                f"library-{library.name}",
                f"{library.name} is {library.found}, and {library.wanted} is needed.",
                "Another version does not do what this program expects of it.",
                "Install a version that fits.",
                f"{pip} {_quoted(library)}",
            )
    if facts.crashed:
        found.problem(
            "libraries-crash",
            f"Trying the libraries: {facts.crashed}.",
            "A library that was built for another processor ends a program with SIGILL; a damaged SD card or full "
            "memory does such things too.",
            "Install it again without pip's store of earlier builds.",
            f"{pip} --force-reinstall --no-cache-dir numpy",
        )
    if not broken and not old and not facts.crashed:
        named = ", ".join(f"{library.name} {library.found}" for library in facts.libraries)
        found.ok("libraries", f"Its libraries can be used: {named}.")


def _speed(found: Findings, facts: ProgramFacts) -> None:
    seconds = sum(library.seconds or 0.0 for library in facts.libraries)
    if seconds > SLOW_IMPORT:
        found.note(
            "slow-import",
            f"Loading the libraries took {seconds:.0f} s.",
            "The interface shows nothing and a check measures nothing for that long. A slow SD card, or a machine that "
            "is busy with something else.",
            "Look at what else runs on it.",
            "top",
        )
    if facts.arithmetic is not None and facts.arithmetic > SLOW_ARITHMETIC:
        found.note(
            "slow-numpy",
            f"numpy is slow here: {facts.arithmetic:.1f} s for what takes 0.1 s on a Raspberry Pi 4.",
            "Evaluating a run of temperature or accuracy --sweep takes so much longer, after everything was measured.",
            "Look at what else runs; a numpy that was built without OpenBLAS is slow as well.",
            f"{facts.folder}/python -c 'import numpy; numpy.show_config()'",
        )


def _quoted(library: Library) -> str:
    return f"'{library.name}{library.wanted}'" if library.wanted else library.name


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version meets conditions such as `>=8.2,<9`; those it cannot read count as met."""
    have = _numbers(version)
    for sign, text in _CONDITION.findall(wanted):
        want = _numbers(text)
        width = max(len(have), len(want))
        one, other = have + (0,) * (width - len(have)), want + (0,) * (width - len(want))
        met = {
            ">=": one >= other,
            "<=": one <= other,
            ">": one > other,
            "<": one < other,
            "==": one == other,
            "!=": one != other,
            "~=": one >= other and have[: len(want) - 1] == want[:-1],
        }
        if not met[sign]:
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
