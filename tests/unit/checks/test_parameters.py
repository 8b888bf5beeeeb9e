"""A check's parameters refuse what is out of range, in words that say what is in it."""

from dataclasses import dataclass

import pytest

from zcal_tui.checks.parameters import ParameterError, build, parameter, specs


@dataclass(frozen=True)
class Sieve:
    samples: int | None = parameter(None, "how many", minimum=2, maximum=100)
    speed: float = parameter(5.0, "how fast", unit="mm/s", minimum=0.1, maximum=50)
    method: str = parameter("auto", "which way", choices=("auto", "scan", "release"))
    home: bool = parameter(True, "home first")
    seed: int = parameter(1, "which draw", minimum=0, maximum=2**31)


def test_what_is_declared_is_what_is_known() -> None:
    by_name = {spec.name: spec for spec in specs(Sieve)}
    assert list(by_name) == ["samples", "speed", "method", "home", "seed"]
    assert by_name["samples"].kind is int
    assert by_name["speed"].range_text == "0.1 to 50 mm/s"
    assert by_name["seed"].range_text == "0 to 2147483648"
    assert by_name["method"].flag == "--method"


def test_texts_become_values() -> None:
    assert build(Sieve, {"samples": "20", "speed": "2.5", "home": "no"}) == Sieve(20, 2.5, "auto", False)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"samples": "1"}, "2 to 100"),
        ({"samples": "many"}, "whole number"),
        ({"speed": "nan"}, "0.1 to 50 mm/s"),
        ({"speed": "inf"}, "0.1 to 50 mm/s"),
        ({"speed": "1e400"}, "out of range"),
        ({"method": "scam"}, "did you mean scan"),
        ({"home": "perhaps"}, "neither yes nor no"),
        ({"sampels": "3"}, "did you mean --samples"),
        ({"speed": 99.0}, "out of range"),
    ],
)
def test_a_bad_value_is_refused_with_what_would_be_right(values: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        build(Sieve, values)
