"""The content of a report in any format: the printer, and each check's newest result."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import MEASURE_NOTHING, WHOLE, Level, Outcome, Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.context import config_of
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.plots import plots_of
from zcal_tui.results.stale import age_note, stale
from zcal_tui.results.variant import grouped, representative, titled, variant

GLYPH = {Level.PASS: "✓", Level.WARN: "!", Level.FAIL: "✗", Level.UNKNOWN: "?"}
WORDS = {Level.PASS: "pass", Level.WARN: "warning", Level.FAIL: "fail", Level.UNKNOWN: "undecided"}
OUTCOMES = {
    Outcome.RUNNING: "This run has not ended.",
    Outcome.CANCELLED: "This run was cancelled. Its samples are below.",
    Outcome.REFUSED: "This run did not start.",
    Outcome.ERROR: "The printer reported an error. The samples until then are below.",
    Outcome.LOST: "This run was interrupted. The samples until then are below.",
}


@dataclass(frozen=True, slots=True)
class ReportSection:
    """One check on the page."""

    title: str
    record: Record
    stale: str | None
    age: str | None
    figures: tuple[ReportPlot, ...]

    @property
    def level(self) -> Level:
        """Its verdict's level; unknown if it has none."""
        verdict = self.record.verdict
        finished = self.record.outcome is Outcome.FINISHED
        return verdict.level if finished and verdict is not None else Level.UNKNOWN

    @property
    def summary(self) -> str:
        """Its verdict in a sentence, or why there is none."""
        if self.record.outcome is not Outcome.FINISHED:
            problem = self.record.problem
            return OUTCOMES[self.record.outcome] + (f" {problem.what}" if problem is not None else "")
        return (
            self.record.verdict.summary
            if self.record.verdict is not None
            else "The check ended without a verdict."
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One printer's results. `generated` is ISO 8601 in UTC."""

    printer: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[ReportSection, ...]
    changed: tuple[Changed, ...]
    config: Mapping[str, Mapping[str, Any]]
    generated: str


def make_page(
    printer: str,
    records: Sequence[Record],
    changed: Sequence[Changed],
    titles: Mapping[str, str],
    now: datetime | None = None,
) -> Page:
    """The page about a printer whose records these are; `titles` names the checks, in the order of the page."""
    now = now or datetime.now(UTC)
    ordered = sorted(records, key=lambda record: record.started, reverse=True)
    order = [*titles, *CHECK_INFO]
    groups = grouped(record for record in ordered if record.check not in (WHOLE, *MEASURE_NOTHING))
    names = sorted(groups, key=lambda name: _position(order, groups[name][0]))
    sections = tuple(
        ReportSection(
            titled(titles.get(record.check, record.check), record),
            record,
            stale(record, ordered, None, changed),
            age_note(record, now),
            tuple(plots_of(record)),
        )
        for record in (representative(groups[name]) for name in names)
    )
    newest = ordered[0] if ordered else None
    return Page(
        str(newest.printer.get("name") or printer) if newest is not None else printer,
        tuple(_facts(newest)) if newest is not None else (),
        sections,
        tuple(changed),
        config_of(newest.context) or {} if newest is not None else {},
        now.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


def represented(ordered: Iterable[Record]) -> list[Record]:
    """The runs that a page shows, of runs newest first: one of each check and variant."""
    return [representative(own) for own in grouped(ordered).values()]


def _position(order: Sequence[str], record: Record) -> tuple[int, str, str]:
    """The position of a record's check on the page, its variants after the usual one."""
    check = record.check
    return order.index(check) if check in order else len(order), check, variant(record)


def _facts(record: Record) -> list[tuple[str, str]]:
    """The facts at the top of the page."""
    printer, context = record.printer, record.context
    config = config_of(context) or {}
    version = str(printer.get("software_version") or "").strip("?")
    app = str(printer.get("app") or "Klipper")
    facts = [(app, version or "version unknown")]
    if kinematics := config.get("printer", {}).get("kinematics"):
        facts.append(("kinematics", str(kinematics)))
    probe = context.get("probe_section")
    facts.append(("probe", f"[{probe}]" if probe else "none"))
    levelling = [name for name in ("z_tilt", "z_tilt_ng", "quad_gantry_level") if name in config]
    if levelling:
        facts.append(("levelling", f"[{levelling[0]}]"))
    facts.append(("zcal-tui", str(context.get("program") or "")))
    if context.get("extra"):
        facts.append(("[zcal] module", str(context["extra"])))
    return [(name, value) for name, value in facts if value]
