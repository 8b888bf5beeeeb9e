"""A check's questions in plain lines, and what a typed line means as an answer."""

from collections.abc import Mapping

from zcal_tui.model.distance import ACCEPTED, ACCEPTED_JOG, DistanceError, parse_distance, parse_jog
from zcal_tui.model.paper_moves import AUTO_FINE, automatic_step
from zcal_tui.model.questions import (
    Answer,
    Choose,
    Confirm,
    JogMove,
    JogStep,
    PaperMove,
    PaperStep,
    Question,
)
from zcal_tui.model.units import closer_farther, length, millimetres

_WORDS = {"a": "accept", "accept": "accept", "u": "undo", "undo": "undo", "q": "abort", "abort": "abort"}


def question_lines(question: Question) -> list[str]:
    """What to print; the last line is the prompt."""
    match question:
        case Confirm(text=text, detail=detail, yes=yes, no=no):
            return [text, *_indented(detail), f"  y: {yes}   n: {no}"]
        case Choose(text=text, detail=detail, options=options):
            choices = [
                f"  {number}: {option.label}" + (f" ({option.help})" if option.help else "")
                for number, option in enumerate(options, 1)
            ]
            return [text, *_indented(detail), *choices, "  Number?"]
        case PaperStep():
            return _paper_lines(question)
        case JogStep():
            return _jog_lines(question)


def _paper_lines(step: PaperStep) -> list[str]:
    lines = []
    first = len(step.tried) <= 1
    if first:
        which = f" ({step.test} of {step.tests})" if step.tests > 1 else ""
        lines += [step.instruction + which, *_indented(step.detail)]
    lines.append(f"  nozzle at Z {millimetres(step.height, digits=4)}{_around(step)}")
    if step.far_above is not None:
        expected = millimetres(step.height - step.far_above, digits=3)
        lines.append(
            f"    the bed is expected {millimetres(step.far_above, digits=2)} below, at Z {expected}"
        )
    if step.name and not (first and step.far_above is not None):
        now = ""
        if step.old is not None:
            effect = "" if step.gap_change is None else f": {closer_farther(step.gap_change)}"
            now = f" (now {millimetres(step.old, digits=3)}{effect})"
        lines.append(f"    {step.name} would be {millimetres(step.value, digits=3)}{now}")
    if first:
        lines += [
            f"  l: lower by the automatic step; r: raise by {AUTO_FINE:g} mm; -0.1: lower by 0.1 mm;",
            "  - and +: bisect, half way to a height where the paper drags (-) or is free (+); -- and ++: to the next",
            "  height tried, at most 0.2 mm.",
        ]
    if step.taken_over:
        lines += [f"    {line}" for line in (f"Opened by {step.opener}.", step.accept)] if not first else []
        lines.append("    q sends ABORT, which ends it for every client; Ctrl-C leaves it open.")
    if step.lowest_free is not None and step.highest_dragging is not None:
        half = abs(step.lowest_free - step.highest_dragging) / 2
        lines.append(f"    bracketed to ± {length(half)}")
    elif not first:
        lines.append("    not bracketed yet")
    lines.append(
        f"  l: lower to {millimetres(step.height - automatic_step(step), digits=3)}, r: raise, + - ++ -- or a distance "
        "in mm, u: undo, a: accept (the paper just drags), q: abort"
    )
    return lines


def _around(step: PaperStep) -> str:
    """The next heights that were tried, as far as there are any."""
    tried = [
        f"{word} {millimetres(height, digits=4)}"
        for word, height in (("below", step.lower), ("above", step.upper))
        if height is not None
    ]
    return f"; tried next to it: {', '.join(tried)}" if tried else ""


def _jog_lines(step: JogStep) -> list[str]:
    x_offset, y_offset = step.offsets
    which = f" ({step.test} of {step.tests})" if step.tests > 1 else ""
    return [
        step.text + which,
        *_indented(step.detail),
        f"  nozzle at X {step.x:.3f} Y {step.y:.3f} Z {step.z:.3f}",
        f"  x_offset {x_offset:.3f} (was {step.old[0]:g}), y_offset {y_offset:.3f} (was {step.old[1]:g})",
        "  x 1.5, y -0.2, z 0.5: move by mm, a: accept (the nozzle is over the mark), q: abort",
    ]


def parse_answer(question: Question, line: str) -> Answer | None:
    """The answer that a typed line stands for; None where it is none."""
    word = line.strip().lower()
    match question:
        case Confirm():
            return {"y": True, "yes": True, "n": False, "no": False}.get(word)
        case Choose(options=options):
            if word.isdecimal() and 1 <= int(word) <= len(options):
                return options[int(word) - 1].key
            return next((option.key for option in options if option.key.lower() == word), None)
        case PaperStep():
            return _paper_move(question, word)
        case JogStep():
            return _jog_move(word)


def _paper_move(step: PaperStep, word: str) -> PaperMove | None:
    match _WORDS.get(word):
        case "accept":
            return PaperMove("accept")
        case "undo":
            return PaperMove("undo")
        case "abort":
            return PaperMove("abort")
    if word in ("l", "lower"):
        return PaperMove("step", f"{-automatic_step(step):g}")
    if word in ("r", "raise"):
        return PaperMove("step", f"{AUTO_FINE:g}")
    if word in ("+", "-", "++", "--"):
        return PaperMove("step", word)
    try:
        return PaperMove("step", f"{parse_distance(word):.6g}")
    except DistanceError:
        return None


def _jog_move(word: str) -> JogMove | None:
    match _WORDS.get(word):
        case "accept":
            return JogMove("done")
        case "abort":
            return JogMove("abort")
    try:
        return parse_jog(word)
    except DistanceError:
        return None


def reprompt(question: Question, line: str) -> str:
    """What to say of a line that is no answer: the prompt, and what a distance may look like."""
    forms = {PaperStep: f" Type {ACCEPTED}.", JogStep: f" Type {ACCEPTED_JOG}."}.get(type(question), "")
    return f"{line.strip()!r} was not understood: {question_lines(question)[-1].strip()}.{forms}"


HELP: Mapping[type, tuple[str, ...]] = {
    Confirm: ("Type y or n, then Enter.",),
    Choose: ("Type the number of your choice, then Enter.",),
    PaperStep: (
        "Put a sheet of ordinary paper under the nozzle and slide it back and forth.",
        "Slides freely: type l to lower the nozzle. Drags too much or sticks: type + to go half way back up.",
        "After that, - goes half way down again, to a height where the paper dragged.",
        "Drags slightly both ways: type a to accept. u returns to the height before.",
        "A distance in mm moves by it: -0.05 lowers by 0.05 mm.",
    ),
    JogStep: (
        "Move the nozzle over the mark: x 1.5 moves right by 1.5 mm, y -0.2 to the front by 0.2 mm, z 0.5 up.",
        "Type a once the nozzle is over the mark, or q to abort.",
    ),
}
"""What `?` says of each kind of question."""
ENDS: Mapping[type, tuple[str, ...]] = {
    Confirm: ("Ctrl-C cancels the check.",),
    Choose: ("Ctrl-C cancels the check.",),
    PaperStep: ("q and Ctrl-C abort the paper test and lift the nozzle.",),
    JogStep: ("Ctrl-C cancels the check and lifts the nozzle.",),
}
"""How each is left without an answer."""
LEAVES_OPEN = (
    "q sends ABORT, which ends it for every client, then asks whether to raise the nozzle.",
    "Ctrl-C leaves it open, and the nozzle where it is.",
)
"""The same in a manual probe that was taken over."""


def help_lines(question: Question) -> list[str]:
    """How to answer a question, then the question again."""
    taken_over = isinstance(question, PaperStep) and question.taken_over
    return [
        *HELP[type(question)],
        *(LEAVES_OPEN if taken_over else ENDS[type(question)]),
        "Ctrl-\\ is the emergency stop.",
        *question_lines(question),
    ]


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
