"""Templates of G-code whose braces or blocks do not fit together: klippy does not start with them.

Only faults that are certain are found. Klipper's delimiters are {% %} and { }; in strings they mean nothing.
Source: Klipper docs, Command_Templates; Jinja docs, Template Designer.
"""

import re
from collections.abc import Iterator

from zcal_tui.klipper_config.configuration import Configuration, Section
from zcal_tui.sim.refusals import Refusals

_BLOCKS = ("if", "for", "macro", "call", "filter", "block", "with")
_TAGS = ("do", "set", "include", "import", "from", "extends", "autoescape", "endautoescape", "raw")
_PARTS = {"elif": ("if",), "else": ("if", "for")}
_WORD = re.compile(r"[-+]?\s*([a-z]+)")
_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_STRING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_OPENING = {"(": ")", "[": "]", "{": "}"}


def template_options(section: Section) -> Iterator[str]:
    """The options of a section that klippy loads as templates."""
    return (name for name in section.options if name == "gcode" or name.endswith("_gcode"))


def refuse_templates(configuration: Configuration, refusals: Refusals) -> None:
    """Refuse templates that klippy cannot load."""
    for section in configuration.sections.values():
        for option in template_options(section):
            fault = template_fault(section.get(option) or "")
            if fault:
                refusals.option(section, option, fault)


def template_fault(text: str) -> str:
    """Why klippy cannot load a template; empty if nothing certain is wrong."""
    open_blocks: list[str] = []
    place = 0
    while (place := text.find("{", place)) >= 0:
        if text.startswith("{#", place):
            end = text.find("#}", place)
            place = len(text) if end < 0 else end + 2
        elif text.startswith("{%", place):
            content, place = _until(text, place + 2, "%}")
            if content is None:
                return "A {% has no %}."
            found = _WORD.match(content.lstrip())
            word = found[1] if found else ""
            if word == "raw":
                raw = _RAW.search(text, place)
                if raw is None:
                    return "{% raw %} has no {% endraw %}."
                place = raw.end()
                continue
            fault = _inside(content) or _block(word, content, open_blocks)
            if fault:
                return fault
        else:
            content, place = _until(text, place + 1, "}")
            if content is None:
                return "A { has no }."
            if not content.strip():
                return "There is nothing between { and }."
            fault = _inside(content)
            if fault:
                return fault
    return f"{{% {open_blocks[-1]} %}} has no {{% end{open_blocks[-1]} %}}." if open_blocks else ""


def _block(word: str, content: str, open_blocks: list[str]) -> str:
    if word in _BLOCKS or (word == "set" and "=" not in content):
        open_blocks.append(word)
    elif word in _PARTS:
        if not open_blocks or open_blocks[-1] not in _PARTS[word]:
            return f"{{% {word} %}} is in no {{% {_PARTS[word][0]} %}}."
    elif word.startswith("end") and (not open_blocks or open_blocks.pop() != word.removeprefix("end")):
        return f"{{% {word} %}} ends no {{% {word.removeprefix('end')} %}}."
    elif not word.startswith("end") and word not in _TAGS:
        return f"There is no {{% {word} %}}."
    return ""


def _until(text: str, place: int, end: str) -> tuple[str | None, int]:
    """The text up to an end outside strings and brackets, and the place behind it; None without one."""
    begin, closing = place, ""
    while place < len(text):
        character = text[place]
        if not closing and text.startswith(end, place):
            return text[begin:place], place + len(end)
        if character in "\"'":
            quoted = _STRING.match(text, place)
            if quoted is None:
                return None, place
            place = quoted.end() - 1
        elif character in _OPENING:
            closing = _OPENING[character] + closing
        elif closing and character == closing[0]:
            closing = closing[1:]
        place += 1
    return None, place


def _inside(content: str) -> str:
    """What is certainly wrong inside the delimiters: a colon that belongs to nothing, or braces without keys."""
    # the brackets that are open, whether each has a colon, whether it has anything
    levels: list[tuple[str, bool, bool]] = []
    place = 0
    while place < len(content):
        character = content[place]
        quoted = _STRING.match(content, place) if character in "\"'" else None
        if quoted is not None:
            place = quoted.end() - 1
        if character in _OPENING:
            levels = [*levels[:-1], (*levels[-1][:2], True)] if levels else levels
            levels.append((character, False, False))
        elif character in _OPENING.values():
            if not levels:
                return f"{content.strip()} has one {character} too many."
            opened, colon, filled = levels.pop()
            if opened == "{" and filled and not colon:
                return f"{content.strip()} has braces in braces. Write one pair of them around an expression."
        elif character == ":" and not levels:
            return f"{content.strip()} has a colon that belongs to nothing."
        elif levels and not character.isspace():
            opened, colon, filled = levels.pop()
            levels.append((opened, colon or character == ":", True))
        place += 1
    return ""
