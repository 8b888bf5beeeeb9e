"""Truth files: what is read, what is refused and how, live changes, the reference page."""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.sim.truth import TABLES, Truth, TruthError, build_truth, read_truth
from zcal_tui.sim.truth_docs import reference
from zcal_tui.sim.truth_schema import KeyInfo, key_info

KEYS = [(name, field.name) for name, table in TABLES.items() for field in dataclasses.fields(table)]
NUMBERS = [(name, key) for name, key in KEYS if get_type_hints(TABLES[name])[key] in (float, float | None)]


def info(table: str, key: str) -> KeyInfo:
    return next(key_info(field) for field in dataclasses.fields(TABLES[table]) if field.name == key)


def document(table: str, key: str, value: object) -> dict[str, Any]:
    return {"drive": {"stepper_z": {key: value}}} if table == "drive" else {table: {key: value}}


def path(table: str, key: str) -> str:
    return f"drive.stepper_z.{key}" if table == "drive" else f"{table}.{key}"


def test_a_file_becomes_a_truth(tmp_path: Path) -> None:
    file = tmp_path / "truth.toml"
    file.write_text(
        "[probe]\nnoise = 0.004\nkind = 'dockable'\n[drive.stepper_z1]\nbacklash = 1\n[bed]\nx_min = 0\n"
    )
    truth = read_truth(file)
    assert truth.probe.noise == 0.004
    assert truth.probe.kind == "dockable"
    assert truth.drive["stepper_z1"].backlash == 1.0
    assert isinstance(truth.drive["stepper_z1"].backlash, float)
    assert truth.bed.x_min == 0.0
    assert truth.heater_bed == Truth().heater_bed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[prob]\nnoise = 1", r"truth.toml: there is no table \[prob\]. Did you mean probe\?"),
        ("[probe]\nnois = 1", r"truth.toml, \[probe\]: there is no key nois. Did you mean noise\?"),
        (
            "[drive.stepper_z]\nbaklash = 1",
            r"\[drive.stepper_z\]: there is no key baklash. Did you mean backlash\?",
        ),
        ("[probe]\nnoise = 'much'", r"noise is 'much', but it must be a number \(mm\)"),
        ("[probe]\nnoise = -1", r"noise is -1, but it must be 0 to 5 \(mm\)"),
        ("[probe]\nnoise = nan", "noise is nan, but it must be 0 to 5"),
        ("[probe]\nnoise = true", "noise is True, but it must be a number"),
        ("[bed]\nx_min = inf", "x_min is inf, but it must be finite"),
        ("[probe]\nkind = 'laser'", "must be one of: auto, fixed, dockable, pin"),
        ("[probe]\nnormally_open = 1", "normally_open is 1, but it must be true or false"),
        ("[simulation]\nseed = 1.5", "seed is 1.5, but it must be a whole number"),
        ("probe = 3", r"\[probe\]: this must be a table"),
        ("drive = 3", "write one table for each drive"),
        ("[probe", "this is not valid TOML"),
        ("[probe]\nzzzzzzzz = 1", "Known here: .*noise"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "truth.toml"
    file.write_text(text)
    with pytest.raises(TruthError, match=said):
        read_truth(file)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="cannot be read: No such file"):
        read_truth(tmp_path / "missing.toml")
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(TruthError, match="not UTF-8"):
        read_truth(tmp_path / "latin.toml")


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_default_is_allowed_and_every_key_documented(table: str, key: str) -> None:
    assert info(table, key).doc
    default = next(field.default for field in dataclasses.fields(TABLES[table]) if field.name == key)
    if default is not None:
        build_truth(document(table, key, default))


@given(st.sampled_from(NUMBERS), st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_taken_exactly_within_its_range(place: tuple[str, str], value: float) -> None:
    table, key = place
    limits = info(table, key)
    base = build_truth({"drive": {"stepper_z": {}}})
    if math.isfinite(value) and limits.low <= value <= limits.high:
        assert build_truth(document(table, key, value)).get(path(table, key)) == value
        assert base.set(path(table, key), value).get(path(table, key)) == value
    else:
        with pytest.raises(TruthError):
            build_truth(document(table, key, value))
        with pytest.raises(TruthError):
            base.set(path(table, key), value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from([*TABLES, "x"]), json_values, max_size=3))
def test_no_document_does_anything_but_become_a_truth_or_be_refused(values: dict[str, object]) -> None:
    try:
        build_truth(values)
    except TruthError as error:
        assert str(error)


@given(st.text(max_size=20), json_values)
def test_no_path_does_anything_but_change_a_value_or_be_refused(text: str, value: object) -> None:
    with pytest.raises(TruthError):
        Truth().set(text, value)


def test_changing_one_value_leaves_the_rest_and_the_old_truth() -> None:
    before = build_truth({"drive": {"stepper_z": {"backlash": 0.1}, "stepper_z1": {}}})
    after = before.set("drive.stepper_z1.backlash", 0.2).set("probe.noise", 0.5)
    assert before.get("drive.stepper_z1.backlash") == 0.0
    assert after.get("drive.stepper_z1.backlash") == 0.2
    assert after.get("drive.stepper_z.backlash") == 0.1
    assert after.get("probe.noise") == 0.5
    assert dataclasses.replace(after, probe=before.probe, drive=before.drive) == before


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("probe", "write <table>.<key>"),
        ("prob.noise", "Did you mean probe"),
        ("probe.nose", "Did you mean noise"),
        ("drive.backlash", "write drive.<stepper>.<key>"),
        ("drive.stepper_z1.backlash", "Did you mean stepper_z"),
        ("drive.stepper_z.backlsh", "Did you mean backlash"),
    ],
)
def test_a_wrong_path_is_answered_with_the_nearest(wrong: str, said: str) -> None:
    truth = build_truth({"drive": {"stepper_z": {}}})
    with pytest.raises(TruthError, match=said):
        truth.get(wrong)
    with pytest.raises(TruthError, match=said):
        truth.set(wrong, 1.0)


def test_a_key_that_may_be_left_out_can_be_cleared() -> None:
    truth = Truth().set("probe.z_offset", 2.0)
    assert truth.set("probe.z_offset", None).get("probe.z_offset") is None
    with pytest.raises(TruthError, match="noise is None"):
        truth.set("probe.noise", None)


def test_the_description_is_json_and_complete() -> None:
    truth = build_truth({"drive": {"stepper_z": {"backlash": 0.1}}})
    described = json.loads(json.dumps(truth.describe(), allow_nan=False))
    assert list(described) == list(TABLES)
    assert described["drive"] == {"stepper_z": dataclasses.asdict(truth.drive["stepper_z"])}
    for table, key in KEYS:
        if table != "drive":
            assert described[table][key] == truth.get(path(table, key))


def test_the_reference_page_is_current() -> None:
    page = Path(__file__).parents[3] / "docs" / "truth.md"
    assert page.read_text(encoding="utf-8") == reference(), (
        "run: python -m zcal_tui.sim.truth_docs > docs/truth.md"
    )


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_the_reference_names_every_key(table: str, key: str) -> None:
    assert f"| `{key}` | {info(table, key).doc} |" in reference()
