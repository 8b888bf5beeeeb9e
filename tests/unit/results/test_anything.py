"""Whatever is in a record that keeps to the schema, nothing that tells of it breaks."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.fakes import records
from zcal_tui.headless.results import compare as compare_words
from zcal_tui.headless.results import history
from zcal_tui.model.check_info import ALL_INFO
from zcal_tui.model.record import Estimate, Outcome, Record, Sample
from zcal_tui.results.compare import compare
from zcal_tui.results.report import data, html, markdown
from zcal_tui.results.report.page import make_page

NUMBER = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1e-9])
MAYBE = st.none() | NUMBER
NAMES = st.sampled_from(
    [
        "sigma",
        "mean",
        "offset",
        "nozzle",
        "switch",
        "bed",
        "x_offset",
        "y_offset",
        "shift",
        "z_offset@1,2",
        "z_offset@3,-4",
        "backlash@0,0",
        "backlash@0,1",
        "x@a,b",
    ]
)
SAMPLES = st.builds(
    Sample,
    n=st.integers(0, 99),
    t=NUMBER,
    x=NUMBER,
    y=NUMBER,
    trigger_z=NUMBER,
    recorded=st.booleans(),
    kind=st.sampled_from(["touch", "paper", "offset", "bed", "release", "mark"]),
    place=st.sampled_from(["", "baseline", "hot"]),
    bed=MAYBE,
    hotend=MAYBE,
    values=st.dictionaries(st.sampled_from(["resolution", "offset", "travel"]), NUMBER, max_size=2),
)
CONTEXTS = st.sampled_from(
    [
        {},
        records.context(),
        {"config": None, "frame": 3},
        {"config": {"bed_mesh": 1, "probe": {}}, "temperatures": []},
    ]
)


@st.composite
def made(draw: st.DrawFn) -> Record:
    """A record of a known check with numbers, places and times as they come."""
    names = draw(st.lists(NAMES, unique=True, max_size=6))
    found = {
        name: Estimate(
            name, draw(MAYBE), draw(MAYBE), draw(MAYBE), unit=draw(st.sampled_from(["mm", "", "s", "mm/°C"]))
        )
        for name in names
    }
    check = draw(st.sampled_from(list(ALL_INFO)))
    base = records.record(check, draw(st.integers(1, 28)))
    return replace(
        base,
        outcome=draw(st.sampled_from(Outcome)),
        started=draw(st.sampled_from([base.started, "", "yesterday"])),
        context=draw(CONTEXTS),
        samples=tuple(draw(st.lists(SAMPLES, max_size=8))),
        estimates=found,
        verdict=draw(st.sampled_from([None, base.verdict])),
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(made(), min_size=1, max_size=6))
def test_report_history_and_comparison_take_it(found: list[Record]) -> None:
    page = make_page("voron", found, (), {})
    assert html.render([page]).endswith("</html>\n")
    assert markdown.render([page]).startswith("# Z calibration")
    json.dumps(data.as_json([page]))
    told = history.histories(found, (), limit=5)
    assert list(history.as_text("voron", told, (), found))
    json.dumps(history.as_json("voron", told, (), found))
    comparison = compare(found[0], found[-1])
    assert list(compare_words.as_text(comparison))
    json.dumps(compare_words.as_json(comparison))
