"""Questions in plain lines, what typed lines mean, and how the autopilot finds the paper."""

import io
import os
import time
from dataclasses import replace
from typing import Any

import pytest

from zcal_tui.headless.answers import LinePrompts, NobodyAnswers
from zcal_tui.headless.autopilot import Autopilot
from zcal_tui.headless.output import TextOutput
from zcal_tui.headless.questions import help_lines, parse_answer, question_lines
from zcal_tui.model.questions import (
    Answer,
    Choose,
    Confirm,
    JogMove,
    JogStep,
    Option,
    PaperMove,
    PaperStep,
    Question,
    answer_text,
)
from zcal_tui.session.operator import fits
from zcal_tui.session.simulated_person import SimulatedPersonGone

CONFIRM = Confirm("save", "Save it?", "Klipper restarts.", yes="Save", no="Leave")
CHOOSE = Choose("which", "Which switch?", (Option("d2f", "D2F-5", "0.5 mm"), Option("ssg", "SSG-5H")))
PAPER = PaperStep("paper", "Lower it.", 1.5, 1.2, None, 5.0, -2.0, 0.0, 0.0025, old=6.4, base=6.36)
JOG = JogStep("jog", "Over the mark.", 10.0, 20.0, 5.0, (0, 0, 0), (200, 200, 200), (9.0, 0.5), (0.0, 19.75))


@pytest.mark.parametrize(
    ("question", "line", "answer"),
    [
        (CONFIRM, "y", True),
        (CONFIRM, " No ", False),
        (CONFIRM, "perhaps", None),
        (CHOOSE, "2", "ssg"),
        (CHOOSE, "D2F", "d2f"),
        (CHOOSE, "3", None),
        (CHOOSE, "0", None),
        (PAPER, "-", PaperMove("step", "-")),
        (PAPER, "++", PaperMove("step", "++")),
        (PAPER, "-0,05", PaperMove("step", "-0.05")),
        (PAPER, "a", PaperMove("accept")),
        (PAPER, "undo", PaperMove("undo")),
        (PAPER, "q", PaperMove("abort")),
        (PAPER, "nan", None),
        (PAPER, "inf", None),
        (PAPER, "", None),
        (JOG, "x 1.5", JogMove("move", dx=1.5)),
        (JOG, "y-0.2", JogMove("move", dy=-0.2)),
        (JOG, "z 0.5", JogMove("move", dz=0.5)),
        (JOG, "a", JogMove("done")),
        (JOG, "q", JogMove("abort")),
        (JOG, "w 1", None),
        (JOG, "1.5", None),
    ],
)
def test_what_a_typed_line_means(question: Question, line: str, answer: Answer | None) -> None:
    found = parse_answer(question, line)
    assert found == answer
    if found is not None:
        assert fits(question, found)
        assert answer_text(question, found)


@pytest.mark.parametrize("question", [CONFIRM, CHOOSE, PAPER, JOG])
def test_an_answer_of_another_kind_does_not_fit(question: Question) -> None:
    answers: list[Answer] = [True, "nothing of the kind", PaperMove("accept"), JogMove("done")]
    assert sum(fits(question, answer) for answer in answers) == (0 if question is CHOOSE else 1)


def test_the_paper_test_tells_both_values_and_the_direction() -> None:
    text = "\n".join(question_lines(replace(PAPER, height=0.03, lower=-0.02, tried=(5.0, -0.02, 0.03))))
    assert "nozzle at Z 0.0300 mm; tried next to it: below −0.0200 mm" in text
    assert "z_offset would be 6.330 mm (now 6.400 mm: the nozzle will be 70 µm farther from the bed)" in text
    assert "expected" not in text


def test_help_does_not_promise_to_lift_a_nozzle_that_stays_where_it_is() -> None:
    assert "lift the nozzle" in "\n".join(help_lines(PAPER))
    text = "\n".join(help_lines(replace(PAPER, opener="DELTA_CALIBRATE", accept="It stages nothing.")))
    assert "lift" not in text
    assert "Ctrl-C leaves it open" in text


def test_high_above_the_bed_it_tells_how_far_that_is_and_no_value() -> None:
    first = replace(PAPER, height=20.0, lower=None, start=20.0, tried=(20.0,))
    text = "\n".join(question_lines(first))
    assert "nozzle at Z 20.0000 mm\n" in text
    assert "the bed is expected 20" in text
    assert "would be" not in text
    assert "l: lower to 19.000 mm" in text
    assert "?" not in text
    lowered = "\n".join(question_lines(replace(first, height=1.5, upper=20.0, tried=(20.0, 1.5))))
    assert "z_offset would be 4.860 mm" in lowered, "the bed may be where nobody expected it"
    assert "the bed is expected 1.5" in lowered
    assert "-5: lower by 5 mm" not in lowered
    unexpected = replace(first, expected=None, old=None)
    assert "z_offset would be −13.640 mm" in "\n".join(question_lines(unexpected))


def test_the_value_follows_the_height() -> None:
    lower = PaperStep("paper", "", -0.03, None, None, 5.0, -2.0, 0.0, 0.0025, old=6.4, base=6.36)
    assert lower.value == pytest.approx(6.39)
    assert lower.gap_change == pytest.approx(
        0.01
    )  # contact was thought to be at −0.04: the nozzle goes farther


def test_line_prompts_ask_until_they_understand() -> None:
    words = io.StringIO()
    end, begin = os.pipe()
    prompts = LinePrompts(TextOutput(io.StringIO(), words), os.fdopen(end))
    prompts.ask(CONFIRM)
    os.write(begin, b"what\ny\n")
    os.close(begin)
    found = None
    until = time.monotonic() + 5
    while found is None and time.monotonic() < until:
        found = prompts.poll()
    assert found is True
    assert "'what' was not understood" in words.getvalue()


def test_a_closed_standard_input_answers_nothing() -> None:
    prompts = LinePrompts(TextOutput(io.StringIO(), io.StringIO()), io.StringIO(""))
    prompts.ask(CONFIRM)
    until = time.monotonic() + 5
    with pytest.raises(NobodyAnswers):
        while time.monotonic() < until:
            prompts.poll()


class Person:
    """Feels like the simulated one: drags within `window` of `target`."""

    def __init__(self, target: float, window: float = 0.01) -> None:
        self.target, self.window = target, window
        self.height = 0.0
        self.tests = 0
        self.mark_at = (0.31, 19.5)
        self.wiped = False

    def drag(self) -> str:
        if self.height > self.target + self.window:
            return "free"
        return "stuck" if self.height < self.target - self.window else "drags"

    def gap(self) -> float:
        return self.height - self.target + 0.1

    def see(self) -> tuple[float, float] | None:
        return self.mark_at

    def mark(self) -> None:
        pass

    def new_test(self) -> None:
        self.tests += 1

    def wipe(self) -> None:
        self.wiped = True

    def probe_state(self) -> str:
        return "docked"

    def truth(self, path: str) -> Any:
        return {"probe.x_offset": 0.3, "probe.y_offset": None}[path]


@pytest.mark.parametrize("target", [0.1, -0.07, 0.8234, 2.0])
@pytest.mark.parametrize("step", [0.0003125, 0.0025, 0.00625])
def test_the_autopilot_finds_the_middle_of_the_dragging(target: float, step: float) -> None:
    person = Person(target)
    autopilot = Autopilot(person)  # type: ignore[arg-type]  # a person of the same shape
    height, tried = 11.5, [11.5]
    accepted = False
    for _ in range(80):
        person.height = height
        autopilot.ask(
            PaperStep("paper", "", height, None, None, 11.5, -3.0, 0.0, step, tried=tuple(tried[-12:]))
        )
        move = autopilot.poll()
        assert isinstance(move, PaperMove)
        accepted = move.kind == "accept"
        if accepted:
            break
        assert move.kind == "step"
        height = round((height + float(move.z)) / step) * step
        tried.append(height)
    assert accepted
    assert height == pytest.approx(target, abs=max(0.004, step))
    assert person.tests == 1


def test_the_autopilot_jogs_onto_the_mark() -> None:
    person = Person(0.1)
    autopilot = Autopilot(person)  # type: ignore[arg-type]
    autopilot.ask(JOG)
    assert autopilot.poll() == JogMove("move", dx=0.31, dy=19.5)
    person.mark_at = (0.001, -0.001)
    autopilot.ask(JOG)
    assert autopilot.poll() == JogMove("done")


@pytest.mark.parametrize(("nozzle_y", "sure"), [(120.0, True), (123.0, False)])
def test_the_autopilot_sees_whether_the_nozzle_is_over_the_point(nozzle_y: float, sure: bool) -> None:
    autopilot = Autopilot(Person(0.1))  # type: ignore[arg-type]
    facts = {"probed_x": 100.0, "probed_y": 100.0, "nozzle_x": 100.0, "nozzle_y": nozzle_y}
    autopilot.ask(Confirm("nozzle-over-point", "?", facts={**facts, "x_offset": 0.0, "y_offset": 20.0}))
    assert autopilot.poll() is sure


def test_the_autopilot_wipes_the_nozzle() -> None:
    person = Person(0.1)
    autopilot = Autopilot(person)  # type: ignore[arg-type]
    autopilot.ask(Confirm("clean-nozzle", "?"))
    assert autopilot.poll() is True
    assert person.wiped


@pytest.mark.parametrize(
    ("z", "gap", "key"),
    [(5.0, 4.9, "on"), (0.5, 0.32, "on"), (0.3, 0.12, "touches"), (0.1, 0.1, "touches")],
)
def test_the_autopilot_goes_down_only_while_the_gap_is_wide(z: float, gap: float, key: str) -> None:
    person = Person(0.1)
    person.height = gap
    autopilot = Autopilot(person)  # type: ignore[arg-type]
    options = tuple(Option(each, each) for each in ("on", "touches", "stop"))
    autopilot.ask(Choose("first-layer-step", "?", options, facts={"z": z}))
    assert autopilot.poll() == key


@pytest.mark.parametrize(("gap", "step", "sure"), [(1.0, 0.5, True), (1.0, 1.2, False), (0.3, 0.2, False)])
def test_the_autopilot_dares_a_long_step_only_into_a_gap_that_it_sees(
    gap: float, step: float, sure: bool
) -> None:
    person = Person(0.1)
    person.height = gap
    autopilot = Autopilot(person)  # type: ignore[arg-type]
    autopilot.ask(Confirm("risky-step", "?", facts={"step": step}))
    assert autopilot.poll() is sure


def test_the_autopilot_sees_whether_the_probe_is_off() -> None:
    autopilot = Autopilot(Person(0.1))  # type: ignore[arg-type]
    autopilot.ask(Confirm("probe-off", "?"))
    assert autopilot.poll() is True


def test_a_person_that_is_gone_ends_the_answers() -> None:
    class Gone(Person):
        def drag(self) -> str:
            raise SimulatedPersonGone("The simulated printer has ended.")

    autopilot = Autopilot(Gone(0.1))  # type: ignore[arg-type]
    with pytest.raises(NobodyAnswers, match="has ended"):
        autopilot.ask(PAPER)


def typed(*lines: str, plain: bool = False) -> tuple[LinePrompts, io.StringIO]:
    """Prompts at which these lines are typed, and what they print."""
    words = io.StringIO()
    end, start = os.pipe()
    os.write(start, "".join(f"{line}\n" for line in lines).encode())
    os.close(start)
    output = TextOutput(io.StringIO(), words, plain=plain)
    return LinePrompts(output, os.fdopen(end), plain=plain), words


def poll(prompts: LinePrompts) -> Answer | None:
    """The answer, once the lines typed have arrived."""
    until = time.monotonic() + 5.0
    while (answer := prompts.poll()) is None and time.monotonic() < until:
        time.sleep(0.01)
    return answer


def test_a_question_mark_helps_and_asks_again() -> None:
    end, start = os.pipe()
    words = io.StringIO()
    prompts = LinePrompts(TextOutput(io.StringIO(), words), os.fdopen(end))
    prompts.ask(PAPER)
    os.write(start, b"?\na\n")
    assert poll(prompts) == PaperMove("accept")
    os.close(start)
    assert "Slides freely: type l" in words.getvalue()
    assert words.getvalue().count("\n> ") == 2, "a prompt sign after the question and after the help"


def test_plain_questions_ring_a_bell_and_are_in_words() -> None:
    prompts, words = typed("y", plain=True)
    prompts.ask(replace(CONFIRM, detail="σ ± 2 µm → 3"))
    assert words.getvalue().endswith("\a> ")
    assert "standard deviation plus or minus 2 µm to 3" in words.getvalue()


def test_lower_and_raise_are_words_too() -> None:
    assert parse_answer(PAPER, "l") == PaperMove("step", "-0.5")
    assert parse_answer(PAPER, "r") == PaperMove("step", "0.03")
