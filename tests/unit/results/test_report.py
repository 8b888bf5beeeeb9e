"""The report: says everything, shows a picture for each check, and takes nothing a printer says for more than text."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tests.unit.fakes import records
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Record, Sample, Verdict
from zcal_tui.results.changes import Changed
from zcal_tui.results.report import data, html, markdown
from zcal_tui.results.report.page import Page, make_page
from zcal_tui.results.report.plots import plots_of
from zcal_tui.results.report.svg import tick_text, ticks

TITLES = {"ready": "Ready", "z-offset": "Z offset", "accuracy": "Repeatability", "bias": "Location bias"}
NOW = datetime(2026, 1, 21, tzinfo=UTC)
NASTY = "<script>alert(1)</script> \"' & | `x` *b* [a](javascript:1) \x1b[31m @everyone"
VOID = {"meta", "br"}


class Outline(HTMLParser):
    """Checks that elements nest, and collects what they are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def page(*found: Record, changed: tuple[Changed, ...] = ()) -> Page:
    return make_page("voron", found or records.everything(), changed, TITLES, NOW)


@pytest.fixture
def whole() -> str:
    return html.render([page(changed=(Changed("nozzle", "2026-01-20T00:00:00Z", "0.6 mm"),))])


def test_it_nests_and_says_what_was_found(whole: str) -> None:
    outline = Outline(whole)
    for said in (
        "voron",
        "Repeatability",
        "v0.13.0-700-gabcdef012",
        "6.3710 mm",
        "0.6 mm",
    ):
        assert said in outline.words
    assert "<h3>Next steps</h3>" not in whole, "to set z_offset was the only one, and it is saved"
    assert "limit: 25 µm; Klipper docs" in outline.words
    assert "Stale" in outline.words


def test_it_needs_neither_network_nor_script(whole: str) -> None:
    outline = Outline(whole)
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(outline.tags)
    assert not re.search(r"https?://|url\(|@import", whole)
    assert not [name for name, _ in outline.attributes if name.startswith("on") or name in ("src", "srcset")]
    assert all(
        value is not None and value.startswith("#") for name, value in outline.attributes if name == "href"
    )


def test_light_and_dark_and_paper(whole: str) -> None:
    assert "prefers-color-scheme: dark" in whole
    assert "@media print" in whole
    svgs = re.findall(r"<svg.*?</svg>", whole)
    assert svgs
    # Colours are the page's alone, so that both schemes reach every shape
    assert not any(re.search(r'(fill|stroke)="#', svg) for svg in svgs)


@pytest.mark.parametrize(
    "record",
    [
        records.probe_xy(),
        records.z_offset(),
        records.accuracy(),
        records.bias(),
        records.temperature(),
        records.backlash(),
        records.auto_z(),
    ],
    ids=lambda record: record.check,
)
def test_each_check_has_its_picture(record: Record) -> None:
    found = plots_of(record)
    assert found
    for figure in found:
        root = ElementTree.fromstring(figure.svg)
        width, height = map(float, root.attrib["viewBox"].split()[2:])
        assert root.attrib["aria-label"]
        assert figure.caption.endswith(".")
        assert figure.lines
        for shape in root.iter():
            for name, most in (
                ("cx", width),
                ("x1", width),
                ("x2", width),
                ("cy", height),
                ("y1", height),
                ("y2", height),
            ):
                if name in shape.attrib:
                    assert -0.5 <= float(shape.attrib[name]) <= most + 0.5, (shape.tag, shape.attrib)


def test_a_touch_is_drawn_each_and_what_does_not_count_is_hollow() -> None:
    (figure,) = plots_of(records.accuracy())
    circles = re.findall(r'<circle[^>]*class="(\w+)"', figure.svg)
    assert circles.count("dot") == 14
    assert circles.count("hollow") == 1


def test_the_map_shows_deviations_and_their_intervals() -> None:
    (figure,) = plots_of(records.bias())
    texts = re.findall(r">([^<>]+)</text>", figure.svg)
    assert {"−3", "+8", "+3", "−11", "+2", "±10"} <= set(texts)
    assert "6.3688 mm" in figure.caption


def test_a_deltas_bed_is_round() -> None:
    delta = records.context({"printer": {"kinematics": "delta", "print_radius": 110.0}, "bed_mesh": None})
    found = records.estimates(
        records.estimate("z_offset@0,80", 1.8), records.estimate("z_offset@-69,-40", 1.81)
    )
    (figure,) = plots_of(records.record("bias", context=delta, estimates=found))
    assert re.search(r'<circle[^>]*class="bed"', figure.svg)
    assert not re.search(r'<rect[^>]*class="bed"', figure.svg)


def test_settings_that_were_tried_stand_below_one_another() -> None:
    tried = {"configured": 0.002, "probe_speed=10": 0.003, "samples=3": 0.001}
    found = records.estimates(
        *(records.estimate(f"sigma@{name}", value, 0.0005) for name, value in tried.items())
    )
    samples = tuple(
        replace(sample, place=place)
        for place in ("configured", "probe_speed=10")
        for sample in records.accuracy().samples
    )
    sweep = records.record("accuracy", estimates=found, samples=samples)
    (figure,) = plots_of(sweep)
    assert re.findall(r">([^<>]+)</text>", figure.svg)[-6:] == [
        "configured",
        "2.0 µm",
        "probe speed = 10",
        "3.0 µm",
        "samples = 3",
        "1.0 µm",
    ]
    assert "standard deviation σ at samples=3" in Outline(html.render([page(sweep)])).words


def test_backlash_is_coloured_from_nothing_and_keeps_small_intervals() -> None:
    (figure,) = plots_of(records.backlash())
    texts = re.findall(r">([^<>]+)</text>", figure.svg)
    assert {"5", "7", "±0.4"} <= set(texts)


def test_the_three_heights_fill_the_formula() -> None:
    figure = plots_of(records.auto_z())[0]
    assert "6.357 − (6.449 − 0.498 + 0.500) = −0.094 mm" in figure.svg


@pytest.mark.parametrize(
    "check", ["accuracy", "z-offset", "bias", "temperature", "auto-z", "probe-xy", "nothing-known"]
)
def test_without_data_there_is_no_picture(check: str) -> None:
    assert plots_of(records.record(check)) == []


def test_touches_on_one_step_and_a_series_at_one_moment() -> None:
    same = tuple(Sample(n, 5.0, 1.0, 1.0, 2.0) for n in range(1, 6))
    assert plots_of(records.record("accuracy", samples=same))
    assert plots_of(records.record("temperature", samples=same)) == []


def nasty() -> Record:
    return replace(
        records.accuracy(),
        printer={"name": NASTY, "software_version": NASTY, "app": NASTY},
        context=records.context({NASTY: {NASTY: NASTY}}, extra=NASTY),
        verdict=Verdict(Level.WARN, NASTY, (NASTY,)),
        advice=(NASTY,),
        changes=(Change(NASTY, NASTY, NASTY, NASTY, effect=NASTY),),
        estimates={NASTY: Estimate(NASTY, 1.0, 0.5, 1.5, NASTY)},
        samples=tuple(Sample(n, n, 0, 0, n, place=NASTY, values={NASTY: 1.0}) for n in range(3)),
    )


def test_what_a_printer_says_is_only_text_in_html() -> None:
    outline = Outline(html.render([page(nasty(), changed=(Changed("bed", "2026-01-20", NASTY),))]))
    assert "script" not in outline.tags
    assert "alert(1)" in outline.words
    assert "\x1b" not in outline.words


def test_what_a_printer_says_is_only_text_in_markdown() -> None:
    text = markdown.render([page(nasty(), changed=(Changed("bed", "2026-01-20", NASTY),))])
    assert "\x1b" not in text
    outside = re.sub(r"(?s)^(`{3,})\w*\n.*?^\1$", "", text, flags=re.M)
    assert "<script" not in outside.replace("\\<script", "")
    assert not re.search(r"(?<!\\)\[a(?<!\\)\]\(", outside)
    assert "@everyone" not in outside


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert next(iter(markdown.block(["a ```` b"]))) == "`````"


def test_markdown_says_the_same() -> None:
    text = markdown.render([page()])
    for said in (
        "# Z calibration of voron",
        "| Repeatability | ✓ pass |",
        "z_offset: 6.371  # saved, was 6.400",
        "[probe]",
        "●",
    ):
        assert said in text
    assert "Next steps" not in text, "to set z_offset was the only one, and it is saved"
    assert text.count("```") % 2 == 0


def test_json_holds_the_records() -> None:
    made = data.as_json([page()])
    (printer,) = made["printers"]
    assert printer["checks"]["accuracy"]["record"]["estimates"]["sigma"]["value"] == 0.002
    assert printer["checks"]["accuracy"]["stale"] is None
    assert made["generated"] == "2026-01-21T00:00:00Z"


def test_the_newest_finished_run_is_shown_not_the_newest() -> None:
    cancelled = records.accuracy(9, outcome=Outcome.CANCELLED)
    (section,) = page(cancelled, records.accuracy(3), records.accuracy(1)).sections
    assert section.record.id == records.accuracy(3).id


def test_a_check_that_never_finished_says_why() -> None:
    (section,) = page(records.refused("bias")).sections
    assert section.level is Level.UNKNOWN
    assert section.summary == "This run did not start. A print runs."
    assert "Somebody prints." in Outline(html.render([page(records.refused("bias"))])).words


def test_checks_stand_in_the_order_of_the_guide() -> None:
    found = [section.record.check for section in page().sections]
    assert found[:4] == ["ready", "z-offset", "accuracy", "bias"]
    assert set(found[4:]) == {"probe-xy", "temperature", "backlash", "auto-z", "first-layer"}


def test_several_printers_make_one_page() -> None:
    text = html.render([page(), make_page("delta", [], (), TITLES, NOW)])
    assert Outline(text).tags.count("main") == 2
    assert "No check has been run" in text
    assert "Z calibration of voron, delta" in text


def test_runs_that_only_write_values_have_no_place_in_it() -> None:
    written = [records.record("save", 9), records.record("undo", 10), records.z_offset(8)]
    assert [section.record.check for section in make_page("voron", written, (), TITLES, NOW).sections] == [
        "z-offset"
    ]


def test_ticks_are_round_and_within() -> None:
    assert ticks(-4.1, 5.9) == [-4, -2, 0, 2, 4]
    assert ticks(0.0, 0.001, 2) == pytest.approx([0.0, 0.0005, 0.001])
    assert ticks(1.0, 1.0) == [1.0]
    assert tick_text(-0.5, 0.5) == "−0.5"
    assert tick_text(0.0, 2.0) == "0"
