"""Can this terminal show the interface?"""

from zcal_tui.tools.doctor.facts import TerminalFacts
from zcal_tui.tools.doctor.finding import Finding, Findings, Group, sentence

SMALLEST = (60, 20)
"""Columns and rows below which pages have to be scrolled (docs/keys.md)."""
USUAL = (80, 24)


def judge_terminal(facts: TerminalFacts) -> tuple[Finding, ...]:
    """What is to be said of the terminal."""
    found = Findings(Group.TERMINAL)
    if facts.problem is not None:
        tell = found.problem if facts.is_terminal else found.note  # where none is wanted, none is missed
        tell(
            "term",
            sentence(f"The interface cannot be shown: {facts.problem}"),
            "It is drawn by what TERM says that the terminal can do.",
            "Over SSH, ask for a terminal (ssh -t). In a terminal that is none of the old ones, set TERM.",
            "export TERM=xterm-256color",
        )
    else:
        _kind(found, facts)
    _characters(found, facts)
    return found.all()


def _kind(found: Findings, facts: TerminalFacts) -> None:
    where = " over SSH" if facts.ssh else ""
    inside = f" in {facts.multiplexer}" if facts.multiplexer else ""
    if not facts.is_terminal:
        found.ok(
            "term", f"TERM is {facts.term}; here is no terminal to try it on (the output is redirected)."
        )
        return
    size = f"{facts.columns} columns and {facts.rows} rows"
    if facts.columns < SMALLEST[0] or facts.rows < SMALLEST[1]:
        found.note(
            "size",
            f"The terminal has {size}.",
            f"80 by 24 shows everything, {SMALLEST[0]} by {SMALLEST[1]} still works.",
            "Make the window larger, or its letters smaller.",
        )
    else:
        found.ok("term", f"{facts.term}{where}{inside}, {size}.")
    if facts.console:
        found.note(
            "console",
            "This is the machine's own text console.",
            "Its font has no braille and few signs: plots are coarse and come in 16 colours.",
            "Everything works; over SSH from another computer it looks better.",
        )


def _characters(found: Findings, facts: TerminalFacts) -> None:
    named = facts.locale or "not set"
    if facts.encoding != "utf-8":
        found.problem(
            "encoding",
            f"Text is written as {facts.encoding} (the locale is {named}).",
            "Frames, plots and signs such as µ would come out as escapes or question marks.",
            "Set a UTF-8 locale, for now with this line, for good with `sudo dpkg-reconfigure locales`.",
            "export LC_ALL=C.UTF-8",
        )
    elif facts.wide_characters is False:
        found.problem(
            "encoding",
            "This terminal does not read UTF-8: it took one character for several.",
            "Frames and plots would come out as rubbish.",
            "In PuTTY choose Window, Translation, UTF-8; start tmux with -u; screen with -U.",
        )
    elif not facts.locale_known:
        found.note(
            "locale",
            f"The locale {named} does not exist on this machine.",
            "SSH often brings along the one of the other computer. This program writes UTF-8 all the same; others may "
            "not.",
            "Make it, or use one that every machine has.",
            "export LC_ALL=C.UTF-8",
        )
    else:
        seen = "; the terminal takes it" if facts.wide_characters else ""
        braille = "" if facts.console else " If ⠿ is not a block of six dots, its font lacks braille."
        found.ok("encoding", f"Text is UTF-8{seen}.{braille}")
