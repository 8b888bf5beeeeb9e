"""Where the location bias is measured."""

import math

from zcal_tui.checks.bias.parameters import BiasParameters
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.printer.config_view import ProbeConfig, is_delta
from zcal_tui.printer.geometry import Xy
from zcal_tui.printer.places import Place, corner_places, place_at, reachable
from zcal_tui.printer.state import PrinterState

TOWERS = 3
"""Places on a delta: one near each tower (Klipper docs, Probe_Calibrate, Location Bias Check)."""
LEAST_APART = 10.0
"""mm. Places closer than this cannot show a bias over the bed."""
MOST = 9
CORNERS = 4
"""Places elsewhere. More would be tested less often each with the same number of paper tests."""


def chosen_places(state: PrinterState, probe: ProbeConfig, parameters: BiasParameters) -> tuple[Place, ...]:
    """The places to measure at. Raises CheckRefused for places that make no sense or are out of reach."""
    if parameters.places.strip():
        return _given(state, probe, parameters)
    usual = TOWERS if is_delta(state) else CORNERS
    found = corner_places(state, probe, usual if parameters.points is None else parameters.points)
    if len(found) < 2:
        raise CheckRefused(
            "No place on the bed can be reached by both the nozzle and the probe.",
            f"The probe is {probe.x_offset:g}, {probe.y_offset:g} mm from the nozzle, and the axes or the bed mesh's "
            "area end before that.",
            'Check x_offset, y_offset, mesh_min and mesh_max, or give places with --places "x,y;x,y".',
        )
    if parameters.points is not None and len(found) < parameters.points:
        raise CheckRefused(
            f"{parameters.points} places were requested, but this bed has only {len(found)}.",
            "A round bed has places near the towers, opposite them, and in the centre.",
            f'Use --points {len(found)}, or give places with --places "x,y;x,y".',
        )
    return found


def _given(state: PrinterState, probe: ProbeConfig, parameters: BiasParameters) -> tuple[Place, ...]:
    if parameters.points is not None:
        raise CheckRefused(
            "--places and --points were both given.",
            "--places already sets the number.",
            "Leave one of them out.",
        )
    points = parse_points(parameters.places)
    if not 2 <= len(points) <= MOST:
        raise CheckRefused(
            f"{len(points)} places were given.",
            f"A comparison needs 2, and each needs a paper test in each round, so {MOST} is the limit.",
            f"Give 2 to {MOST} places.",
        )
    places = tuple(place_at(f"{x:g},{y:g}", (x, y), probe) for x, y in points)
    for place in places:
        if not reachable(state, place):
            raise CheckRefused(
                f"Probe and nozzle cannot both reach the bed at {place.name}.",
                f"The probe is {probe.x_offset:g}, {probe.y_offset:g} mm from the nozzle, and the axes end before "
                "that.",
                "Choose a place that both can reach.",
            )
    for n, place in enumerate(places):
        for other in places[:n]:
            if math.dist(place.bed, other.bed) < LEAST_APART:
                raise CheckRefused(
                    f"The places {other.name} and {place.name} are less than {LEAST_APART:g} mm apart.",
                    "The same place measured twice shows nothing about the bed.",
                    "Choose places that are far apart, such as the corners.",
                )
    return places


def parse_points(text: str) -> list[Xy]:
    """Bed points out of `x,y;x,y`. Raises CheckRefused."""
    found = []
    for part in text.split(";"):
        if not part.strip():
            continue
        try:
            x, y = (float(number) for number in part.split(","))
        except ValueError:
            x = y = math.nan
        if not (math.isfinite(x) and math.isfinite(y)):
            raise CheckRefused(
                f"{part.strip()!r} is not a place.",
                "A place is two numbers with a comma between them, in mm.",
                'Write them as "x,y;x,y", such as "30,30;200,200".',
            )
        found.append((x, y))
    return found
