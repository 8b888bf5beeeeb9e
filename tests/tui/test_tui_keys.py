"""The names of the actions: told in the documentation, each once, none for two keys of one screen."""

from pathlib import Path

from zcal_tui.tui.keys import STOP_ID, STOP_KEYS, bindings, unknown_ids

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"


def test_every_action_stands_in_the_documentation_with_its_keys() -> None:
    page = PAGE.read_text(encoding="utf-8").splitlines()
    told = {line.split("`")[1]: line for line in page if line.startswith("| `")}
    known = bindings()
    assert set(told) == set(known)
    for name, binding in known.items():
        assert all(f"`{key}`" in told[name] for key in binding.key.split(",")), name


def test_stop_has_the_keys_it_always_keeps() -> None:
    assert bindings()[STOP_ID].key == STOP_KEYS


def test_unknown_names_are_told_with_the_nearest() -> None:
    assert unknown_ids({"plan.next": "f2"}) == []
    (told,) = unknown_ids({"paper.lowr": "x"})
    assert "did you mean paper.lower?" in told
