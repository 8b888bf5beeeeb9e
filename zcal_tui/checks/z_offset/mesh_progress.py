"""The progress of a bed mesh while Klipper makes it: the points that it has probed."""

import contextlib
from collections.abc import Iterator

from zcal_tui.checks.base import Context
from zcal_tui.checks.pace import Pace
from zcal_tui.model.events import Progress
from zcal_tui.printer.mesh_reference import mesh_points
from zcal_tui.printer.messages import ProbeSample
from zcal_tui.printer.printer import Heard


@contextlib.contextmanager
def points_counted(context: Context) -> Iterator[None]:
    """Count the points by the lines that Klipper prints for them, several where it samples each several times."""
    total = mesh_points(context.printer.state.settings)
    pace = Pace(context.clock.now())
    probed: set[tuple[float, float]] = set()

    def read(heard: Heard) -> None:
        sample = heard.message
        if not isinstance(sample, ProbeSample):
            return
        probed.add((round(sample.x, 1), round(sample.y, 1)))
        done = min(len(probed), total)
        context.emit(Progress(done, total, pace.left(context.clock.now(), done, total)))

    context.emit(Progress(0, total))
    stop = context.printer.listen_console(read)
    try:
        yield
    finally:
        stop()
