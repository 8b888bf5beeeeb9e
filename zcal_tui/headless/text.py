"""A run in plain text, line by line as it goes."""

import re
from collections.abc import Callable

from zcal_tui.model.advice import advice_left
from zcal_tui.model.estimate_text import estimate_text
from zcal_tui.model.events import (
    AdviceGiven,
    Event,
    Notice,
    RunEnded,
    RunProblem,
    RunStarted,
    SampleTaken,
    Stage,
)
from zcal_tui.model.labels import label
from zcal_tui.model.outcome_words import LEVEL_WORDS
from zcal_tui.model.outside_text import printable
from zcal_tui.model.record import WHOLE, Change, Level, Outcome, Problem, Record, Sample
from zcal_tui.model.units import micrometres

PLAIN = str.maketrans(
    {
        "✓": "",
        "→": "to",
        "·": "-",
        "σ": "standard deviation",
        "±": "plus or minus",
        "−": "-",
        "…": "...",
        "✗": "",
    }
)
"""What --plain says instead of signs that a screen reader leaves out or spells."""
RANGE = re.compile(r"(?<=\w) … (?=[-+−\d])")
"""The sign between the ends of a range."""
GLYPH = {Level.PASS: "✓", Level.WARN: "!", Level.FAIL: "✗", Level.UNKNOWN: "?"}


def problem_lines(problem: Problem) -> list[str]:
    """What happened, why, and what to do, a line each."""
    lines = [problem.what]
    if problem.cause:
        lines.append(f"  Likely cause: {problem.cause}")
    if problem.remedy:
        lines.append(f"  What to do: {problem.remedy}")
    if problem.raw and problem.raw.strip() != problem.what.strip():
        lines += [f"  Printer's message: {line}" for line in problem.raw.strip().splitlines()[:3]]
    return lines


def change_lines(changes: tuple[Change, ...]) -> list[str]:
    """Proposed config values as the lines to edit, by section, and what has become of them."""
    lines: list[str] = []
    for section in dict.fromkeys(change.section for change in changes):
        lines.append(f"    [{section}]")
        for change in changes:
            if change.section == section:
                notes = [f"was {change.was}"] if change.old is not None else []
                notes += [change.state] if change.state != "proposed" else []
                note = f"   # {', '.join(notes)}" if notes else ""
                lines.append(f"    {change.option}: {change.shown}{note}")
    return lines


def by_hand_line(record: Record, *, part: bool = False) -> str | None:
    """The values that a finished run proposes and has not saved, in a line; None without any. Of a `part` of a full
    calibration, only those that are not saved with a group."""
    waits = part and all(change.state == "proposed" for change in record.changes)
    left = [c for c in record.changes if c.state == "proposed" and not (waits and c.saves)]
    if not left or record.outcome is not Outcome.FINISHED:
        return None
    lines = "; ".join(f"[{change.section}] {change.option}: {change.shown}" for change in left)
    return f"Values to set by hand in printer.cfg ({record.check}): {lines}"


def plain_text(text: str) -> str:
    """The text in words, without signs."""
    return RANGE.sub(" to ", text.replace("standard deviation σ", "standard deviation")).translate(PLAIN)


def record_lines(record: Record, *, plain: bool = False) -> list[str]:
    """The end of a run: verdict, numbers, reasons, advice, or why there is none. `plain` has words for the levels."""
    lines = [""]
    if record.verdict is not None:
        level = record.verdict.level
        sign = f"{LEVEL_WORDS[level].capitalize()}:" if plain else GLYPH[level]
        lines.append(f"{sign} {record.verdict.summary}")
    elif record.outcome is Outcome.CANCELLED:
        lines.append(_ended(record, "Cancelled"))
    elif record.outcome in (Outcome.ERROR, Outcome.LOST):
        lines.append(_ended(record, "Ended without a verdict"))
    elif record.outcome is Outcome.REFUSED:
        lines.append("The check did not start.")
    elif record.check == WHOLE and not record.parts and record.problem is None:
        lines.append("No check was run: none of the selected checks applies to this printer.")
    elif record.outcome is Outcome.FINISHED and record.problem is None:
        lines.append("The check ended without a verdict.")
    width = max((len(label(name)) for name in record.estimates), default=0)
    for name, estimate in record.estimates.items():
        lines.append(f"  {label(name):<{width}}  {estimate_text(estimate)}")
    if record.verdict is not None:
        lines += [f"  · {reason}" for reason in record.verdict.reasons]
    if advice := advice_left(record):
        lines.append("Next steps:")
        lines += [f"  → {text}" for text in advice]
    lines += change_lines(record.changes)
    if missing := record.context.get("not_stored"):
        lines.append(f"Not stored: {missing}.")
    return lines


def _ended(record: Record, how: str) -> str:
    """How it ended, and after how many samples; a full calibration has none of its own."""
    match len(record.samples):
        case 0:
            return f"{how}."
        case 1:
            return f"{how} after 1 sample, which is stored."
        case n:
            return f"{how} after {n} samples, which are stored."


def sample_line(sample: Sample, first: list[Sample]) -> str:
    """A sample in a line; `first` keeps the first one of its kind and place, to which the others are compared."""
    words = [f"  {sample.n:3d}"]
    if sample.kind != "touch":
        words.append(f"{sample.kind:<6}")
    if sample.place:
        words.append(f"{sample.place:<12}")
    if sample.kind in ("mark", "jog"):
        return "  ".join([*words, f"X {sample.x:.3f} Y {sample.y:.3f}"])
    if (value := sample.values.get("backlash")) is not None:
        return "  ".join([*words, f"{micrometres(value, sign=True):>9}"])
    words.append(f"{sample.trigger_z:9.4f} mm")
    before = next((one for one in first if (one.kind, one.place) == (sample.kind, sample.place)), None)
    if before is None:
        first.append(before := sample)
    words.append(f"{micrometres(sample.trigger_z - before.trigger_z, sign=True):>9} from the first")
    if not sample.recorded:
        words.append("(not counted: the printer's configuration discards it)")
    return "  ".join(words)


def event_lines(*, plain: bool = False) -> Callable[[Event], list[str]]:
    """A function that turns a run's events into lines, one after the other; `plain` for screen readers."""
    first: list[Sample] = []

    def lines(event: Event) -> list[str]:
        match event:
            case RunStarted(check=check, printer=printer):
                first.clear()
                return [f"{check} on {printer.get('name') or 'the printer'}"]
            case Stage(text=text):
                return [text]
            case SampleTaken(sample):
                return [sample_line(sample, first)]
            case Notice(text):
                parts = printable(text).split("\n")
                if len(parts) == 1:
                    return [f"Note: {text}"]
                # A drawing or a diff. Indented, so that none of its lines passes for one of the run's
                indent = "  " if any(part and not part.startswith(" ") for part in parts) else ""
                return [indent + part for part in parts]
            case RunProblem(problem):
                return problem_lines(problem)
            case RunEnded(record):
                return record_lines(record, plain=plain)
            case AdviceGiven():
                return []
            case _:
                return []

    def in_words(event: Event) -> list[str]:
        return [plain_text(line) for line in lines(event)]

    return in_words if plain else lines
