"""The report as Markdown, to paste into a forum or an issue: tables, small text plots, collapsed raw data."""

import re
from collections.abc import Iterator, Sequence

from zcal_tui.model.advice import advice_left
from zcal_tui.model.estimate_text import estimate_text
from zcal_tui.model.labels import label
from zcal_tui.model.outside_text import indented_lines, printable
from zcal_tui.model.record import Change, Sample
from zcal_tui.results.main_estimate import main_estimates
from zcal_tui.results.report.map import is_at_place
from zcal_tui.results.report.page import GLYPH, WORDS, Page, ReportSection


def render(pages: Sequence[Page]) -> str:
    """The whole text."""
    return "\n".join(line for page in pages for line in _page(page)).rstrip() + "\n"


def plain(text: object) -> str:
    """Text on one line, with all markup escaped."""
    line = " ".join(printable(str(text)).split())
    escaped = re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", line)
    return escaped.replace("@", "@\u200b")  # or the name after it would be notified


def block(lines: Sequence[str], kind: str = "") -> Iterator[str]:
    """Lines as they are, in a fence longer than any run of backticks in them."""
    text = "\n".join(map(indented_lines, lines))
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}{kind}"
    yield from text.split("\n")
    yield fence


def _page(page: Page) -> Iterator[str]:
    yield f"# Z calibration of {plain(page.printer)}"
    yield ""
    yield " · ".join(f"{plain(name)} {plain(value)}" for name, value in page.facts)
    yield ""
    if not page.sections:
        yield "No check has been run on this printer yet."
        return
    yield "| check | verdict | result | |"
    yield "|---|---|---|---|"
    for section in page.sections:
        numbers = ", ".join(plain(estimate_text(e)) for e in main_estimates(section.record))
        verdict = f"{GLYPH[section.level]} {WORDS[section.level]}"
        yield f"| {plain(section.title)} | {verdict} | {numbers} | {'stale' if section.stale else ''} |"
    yield ""
    for section in page.sections:
        yield from _section(section)
    if page.changed:
        yield "## Hardware changes"
        yield ""
        for change in reversed(page.changed):
            note = f": {plain(change.note)}" if change.note else ""
            yield f"- {plain(change.at[:10])} {plain(change.what)}{note}"
        yield ""
    if page.config:
        lines = []
        for name, options in page.config.items():
            lines += [f"[{name}]", *(f"{option}: {value}" for option, value in options.items()), ""]
        yield from _folded("Configuration: the values that heights depend on", lines[:-1], "ini")
    yield f"Made by zcal-tui, {page.generated}. Intervals are 95 %."
    yield ""


def _section(section: ReportSection) -> Iterator[str]:
    record = section.record
    yield f"## {GLYPH[section.level]} {plain(section.title)}"
    yield ""
    yield f"**{plain(section.summary)}**"
    yield ""
    if section.stale:
        yield f"Stale: {plain(section.stale)}."
        yield ""
    rows = [e for e in record.estimates.values() if not is_at_place(e.name)]
    if rows:
        yield "| | |"
        yield "|---|---|"
        yield from (f"| {plain(label(e.name))} | {plain(estimate_text(e))} |" for e in rows)
        yield ""
    for figure in section.figures:
        yield from block(figure.lines, "text")
        yield plain(figure.caption)
        yield ""
    if record.verdict is not None:
        yield from (f"- {plain(reason)}" for reason in record.verdict.reasons)
    if advice := advice_left(record):
        yield ""
        yield "Next steps:"
        yield ""
        yield from (f"- {plain(text)}" for text in advice)
    if record.changes:
        yield ""
        yield from block(list(_config_lines(record.changes)), "ini")
    if record.samples:
        yield ""
        yield from _folded(
            f"{len(record.samples)} samples", [_sample(sample) for sample in record.samples], "text"
        )
    age = f", {section.age}" if section.age else ""
    yield ""
    yield f"{plain(record.started[:16].replace('T', ' '))} UTC{age}, run {plain(record.id)}"
    yield ""


def _config_lines(changes: Sequence[Change]) -> Iterator[str]:
    for section in dict.fromkeys(change.section for change in changes):
        yield f"[{section}]"
        for change in changes:
            if change.section == section:
                was = "" if change.old is None else f", was {change.was}"
                effect = f"; {change.effect}" if change.effect else ""
                yield f"{change.option}: {change.shown}  # {change.state}{was}{effect}"


def _folded(title: str, lines: Sequence[str], kind: str) -> Iterator[str]:
    yield f"<details><summary>{plain(title)}</summary>"
    yield ""
    yield from block(lines, kind)
    yield ""
    yield "</details>"
    yield ""


def _sample(sample: Sample) -> str:
    words = [
        f"{sample.n:4d}",
        sample.kind,
        sample.place,
        f"X{sample.x:.2f} Y{sample.y:.2f}",
        f"Z{sample.trigger_z:.4f}",
    ]
    if sample.bed is not None or sample.hotend is not None:
        words.append(" ".join(f"{value:.1f}°C" for value in (sample.bed, sample.hotend) if value is not None))
    words += [f"{name}={value:g}" for name, value in sample.values.items()]
    return "  ".join(word for word in words if word) + ("" if sample.recorded else "  (not counted)")
