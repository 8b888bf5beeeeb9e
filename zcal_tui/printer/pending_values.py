"""What is staged for SAVE_CONFIG, in a line each."""

from collections.abc import Mapping

from zcal_tui.model.record import one_line


def pending_lines(pending: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Pending values, one each; a mesh is one line."""
    lines = []
    for section, options in pending.items():
        if not options:
            lines.append(f"[{section}] will be removed")
        elif section.lower().split()[0:1] == ["bed_mesh"] and "points" in options:
            lines.append(f"[{section}] (a mesh)")
        else:
            lines += [f"[{section}] {option}: {one_line(value)}" for option, value in options.items()]
    return lines
