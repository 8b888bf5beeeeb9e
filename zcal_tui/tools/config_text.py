"""Edits to the text of a printer.cfg that leave everything else as it is. Pure."""

import re

SAVED_VALUES = re.compile(r"^#\*# <-+ SAVE_CONFIG -+>\s*$")
"""The line below which only SAVE_CONFIG writes. Source: Klipper, klippy/configfile.py, AUTOSAVE_HEADER."""

_SAVED_SECTION = re.compile(r"^#\*# \[\s*([^\]]+?)\s*\]")
_SECTION = re.compile(r"^\[\s*([^\]]+?)\s*\]")


def add_section(text: str, section: str) -> str:
    """The text with an empty section, before the values that SAVE_CONFIG wrote; `remove_section` takes it out again to
    the byte."""
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    at = next((number for number, line in enumerate(lines) if SAVED_VALUES.match(line)), len(lines))
    while at and not lines[at - 1].strip():
        at -= 1
    before, after = "".join(lines[:at]), "".join(lines[at:])
    if before and not before.endswith("\n"):
        return f"{before}{end}{end}[{section}]"  # as before, the last line has no end
    return f"{before}{end}[{section}]{end}{after}"


def remove_section(text: str, section: str) -> str:
    """The text without the section's lines; comments below its last option stay."""
    bare = _without_added(text, section)
    while bare is not None:
        text, bare = bare, _without_added(bare, section)
    kept: list[str] = []
    pending: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        header = _SECTION.match(line)
        if header or SAVED_VALUES.match(line):
            kept += pending
            pending = []
            inside = bool(header) and header is not None and header[1] == section
            if inside:
                while kept and not kept[-1].strip() and len(kept) > 1 and not kept[-2].strip():
                    kept.pop()
                continue
        if not inside:
            kept.append(line)
        elif line.lstrip().startswith(("#", ";")) or not line.strip():
            pending.append(line)
        else:
            pending = []
    return "".join(kept + pending)


def remove_saved(text: str, section: str) -> str:
    """The text without the section's values in the block that SAVE_CONFIG wrote, and without an empty block."""
    lines = text.splitlines(keepends=True)
    at = next((number for number, line in enumerate(lines) if SAVED_VALUES.match(line)), len(lines))
    kept: list[str] = []
    inside = False
    for line in lines[at:]:
        if (header := _SAVED_SECTION.match(line)) is not None:
            inside = header[1] == section
            if inside and kept and kept[-1].strip() == "#*#" and any(map(_SAVED_SECTION.match, kept)):
                kept.pop()
        if not inside:
            kept.append(line)
    if any(map(_SAVED_SECTION.match, kept)):
        return "".join(lines[:at] + kept)
    while at and not lines[at - 1].strip():
        at -= 1
    return "".join(lines[:at])


def comment_out(text: str, section: str) -> str:
    """The text with the section's lines as comments, but not the values that SAVE_CONFIG wrote."""
    result: list[str] = []
    inside = saved = False
    for line in text.splitlines(keepends=True):
        saved = saved or SAVED_VALUES.match(line) is not None
        if (header := _SECTION.match(line)) is not None:
            inside = header[1] == section
        comments = not line.strip() or line.lstrip().startswith(("#", ";"))
        result.append(f"#{line}" if inside and not saved and not comments else line)
    return "".join(result)


def _without_added(text: str, section: str) -> str | None:
    """The text before `add_section`; None where the section is not as that leaves it."""
    for end in ("\r\n", "\n"):
        last = f"{end}{end}[{section}]"
        if text.endswith(last):
            return text.removesuffix(last)
        added = f"{end}[{section}]{end}"
        at = text.find(added)
        while at >= 0:
            rest = text[at + len(added) :]
            whole = at == 0 or text[:at].endswith("\n")
            if whole and _is_empty(rest):
                return text[:at] + rest
            at = text.find(added, at + 1)
    return None


def _is_empty(rest: str) -> bool:
    """Whether a section of which this is the rest has no options."""
    for line in rest.splitlines():
        if _SECTION.match(line) or SAVED_VALUES.match(line):
            return True
        if line.strip() and not line.lstrip().startswith(("#", ";")):
            return False
    return True
