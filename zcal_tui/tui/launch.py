"""Starts the interface on a terminal, and returns how it ended."""

import gc
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

from zcal_tui.checks.base import Check
from zcal_tui.model.policy import SavePolicy
from zcal_tui.session.port import SessionPort
from zcal_tui.stats.operator_scatter import SHARED
from zcal_tui.terminal import is_tty, terminal_problem
from zcal_tui.tui.terminal import REFUSED

LOOK = 0.02
"""Seconds between two looks whether what makes the printer safe was sent."""
THRESHOLDS = 5_000, 5, 3
"""When garbage is looked for (gc.set_threshold): among everything as often as Python does by itself, but seven times
less often among what was just made. A page makes thousands of objects that stay as long as it does."""
INTERNAL_ERROR = 70
"""Exit code after a fault of this program (EX_SOFTWARE)."""


def run_tui(
    session: SessionPort,
    *,
    check: str | None = None,
    theme: str | None = None,
    parameters: Any = None,
    keymap: Mapping[str, str] | None = None,
    save: SavePolicy = "ask",
    operator: str = SHARED,
    kiosk: bool = False,
) -> int:
    """Show the interface until the person leaves; the session is closed then. Returns the exit code.

    `check` is the one the plan opens at, with `parameters` for it if given; nothing moves before Start. `keymap` gives
    actions other keys (docs/keys.md), `save` says whether found values are written, `operator` who does
    the paper tests, `kiosk` that nothing leads out of the program. 0 after a normal end, 2 where there
    is no terminal, 3 where the printer could not be reached, 5 after SIGHUP, SIGTERM or SIGINT, or where quitting
    cancelled a running check, 70 after a fault.
    """
    from zcal_tui.tui.app import ZcalApp
    from zcal_tui.tui.signals import leave_on_signals

    problem = terminal_problem(os.environ, is_tty())
    if problem is not None:
        print(f"zcal-tui: {problem}", file=sys.stderr)
        session.close()
        return REFUSED
    leave_on_signals(session.close, lambda: _leave_now(session))
    gc.disable()  # until the first frame is out: what is made until then stays, so looking for garbage only takes time
    app = ZcalApp(
        session,
        _Checks(),
        check=check,
        parameters=parameters,
        theme=theme,
        keymap=keymap,
        save=save,
        operator=operator,
        kiosk=kiosk,
        shown=_collect_again,
    )
    try:
        code = app.run()
    finally:
        gc.enable()
        if not app.closed:
            session.close()
    if app.relaunch is not None and code is not None:
        from zcal_tui.tui.relaunch import relaunch

        relaunch(app.relaunch)
    return INTERNAL_ERROR if code is None else code


def _leave_now(session: SessionPort) -> tuple[str, ...]:
    """Send heaters-off and abort; what may be left on. Waits until they are sent."""
    session.begin_leave()
    while session.left is None:
        time.sleep(LOOK)
    return session.left


class _Checks(Mapping[str, Check]):
    """The checks, read when they are first looked at: with the plan, not with the first frame."""

    @property
    def _all(self) -> Mapping[str, Check]:
        from zcal_tui.checks.catalogue import CHECKS

        return CHECKS

    def __getitem__(self, name: str) -> Check:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _collect_again() -> None:
    """Garbage is looked for again, but not among the modules and style sheets, which would hold up keys for no use."""
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
