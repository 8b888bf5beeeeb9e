"""Which printer's results a command is about."""

import difflib

from zcal_tui.results.store import Store, printer_folder_name


class UsageProblem(Exception):
    """The command cannot be done as it was given; the text says why, and what would be right."""


def which_printer(store: Store, name: str | None) -> tuple[str, tuple[str, ...]]:
    """The printer of that name, else the one used last; and the others there are. Raises UsageProblem."""
    there = store.printers()
    if not there:
        raise UsageProblem(f"no runs are kept in {store.folder} yet")
    if name is None:
        return there[0], there[1:]
    folder = printer_folder_name(name)
    if folder not in there:
        near = difflib.get_close_matches(folder, there, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(there)}"
        raise UsageProblem(f"--printer-name: no runs of {name!r} are kept; {hint}")
    return folder, ()
