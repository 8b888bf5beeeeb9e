"""The printer whose results a command uses."""

import difflib

from zcal_tui.results.store import Store, printer_folder_name


class UsageProblem(Exception):
    """The command line is wrong; the text says why, and how to correct it."""


def which_printer(store: Store, name: str | None) -> tuple[str, tuple[str, ...]]:
    """The printer of that name, else the one used last; and the other printers. Raises UsageProblem."""
    stored = store.printers()
    if not stored:
        raise UsageProblem(f"no runs are stored in {store.folder} yet")
    if name is None:
        return stored[0], stored[1:]
    folder = printer_folder_name(name)
    if folder not in stored:
        near = difflib.get_close_matches(folder, stored, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are runs of {', '.join(stored)}"
        raise UsageProblem(f"--printer-name: no runs of {name!r} are stored; {hint}")
    return folder, ()
