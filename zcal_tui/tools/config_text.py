"""Edits to the text of a printer.cfg that leave everything else as it is. Pure."""

import re

SAVED_VALUES = re.compile(r"^#\*# <-+ SAVE_CONFIG -+>\s*$")
"""The line below which only SAVE_CONFIG writes. Source: Klipper, klippy/configfile.py, AUTOSAVE_HEADER."""

_SECTION = re.compile(r"^\[\s*([^\]]+?)\s*\]")


def add_section(text: str, section: str) -> str:
    """The text with an empty section, before the values that SAVE_CONFIG wrote."""
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    at = next((number for number, line in enumerate(lines) if SAVED_VALUES.match(line)), len(lines))
    before = "".join(lines[:at])
    if before and not before.endswith("\n"):
        before += end
    after = "".join(lines[at:])
    blank = end if before.strip() and not before.endswith(end * 2) else ""
    return before + blank + f"[{section}]{end}" + (end if after else "") + after


def remove_section(text: str, section: str) -> str:
    """The text without the section's lines; comments below its last option stay."""
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
