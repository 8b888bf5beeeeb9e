"""A run in plain text: what a person reads, and how it ends for a script."""

import io
from dataclasses import replace

import pytest

from zcal_tui.headless.exit_codes import ExitCode, of_record
from zcal_tui.headless.output import JsonOutput, TextOutput
from zcal_tui.headless.text import (
    change_lines,
    event_lines,
    plain_text,
    problem_lines,
    record_lines,
    sample_line,
)
from zcal_tui.model.estimate_text import estimate_text
from zcal_tui.model.events import Notice, Progress, RunEnded, RunStarted, SampleTaken, Stage
from zcal_tui.model.record import (
    Change,
    Estimate,
    Level,
    Outcome,
    Problem,
    Record,
    RecordPart,
    Sample,
    Verdict,
)

RECORD = Record(id="r", check="accuracy", printer={"name": "voron"}, started="now", finished="later")


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (0.0024, 0.0018, 0.0036, "2.4 µm (1.8 µm … 3.6 µm, 95 %)"),
        (0.0, None, 0.001, "0.0 µm (at most 1.0 µm, 95 %)"),
        (0.002, 0.001, None, "2.0 µm (at least 1.0 µm, 95 %)"),
        (None, None, 0.001, "at most 1.0 µm (95 %)"),
        (None, 0.001, None, "at least 1.0 µm (95 %)"),
        (None, 0.001, 0.002, "1.0 µm … 2.0 µm (95 %)"),
        (0.0063, None, None, "6.3 µm"),
        (None, None, None, "unknown"),
    ],
)
def test_an_estimate_says_what_is_known_of_it(
    value: float | None, low: float | None, high: float | None, text: str
) -> None:
    assert estimate_text(Estimate("sigma", value, low, high)) == text


def test_a_probability_and_another_unit() -> None:
    assert estimate_text(Estimate("over_limit", 0.0, 0.0, 0.02, unit="")) == "< 0.1 % (< 0.1 % … 2.0 %, 95 %)"
    assert estimate_text(Estimate("x", 1.5, None, None, unit="µm/°C")) == "1.5 µm/°C"


def test_samples_are_told_from_the_first_one() -> None:
    lines = event_lines()
    assert lines(RunStarted(id="r", check="accuracy", started="", printer={"name": "v"})) == ["accuracy on v"]
    assert "0.0 µm from the first" in lines(SampleTaken(Sample(1, 0, 0, 0, 1.5)))[0]
    assert "+2.5 µm from the first" in lines(SampleTaken(Sample(2, 0, 0, 0, 1.5025)))[0]
    dropped = lines(SampleTaken(Sample(3, 0, 0, 0, 1.5, recorded=False)))[0]
    assert "not counted" in dropped
    assert lines(Progress(1, 2)) == []
    assert lines(Notice("back again")) == ["Note: back again"]


def test_samples_of_another_kind_or_place_have_a_first_one_of_their_own() -> None:
    first: list[Sample] = []
    lines = [
        sample_line(sample, first)
        for sample in (
            Sample(1, 0, 0, 0, 1.5, place="back left"),
            Sample(2, 0, 0, 0, 1.6, place="front right"),
            Sample(3, 0, 0, 0, 1.51, place="back left"),
            Sample(4, 0, 0, 0, 0.1, kind="paper", place="back left"),
            Sample(5, 0, 0, 0, 1.59, place="front right"),
        )
    ]
    assert [line.split(" mm")[1].split(" from")[0].strip() for line in lines] == [
        "0.0 µm",
        "0.0 µm",
        "+10 µm",
        "0.0 µm",
        "−10 µm",
    ]
    assert lines[2].split()[:3] == ["3", "back", "left"]
    assert lines[3].split()[:2] == ["4", "paper"]
    assert len(first) == 3


@pytest.mark.parametrize("kind", ["mark", "jog"])
def test_a_look_at_the_mark_is_a_place_and_no_height(kind: str) -> None:
    first: list[Sample] = []
    line = sample_line(Sample(7, 0, 101.25, 88.5, 3.0, kind=kind), first)
    assert line.split() == ["7", kind, "X", "101.250", "Y", "88.500"]
    assert first == []


def test_a_new_run_has_a_first_sample_of_its_own() -> None:
    lines = event_lines()
    for height in (1.5, 1.6):
        lines(RunStarted(id="r", check="accuracy", started=""))
        assert "0.0 µm from the first" in lines(SampleTaken(Sample(1, 0, 0, 0, height)))[0]


def test_a_drawing_is_printed_as_it_is() -> None:
    assert event_lines()(Notice(" P\n N")) == [" P", " N"]


def test_a_problem_has_its_cause_its_remedy_and_the_printers_words() -> None:
    problem = Problem("It failed.", "A cause.", "A remedy.", raw="!! No trigger on probe")
    assert problem_lines(problem) == [
        "It failed.",
        "  Likely cause: A cause.",
        "  What to do: A remedy.",
        "  Printer's message: !! No trigger on probe",
    ]
    assert problem_lines(Problem("Same.", raw="Same.")) == ["Same."]


def test_changes_are_lines_to_edit() -> None:
    changes = (Change("probe", "samples", "1", "3"), Change("probe", "samples_result", None, "median"))
    assert change_lines(changes) == ["    [probe]", "    samples: 3   # was 1", "    samples_result: median"]
    saved = Change("probe", "z_offset", "1.5", "1.520", state="saved", saves=True)
    assert change_lines((saved,)) == ["    [probe]", "    z_offset: 1.520   # was 1.5, saved"]


@pytest.mark.parametrize(
    ("outcome", "level", "code"),
    [
        (Outcome.FINISHED, Level.PASS, ExitCode.OK),
        (Outcome.FINISHED, Level.WARN, ExitCode.OK),
        (Outcome.FINISHED, Level.FAIL, ExitCode.VERDICT_FAIL),
        (Outcome.FINISHED, Level.UNKNOWN, ExitCode.UNDECIDED),
        (Outcome.FINISHED, None, ExitCode.UNDECIDED),
        (Outcome.CANCELLED, Level.PASS, ExitCode.CANCELLED),
        (Outcome.REFUSED, None, ExitCode.NOT_READY),
        (Outcome.ERROR, None, ExitCode.PRINTER_ERROR),
        (Outcome.LOST, None, ExitCode.PRINTER_ERROR),
    ],
)
def test_the_exit_code_says_how_it_ended(outcome: Outcome, level: Level | None, code: ExitCode) -> None:
    verdict = None if level is None else Verdict(level, "")
    assert of_record(replace(RECORD, outcome=outcome, verdict=verdict)) is code


def test_a_value_that_could_not_be_saved_is_no_success() -> None:
    record = replace(
        RECORD, outcome=Outcome.FINISHED, verdict=Verdict(Level.PASS, ""), problem=Problem("Stuck.")
    )
    assert of_record(record) is ExitCode.PRINTER_ERROR


def test_a_record_ends_with_what_follows() -> None:
    record = replace(
        RECORD,
        outcome=Outcome.FINISHED,
        verdict=Verdict(Level.WARN, "Usable.", ("Because (limit: 25 µm).",)),
        estimates={"sigma": Estimate("sigma", 0.002, 0.001, 0.003)},
        advice=("Probe three times.",),
        changes=(Change("probe", "samples", "1", "3"),),
    )
    text = "\n".join(event_lines()(RunEnded(record)))
    for part in ("! Usable.", "standard deviation σ", "· Because", "→ Probe three times.", "samples: 3"):
        assert part in text


class BrokenPipe(io.StringIO):
    """A reader that went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_goes_away_does_not_end_the_run() -> None:
    for output in (JsonOutput(BrokenPipe(), BrokenPipe()), TextOutput(BrokenPipe(), BrokenPipe())):
        output.event(Stage("touch", "Touching"))
        output.message("words")


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "Cancelled."),
        (1, "Cancelled after 1 sample, which is stored."),
        (2, "Cancelled after 2 samples, which are stored."),
    ],
)
def test_a_cancelled_run_says_what_it_leaves(count: int, words: str) -> None:
    samples = tuple(Sample(n=n, t=0.0, x=0.0, y=0.0, trigger_z=1.0) for n in range(count))
    assert words in record_lines(replace(RECORD, outcome=Outcome.CANCELLED, samples=samples))


def test_a_calibration_of_which_nothing_applies_says_so() -> None:
    nothing = replace(RECORD, check="all", outcome=Outcome.FINISHED)
    assert of_record(nothing) is ExitCode.NOT_READY
    assert "none of the selected checks applies" in "\n".join(record_lines(nothing))
    done = replace(nothing, parts=(RecordPart("r", "ready", Outcome.FINISHED, None, ""),))
    assert of_record(done) is ExitCode.UNDECIDED
    assert "The check ended without a verdict." in record_lines(done)


def test_plain_text_has_words_for_the_ends_of_a_range_only() -> None:
    assert plain_text("σ 2.5 µm (1.8 µm … 3.9 µm)") == "standard deviation 2.5 µm (1.8 µm to 3.9 µm)"
    assert plain_text("standard deviation σ 2.5 µm") == "standard deviation 2.5 µm"
    assert plain_text("- … 3 more lines …") == "- ... 3 more lines ..."
