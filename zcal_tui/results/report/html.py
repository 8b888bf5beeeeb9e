"""The report as one HTML file: no script, nothing from the network, for light and dark screens and paper."""

import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from zcal_tui.model.advice import advice_left
from zcal_tui.model.check_info import ESTIMATES
from zcal_tui.model.codec import record_to_json
from zcal_tui.model.estimate_text import value_text
from zcal_tui.model.labels import label
from zcal_tui.model.record import Change, Estimate, Sample
from zcal_tui.results.main_estimate import main_estimates
from zcal_tui.results.report.map import is_at_place
from zcal_tui.results.report.page import GLYPH, WORDS, Page, ReportSection
from zcal_tui.results.report.svg import clean


def render(pages: Sequence[Page]) -> str:
    """The whole file, in UTF-8."""
    title = "Z calibration of " + ", ".join(page.printer for page in pages)
    style = files("zcal_tui.results.report").joinpath("report.css").read_text(encoding="utf-8")
    body = "\n".join(line for page in pages for line in _page(page))
    # The policy keeps a printer's texts from being anything but text
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{clean(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _page(page: Page) -> Iterator[str]:
    yield "<main>"
    facts = "".join(f"<div><dt>{clean(name)}</dt><dd>{clean(value)}</dd></div>" for name, value in page.facts)
    day = clean(page.generated[:10])
    yield f'<header><p class="kicker">Z calibration · {day}</p><h1>{clean(page.printer)}</h1><dl>{facts}</dl></header>'
    if page.sections:
        yield "<nav><ol>" + "".join(_overview(section) for section in page.sections) + "</ol></nav>"
    else:
        yield "<p>No check has been run on this printer yet.</p>"
    for section in page.sections:
        yield from _section(section)
    if page.changed:
        rows = [(change.at[:10], change.what, change.note) for change in reversed(page.changed)]
        yield ("<section><h2>Hardware changes</h2>" + _table(("when", "what", "note"), rows) + "</section>")
    if page.config:
        text = "\n\n".join(
            f"[{name}]\n" + "\n".join(f"{option}: {_config(value)}" for option, value in options.items())
            for name, options in page.config.items()
        )
        yield (
            "<section><h2>Configuration</h2><details><summary>The values that heights depend on</summary>"
            f"<pre>{clean(text)}</pre></details></section>"
        )
    yield f"<footer>Made by zcal-tui, {clean(page.generated)}. Intervals are 95 %.</footer></main>"


def _overview(section: ReportSection) -> str:
    """A row of the list at the top: verdict, title, main estimate, and whether it is stale."""
    value = ", ".join(_short(estimate) for estimate in main_estimates(section.record))
    numbers = f'<span class="number">{clean(value)}</span>' if value else ""
    marks = '<span class="tag">stale</span>' if section.stale else ""
    return (
        f'<li><a href="#{clean(section.record.id)}">{_chip(section)}<span class="name">{clean(section.title)}</span>'
        f"{marks}{numbers}</a></li>"
    )


def _short(estimate: Estimate) -> str:
    """A value without its interval, else its bound."""
    show = value_text(estimate.name, estimate.unit)
    if estimate.value is not None:
        return show(estimate.value)
    return f"≤ {show(estimate.high)}" if estimate.high is not None else f"≥ {show(estimate.low or 0.0)}"


def _chip(section: ReportSection) -> str:
    level = section.level
    return f'<span class="chip {level.value}"><b>{GLYPH[level]}</b> {WORDS[level]}</span>'


def _section(section: ReportSection) -> Iterator[str]:
    record = section.record
    yield f'<section class="check {section.level.value}" id="{clean(record.id)}">'
    yield f'<div class="head"><h2>{clean(section.title)}</h2>{_chip(section)}</div>'
    yield f'<p class="summary">{clean(section.summary)}</p>'
    if section.stale:
        yield f'<p class="stale"><b>Stale</b>: {clean(section.stale)}.</p>'
    yield _estimates(record.estimates.values())
    for figure in section.figures:
        yield f"<figure>{figure.svg}<figcaption>{clean(figure.caption)}</figcaption></figure>"
    if record.verdict is not None and record.verdict.reasons:
        yield "<h3>Why</h3>" + _list(record.verdict.reasons)
    if advice := advice_left(record):
        yield "<h3>Next steps</h3>" + _list(advice)
    if record.problem is not None:
        texts = [record.problem.what, record.problem.cause, record.problem.remedy]
        yield "<h3>What happened</h3>" + _list([text for text in texts if text])
    yield from _changes(record.changes)
    yield from _raw(section)
    when = f"{clean(record.started[:16].replace('T', ' '))} UTC" + (
        f" · {section.age}" if section.age else ""
    )
    yield f'<p class="meta">{when} · {clean(record.check)} · run {clean(record.id)}</p></section>'


def _estimates(estimates: Iterable[Estimate]) -> str:
    """The estimates as a table, except those of places, which are on the map."""
    rows = []
    for estimate in estimates:
        if is_at_place(estimate.name) or (
            estimate.value is None and estimate.low is None and estimate.high is None
        ):
            continue
        show = value_text(estimate.name, estimate.unit)
        value, low, high = (
            "" if n is None else show(n) for n in (estimate.value, estimate.low, estimate.high)
        )
        interval = f"{low or '…'} … {high or '…'}" if low or high else ""
        if high and not low:
            interval = f"at most {high}"
        elif low and not high:
            interval = f"at least {low}"
        known = ESTIMATES.get(estimate.name)
        title = f' title="{clean(known.meaning)}"' if known is not None else ""
        meaning = f"<small>{clean(known.meaning)}</small>" if known is not None else ""
        rows.append(
            f"<tr{title}><th>{clean(label(estimate.name))}{meaning}</th><td>{clean(value) or '—'}</td>"
            f"<td>{clean(interval)}</td></tr>"
        )
    if not rows:
        return ""
    head = "<thead><tr><th></th><th>value</th><th>95 % interval</th></tr></thead>"
    return f'<table class="numbers">{head}<tbody>{"".join(rows)}</tbody></table>'


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        return
    rows = [
        (f"[{c.section}] {c.option}", "—" if c.was is None else c.was, c.shown, c.state, c.effect)
        for c in changes
    ]
    yield "<h3>For printer.cfg</h3>" + _table(
        ("option", "was", "new", "state", "effect"), rows, code=(0, 1, 2)
    )


def _raw(section: ReportSection) -> Iterator[str]:
    """The samples, and the record as JSON."""
    record = section.record
    if record.samples:
        rows = [_sample(sample) for sample in record.samples]
        used = [n for n in range(len(HEAD)) if any(row[n] for row in rows)]
        table = _table([HEAD[n] for n in used], [[row[n] for n in used] for row in rows])
        yield f'<details><summary>{len(record.samples)} samples</summary><div class="wide">{table}</div></details>'
    text = json.dumps(record_to_json(record), ensure_ascii=False, indent=1)
    yield f"<details><summary>The record</summary><pre>{clean(text)}</pre></details>"


HEAD = ("n", "kind", "place", "round", "X", "Y", "trigger Z", "bed Z", "bed °C", "nozzle °C", "more")


def _sample(sample: Sample) -> tuple[str, ...]:
    def shown(value: float | None, digits: int) -> str:
        return "" if value is None else f"{value:.{digits}f}".replace("-", "−")

    more = [f"{name} {value:g}" for name, value in sample.values.items()]
    return (
        str(sample.n),
        sample.kind,
        sample.place,
        str(sample.round),
        shown(sample.x, 2),
        shown(sample.y, 2),
        shown(sample.trigger_z, 4),
        shown(sample.bed_z, 4),
        shown(sample.bed, 1),
        shown(sample.hotend, 1),
        ", ".join(more if sample.recorded else ["not counted", *more]),
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], code: Sequence[int] = ()) -> str:
    def cell(column: int, text: str) -> str:
        return f"<td><code>{clean(text)}</code></td>" if column in code else f"<td>{clean(text)}</td>"

    top = "".join(f"<th>{clean(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(cell(n, text) for n, text in enumerate(row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{clean(item)}</li>" for item in items) + "</ul>"


def _config(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_config(item) for item in value)
    return str(value)
