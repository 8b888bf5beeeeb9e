"""What the doctor makes of a terminal."""

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.terminal import judge_terminal

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM


TERMINAL = [
    ({"problem": "TERM is dumb"}, "term", PROBLEM, "TERM is dumb."),
    ({"problem": "TERM is not set", "is_terminal": False}, "term", NOTE, "TERM is not set."),
    ({"is_terminal": False}, "term", OK, "redirected"),
    ({"columns": 50}, "size", NOTE, "50 columns and 24 rows"),
    ({"rows": 10}, "size", NOTE, "80 columns and 10 rows"),
    ({"console": True, "term": "linux"}, "console", NOTE, "text console"),
    ({"encoding": "iso8859-1"}, "encoding", PROBLEM, "iso8859-1"),
    ({"decodes_utf8": False}, "encoding", PROBLEM, "does not decode UTF-8"),
    ({"locale": "de_DE.UTF-8", "locale_known": False}, "locale", NOTE, "de_DE.UTF-8"),
    (
        {"multiplexer": "tmux"},
        "term",
        OK,
        "with 80 columns and 24 rows. It is connected over SSH. It runs in tmux.",
    ),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), TERMINAL)
def test_terminal(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_terminal(seen.terminal(**facts)), key)
    assert found.grade is grade
    assert words in found.what
