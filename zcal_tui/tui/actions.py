"""Every action of the interface: its name, its default keys, what it does.

The bindings, the command palette, the keymap (`[keymap]` in config.toml), the help page, every text that names a key,
and docs/keys.md (`python -m zcal_tui.tui.key_docs docs/keys.md`) are made from this table.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from textual.app import App
from textual.binding import Binding, BindingType
from textual.keys import format_key

from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key, a button or the palette does."""

    name: str
    """Unique in its group; with the group's name before it (`plan.next`) it is the name in the keymap."""
    run: str
    """Textual's action string."""
    keys: str
    """The default keys, several with commas; empty where only the palette has it."""
    label: str
    """A word or three, for the footer and the palette."""
    description: str
    """One line, for the help page, the palette and docs/keys.md."""
    footer: bool = True
    """Whether the footer shows it."""
    shown_as: str = ""
    """How the footer shows the default keys, where they are several."""
    together: str = ""
    """The description for the help page where its entry covers the other actions of the same label too."""
    priority: bool = False
    """Whether it works in an input line too."""
    palette: bool = False
    """Whether the command palette lists it."""


@dataclass(frozen=True, slots=True)
class ActionGroup:
    """The actions of a screen, a box or a widget, in the footer's order."""

    name: str
    title: str
    actions: tuple[Action, ...]
    note: str = ""


def _numbered(
    name: str, run: str, count: int, label: str, description: str, together: str, *, footer: bool = False
) -> list[Action]:
    """Actions on the keys 1 to `count`: `#` is replaced by the number, `@` in `run` by the index from 0."""
    found = []
    for n in range(1, count + 1):
        action = Action(
            name.replace("#", str(n)),
            run.replace("#", str(n)).replace("@", str(n - 1)),
            str(n),
            label,
            description.replace("#", str(n)),
            footer=False,
        )
        first = replace(action, footer=footer, shown_as=f"1-{count}", together=together)
        found.append(first if n == 1 else action)
    return found


STOP = "app.stop"
STOP_KEYS = "f12,ctrl+backslash"
"""Stay in force whatever the keymap says: somebody else may be beside the printer."""

CLOSED_IN_KIOSK = frozenset(
    (
        "app.suspend",
        "app.console",
        "app.report",
        "app.screenshot",
        "plan.report",
        "history.report",
        "connection.address",
        "connection.search",
        *(f"connection.found{n}" for n in (1, 2, 3)),
        "connection.demo",
        "connection.doctor",
    )
)
"""Actions that lead out of the program, start another one or write a file that a person names: not with --kiosk."""

GROUPS = (
    ActionGroup(
        "app",
        "Everywhere",
        (
            Action(
                "stop",
                "stop",
                STOP_KEYS,
                "STOP",
                "Stop the printer at once, without a question",
                footer=False,
                priority=True,
                palette=True,
            ),
            Action(
                "restart",
                "firmware_restart",
                "f8",
                "Firmware restart",
                "Restart klippy after a shutdown or an error",
                footer=False,
                palette=True,
            ),
            Action(
                "why",
                "why",
                "w",
                "What is wrong",
                "Explain a problem with the connection, with klippy or with another program",
                palette=True,
            ),
            Action(
                "console",
                "console",
                "c",
                "Console",
                "Show the printer's console and send G-code",
                palette=True,
            ),
            Action(
                "explain",
                "explain",
                "e",
                "Last error",
                "Explain the printer's last error",
                palette=True,
            ),
            Action(
                "help",
                "help",
                "f1,question_mark",
                "Help",
                "Describe the current screen and list its keys",
                shown_as="?",
                palette=True,
            ),
            Action("quit", "leave", "q", "Quit", "Quit; a running check is cancelled first", palette=True),
            Action(
                "palette",
                "command_palette",
                "ctrl+p",
                "Commands",
                "Open the command palette",
                priority=True,
            ),
            Action(
                "quit_at_once",
                "leave",
                "ctrl+q,ctrl+c",
                "Quit",
                "Quit, from an input line too",
                footer=False,
                priority=True,
            ),
            Action(
                "suspend",
                "suspend_process",
                "ctrl+z",
                "Suspend",
                "Suspend the program; not while a check runs",
                footer=False,
            ),
            Action(
                "pageup",
                "app.scroll_page(-1)",
                "pageup",
                "Scroll",
                "Scroll a page up",
                footer=False,
                shown_as="PgUp/Dn",
                together="Scroll a page where not all fits",
            ),
            Action(
                "pagedown", "app.scroll_page(1)", "pagedown", "Scroll", "Scroll a page down", footer=False
            ),
            Action("plan", "plan", "", "Plan", "Show all checks", palette=True),
            Action("history", "history", "", "History", "Show every run and its trend", palette=True),
            Action("report", "report", "", "Report", "Write a report about this printer", palette=True),
            Action(
                "changed",
                "changed",
                "",
                "Hardware changed",
                "Record a hardware change that Klipper cannot detect",
                palette=True,
            ),
            Action(
                "cancel_run",
                "cancel_run",
                "",
                "Cancel the check",
                "Cancel the running check after this move",
                palette=True,
            ),
            Action("theme", "change_theme", "", "Theme", "Choose other colours", palette=True),
            Action(
                "screenshot", "screenshot", "", "Save a screenshot", "Save the screen as SVG", palette=True
            ),
        ),
    ),
    ActionGroup(
        "plan",
        "Plan",
        (
            Action("start", "start", "enter", "Start", "Start the selected check, or watch it run"),
            Action("next", "next", "n", "Next", "Start the next check that is not done"),
            Action(
                "all",
                "all",
                "a",
                "Full calibration",
                "Select the full calibration; again: start it",
                footer=False,
            ),
            Action("settings", "settings", "s", "Settings", "Change the settings of the selected check"),
            Action("report", "app.report", "r", "Report", "Write a report about this printer"),
            Action("history", "app.history", "h", "History", "Show every run and its trend"),
            Action(
                "result",
                "result",
                "l",
                "Last result",
                "Show the last result of the selected check",
                footer=False,
            ),
            Action(
                "changed",
                "app.changed",
                "m",
                "Hardware changed",
                "Record a hardware change that Klipper cannot detect",
                footer=False,
            ),
            Action(
                "operator",
                "app.operator",
                "o",
                "Operator",
                "Choose who does the paper tests",
                footer=False,
            ),
            Action(
                "pageup",
                "page(-1)",
                "pageup",
                "Scroll",
                "Scroll the description up",
                footer=False,
                shown_as="PgUp/Dn",
                together="Scroll the description",
            ),
            Action("pagedown", "page(1)", "pagedown", "Scroll", "Scroll the description down", footer=False),
        ),
    ),
    ActionGroup(
        "list",
        "Plan: the list",
        (
            Action(
                "up",
                "move(-1)",
                "up,k",
                "Select",
                "Select the check above",
                shown_as="↑↓",
                together="Select a check",
            ),
            Action("down", "move(1)", "down,j", "Select", "Select the check below", footer=False),
        ),
    ),
    ActionGroup(
        "run",
        "Running check",
        (
            Action(
                "cancel", "cancel", "escape", "Cancel after this move", "Cancel the check after this move"
            ),
            Action("plan", "plan", "p", "Plan", "Show the plan; the check continues"),
            Action("table", "table", "t", "Table or plot", "Switch between samples and plot"),
            Action("picture", "plot", "v", "Next plot", "Show the next plot"),
        ),
    ),
    ActionGroup(
        "question",
        "Question of a check",
        (
            Action("yes", "answer(True)", "y", "Yes", "Answer with the first button"),
            Action("no", "answer(False)", "n,escape", "No", "Answer with the other button", shown_as="n"),
            *_numbered("pick#", "pick(#)", 9, "Choose", "Choose option #", "Choose an option"),
            Action(
                "before",
                "app.focus_previous",
                "up,k",
                "Select",
                "Select the option above",
                shown_as="↑↓",
                together="Select an option",
            ),
            Action("after", "app.focus_next", "down,j", "Select", "Select the option below", footer=False),
            Action(
                "cancel", "cancel_check", "x", "Cancel the check", "Cancel the check instead of answering"
            ),
            Action(
                "leave",
                "cancel_check",
                "escape",
                "Cancel the check",
                "Cancel the check where there are options",
                footer=False,
            ),
            Action(
                "help",
                "app.help",
                "f1,question_mark",
                "Help",
                "Describe the question and list its keys",
                shown_as="?",
            ),
            Action(
                "up", "scroll_detail(-1)", "up,k", "Scroll", "Scroll up", shown_as="↑↓", together="Scroll"
            ),
            Action("down", "scroll_detail(1)", "down,j", "Scroll", "Scroll down", footer=False),
            Action(
                "pageup",
                "scroll_detail(-8)",
                "pageup",
                "Scroll",
                "Scroll a page up",
                footer=False,
                shown_as="PgUp/Dn",
                together="Scroll a page",
            ),
            Action("pagedown", "scroll_detail(8)", "pagedown", "Scroll", "Scroll a page down", footer=False),
        ),
    ),
    ActionGroup(
        "paper",
        "Paper test",
        (
            Action(
                "lower", "go_by(-1)", "j,down", "Lower", "Lower the nozzle by the selected step", shown_as="j"
            ),
            Action(
                "raise", "go_by(1)", "k,up", "Raise", "Raise the nozzle by the selected step", shown_as="k"
            ),
            *_numbered("step#", "step(@)", 5, "Step", "Select step #", "Select a step", footer=True),
            Action(
                "half_down",
                "bisect(-1)",
                "minus,b",
                "Bisect",
                "Lower half way to the next height where the paper drags",
                shown_as="-+",
                together="Go half way to the next height where the paper drags, or is free",
            ),
            Action(
                "half_up",
                "bisect(1)",
                "plus,equals_sign,B",
                "Bisect",
                "Raise half way to the next height where the paper is free",
                footer=False,
            ),
            Action("accept", "accept", "a", "Accept", "Accept this height"),
            Action(
                "to_lower",
                "to_tried(-1)",
                "left_square_bracket",
                "Next below",
                "Lower to the next height tried (TESTZ Z=--)",
                footer=False,
            ),
            Action(
                "to_upper",
                "to_tried(1)",
                "right_square_bracket",
                "Next above",
                "Raise to the next height tried (TESTZ Z=++)",
                footer=False,
            ),
            Action("undo", "undo", "u,backspace", "Undo", "Return to the height before", shown_as="u"),
            Action("type", "type", "z", "Type mm", "Type a distance"),
            Action("abort", "abort", "escape", "Abort", "Abort the test; the nozzle is lifted"),
            Action(
                "left", "app.focus_previous", "left", "Previous", "Focus the previous button", footer=False
            ),
            Action("right", "app.focus_next", "right", "Next", "Focus the next button", footer=False),
        ),
    ),
    ActionGroup(
        "jog",
        "Jogging over the mark",
        (
            Action(
                "left",
                "go('left')",
                "left",
                "X Y",
                "Move left (−X)",
                shown_as="←→↑↓",
                together="Move in X and Y",
            ),
            Action("right", "go('right')", "right", "X Y", "Move right (+X)", footer=False),
            Action("back", "go('back')", "up", "X Y", "Move back (+Y)", footer=False),
            Action("front", "go('front')", "down", "X Y", "Move to the front (−Y)", footer=False),
            Action("lower", "go('lower')", "j,pagedown", "Lower", "Lower the nozzle", shown_as="j"),
            Action("higher", "go('higher')", "k,pageup", "Raise", "Raise the nozzle", shown_as="k"),
            *_numbered("step#", "step(@)", 5, "Step", "Select step #", "Select a step", footer=True),
            Action("done", "done", "d", "Done", "Record the position: the nozzle is over the mark"),
            Action("type", "type", "z", "Type mm", "Type distances"),
            Action("abort", "abort", "escape", "Abort", "Abort; the nozzle is lifted"),
        ),
    ),
    ActionGroup(
        "verdict",
        "Result",
        (
            Action("next", "next", "n", "Next check", "Start the next check that is not done"),
            Action(
                "save",
                "save",
                "ctrl+s",
                "Save",
                "Show what saving changes; nothing is written before your yes",
            ),
            Action("repeat", "repeat", "r", "Repeat", "Repeat the check with the same settings"),
            Action("check", "check_saved", "c", "Check it", "Check what was saved with a short run"),
            Action(
                "discard",
                "discard",
                "d",
                "Discard this result",
                "Discard this result; its record stays stored",
                footer=False,
            ),
            Action("up", "scroll_body(-1)", "up", "Scroll", "Scroll up", shown_as="↑↓", together="Scroll"),
            Action("picture", "plot", "v", "Plot", "Show the samples as a plot"),
            Action("settings", "settings", "s", "Settings", "Change the settings of the check"),
            Action("plan", "plan", "p,escape", "Plan", "Return to the plan", shown_as="p"),
            Action(
                "left", "app.focus_previous", "left", "Previous", "Focus the previous button", footer=False
            ),
            Action("right", "app.focus_next", "right", "Next", "Focus the next button", footer=False),
            Action("down", "scroll_body(1)", "down", "Scroll", "Scroll down", footer=False),
            Action(
                "pageup",
                "scroll_body(-8)",
                "pageup",
                "Scroll",
                "Scroll a page up",
                footer=False,
                shown_as="PgUp/Dn",
                together="Scroll a page",
            ),
            Action("pagedown", "scroll_body(8)", "pagedown", "Scroll", "Scroll a page down", footer=False),
        ),
    ),
    ActionGroup(
        "history",
        "History",
        (
            Action("open", "open", "enter", "Open", "Open the selected run"),
            Action(
                "before",
                "filter(-1)",
                "left",
                "Check",
                "Show the runs of the previous check",
                shown_as="←→",
                together="Show one check only",
            ),
            Action("after", "filter(1)", "right", "Check", "Show the runs of the next check", footer=False),
            Action("mark", "mark", "space", "Mark", "Mark the selected run", shown_as="space"),
            Action("compare", "compare", "d", "Compare", "Compare two marked runs"),
            Action("report", "app.report", "r", "Report", "Write a report about this printer"),
            Action("back", "app.back", "escape,h", "Back", "Return to the screen before", shown_as="esc"),
        ),
    ),
    ActionGroup(
        "runs",
        "History: the list",
        (
            Action(
                "up",
                "move(-1)",
                "up,k",
                "Select",
                "Select the newer run",
                shown_as="↑↓",
                together="Select a run",
            ),
            Action("down", "move(1)", "down,j", "Select", "Select the older run", footer=False),
            Action(
                "pageup",
                "page(-1)",
                "pageup",
                "Page",
                "A page of newer runs",
                footer=False,
                shown_as="PgUp/Dn",
                together="Turn a page",
            ),
            Action("pagedown", "page(1)", "pagedown", "Page", "A page of older runs", footer=False),
            Action("home", "end(-1)", "home", "Newest", "Select the newest run", footer=False),
            Action("end", "end(1)", "end", "Oldest", "Select the oldest run", footer=False),
        ),
    ),
    ActionGroup(
        "kept",
        "Stored run",
        (Action("back", "app.back", "escape", "Back", "Return to the history", shown_as="esc"),),
        "The result's keys work here too, except those that start a check.",
    ),
    ActionGroup(
        "compare",
        "Two runs compared",
        (
            Action("back", "app.back", "escape", "Back", "Return to the history", shown_as="esc"),
            Action("up", "scroll_body(-1)", "up,k", "Scroll", "Scroll up", shown_as="↑↓", together="Scroll"),
            Action("down", "scroll_body(1)", "down,j", "Scroll", "Scroll down", footer=False),
            Action(
                "pageup",
                "scroll_body(-8)",
                "pageup",
                "Scroll",
                "Scroll a page up",
                footer=False,
                shown_as="PgUp/Dn",
                together="Scroll a page",
            ),
            Action("pagedown", "scroll_body(8)", "pagedown", "Scroll", "Scroll a page down", footer=False),
        ),
    ),
    ActionGroup(
        "picture",
        "Plots",
        (
            Action("back", "app.back", "escape", "Back", "Return to the screen before"),
            Action("next", "plot", "v", "Next plot", "Show the next plot"),
            Action("table", "table", "t", "Table or plot", "Switch between samples and plot"),
            Action(
                "up",
                "scroll_table(-1)",
                "up",
                "Scroll",
                "Scroll the table up",
                footer=False,
                shown_as="↑↓",
                together="Scroll the table",
            ),
            Action("down", "scroll_table(1)", "down", "Scroll", "Scroll the table down", footer=False),
        ),
    ),
    ActionGroup(
        "settings",
        "Settings",
        (
            Action("back", "app.back", "escape", "Back", "Return without storing the values"),
            Action("keep", "keep", "ctrl+s", "Apply", "Apply the values and return", priority=True),
            Action("start", "start", "f5", "Apply and start", "Apply the values and start the check"),
            Action("choose", "choose", "f3", "Next choice", "Change the field to its next choice"),
            Action("defaults", "defaults", "ctrl+r", "Defaults", "Clear every field to its default"),
            Action("next", "app.focus_next", "down", "Next", "Focus the next field", footer=False),
            Action(
                "previous", "app.focus_previous", "up", "Previous", "Focus the previous field", footer=False
            ),
        ),
    ),
    ActionGroup(
        "console",
        "Console",
        (
            Action("back", "app.back", "escape", "Back", "Return to the screen before"),
            Action(
                "earlier",
                "recall(-1)",
                "up",
                "Recall",
                "Recall the previous line",
                shown_as="↑↓",
                together="Recall a typed line",
            ),
            Action("later", "recall(1)", "down", "Recall", "Recall the next line", footer=False),
            Action("complete", "complete", "tab", "Complete", "Complete the command", priority=True),
            Action("explain", "app.explain", "f2", "Explain the error", "Explain the printer's last error"),
            Action(
                "pageup",
                "page(-1)",
                "pageup",
                "Scroll",
                "Scroll a page up",
                shown_as="PgUp/Dn",
                together="Scroll a page",
            ),
            Action("pagedown", "page(1)", "pagedown", "Scroll", "Scroll a page down", footer=False),
        ),
    ),
    ActionGroup(
        "help",
        "Help",
        (
            Action(
                "close", "dismiss", "escape,f1,question_mark,q", "Close", "Close the help", shown_as="esc"
            ),
            Action("down", "scroll_help(1)", "down,j", "Scroll", "Scroll down", footer=False),
            Action("up", "scroll_help(-1)", "up,k", "Scroll", "Scroll up", footer=False),
        ),
    ),
    ActionGroup(
        "box",
        "Boxes",
        (
            Action(
                "left", "app.focus_previous", "left", "Previous", "Focus the previous button", footer=False
            ),
            Action("right", "app.focus_next", "right", "Next", "Focus the next button", footer=False),
        ),
    ),
    ActionGroup(
        "confirm",
        "Boxes: yes or no",
        (
            Action("yes", "answer(True)", "y", "Yes", "Answer with the coloured button"),
            Action("no", "answer(False)", "n,escape", "No", "Answer with the other button", shown_as="esc"),
        ),
    ),
    ActionGroup(
        "pick",
        "Boxes: one of several",
        (
            *_numbered("#", "pick(#)", 9, "Choose", "Choose option #", "Choose an option"),
            Action(
                "up",
                "app.focus_previous",
                "up,k",
                "Select",
                "Select the option above",
                shown_as="↑↓",
                together="Select an option",
            ),
            Action("down", "app.focus_next", "down,j", "Select", "Select the option below", footer=False),
            Action("back", "leave", "escape", "Back", "Return without choosing", shown_as="esc"),
        ),
    ),
    ActionGroup(
        "problem",
        "Boxes: a problem",
        (
            Action("close", "dismiss", "escape,enter", "Close", "Close the box", shown_as="esc"),
            Action("restart", "restart", "f", "Firmware restart", "Restart klippy"),
            Action("take_over", "take_over", "t", "Take over", "Take over the manual probe that is open"),
            Action("way_out", "resolve", "x", "Resolve", "Do what the box offers"),
        ),
    ),
    ActionGroup(
        "stopped",
        "Boxes: after an emergency stop",
        (
            Action("close", "dismiss", "escape", "Close", "Close the box", shown_as="esc"),
            Action("restart", "restart", "f", "Firmware restart", "Restart klippy"),
        ),
    ),
    ActionGroup(
        "typed",
        "Boxes: an input line",
        (
            Action("go", "submit", "enter", "Apply", "Use what was typed"),
            Action("back", "leave", "escape", "Back", "Return without a move", shown_as="esc"),
        ),
    ),
    ActionGroup(
        "connection",
        "Before the printer is connected",
        (
            Action("retry", "retry", "r", "Retry", "Try again to connect"),
            Action("address", "address", "a", "Address", "Connect to another address"),
            Action("search", "search", "s", "Search", "Search the local network for Moonraker, once"),
            Action("demo", "demo", "d", "Demo", "Start a simulated printer"),
            Action("doctor", "doctor", "o", "Doctor", "Quit and diagnose the connection"),
            *_numbered(
                "found#",
                "found(@)",
                3,
                "Printer found",
                "Connect to printer # found",
                "Connect to a printer found",
            ),
            Action("quit", "app.leave", "escape", "Quit", "Quit", footer=False),
        ),
    ),
)

ACTIONS: Mapping[str, Action] = {
    f"{group.name}.{action.name}": action for group in GROUPS for action in group.actions
}
"""Every action by its name in the keymap."""

KIOSK_REFUSES = frozenset(
    ACTIONS[name].run.removeprefix("app.").partition("(")[0] for name in CLOSED_IN_KIOSK
)
"""Textual's names of CLOSED_IN_KIOSK."""

PLACEHOLDER = re.compile(r"\{([a-z]+\.[a-z0-9_]+)\}")
"""Where a text names the key of an action: `{plan.next}`."""
NAMED_KEYS = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "backspace": "Backspace",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "question_mark": "?",
    "ctrl": "Ctrl",
    "alt": "Alt",
    "shift": "Shift",
}


def bindings(group: str, *names: str) -> list[BindingType]:
    """The bindings of a group, in the table's order; with `names` only these of them, in the order given."""
    found = {action.name: action for each in GROUPS if each.name == group for action in each.actions}
    return [
        Binding(
            action.keys,
            action.run,
            action.label,
            id=f"{group}.{action.name}",
            show=action.footer,
            key_display=action.shown_as or None,
            priority=action.priority,
        )
        for action in (found[name] for name in names or found)
        if action.keys
    ]


def palette_actions() -> Iterator[Action]:
    """The actions that the command palette lists whatever is on the screen."""
    return (action for action in GROUPS[0].actions if action.palette)


def unknown_names(keymap: Mapping[str, str]) -> list[str]:
    """What to say of names in a keymap that do not exist, with the nearest that does."""
    problems = []
    for name in keymap:
        if name not in ACTIONS:
            near = difflib.get_close_matches(name, ACTIONS, n=1)
            hint = f"did you mean {near[0]}?" if near else "docs/keys.md lists them."
            problems.append(f"There is no action {name!r}; {hint}")
    return problems


def in_force(keymap: Mapping[str, str]) -> dict[str, str]:
    """A person's keymap as it is applied: a key given to STOP is added to those it always has."""
    own = {name: keys for name, keys in keymap.items() if name in ACTIONS and keys.strip()}
    if STOP in own:
        own[STOP] = f"{own[STOP]},{STOP_KEYS}"
    return own


def first_key(app: App[Any], name: str) -> str:
    """Textual's name of the first key that an action has now."""
    keymap: Mapping[str, str] = getattr(app, "keymap_in_force", {})
    return keymap.get(name, ACTIONS[name].keys).split(",")[0].strip()


def key_text(app: App[Any], name: str) -> str:
    """The key of an action as the footer and buttons show it: `esc`, `f8`, `n`."""
    key = first_key(app, name)
    return app.get_key_display(Binding(key, "")) if key else ""


def key_word(app: App[Any], name: str) -> str:
    """The key of an action as a sentence names it: `Esc`, `F8`, `N`, `Ctrl+S`."""
    return word_of(first_key(app, name))


def word_of(key: str) -> str:
    """A key by Textual's name, as a sentence names it."""
    return "+".join(_part(part) for part in key.split("+"))


def _part(key: str) -> str:
    if key in NAMED_KEYS:
        return NAMED_KEYS[key]
    if len(key) == 1:
        return f"Shift+{key}" if key.isupper() else key.upper()
    return format_key(key).capitalize()


def with_keys(app: App[Any], text: str) -> str:
    """A text whose placeholders (`{plan.next}`) have become the keys that are in force."""
    return PLACEHOLDER.sub(lambda found: key_word(app, found[1]), text)
