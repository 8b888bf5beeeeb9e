"""Numbers beyond the floats, JSON and TOML that is nested too deep, names that are too long: none ends the program."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes import records
from zcal_tui import cli
from zcal_tui.model.outside_json import DEEPEST, read_json
from zcal_tui.printer.values import number, pair, triple
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import Store, entries, printer_folder_name
from zcal_tui.transport.klippy_socket import status
from zcal_tui.transport.rpc import Failure, Pushed, Reply, Rpc, Unusable

HUGE = "9" * 400
ENDLESS = "9" * 5000  # more digits than Python converts


def nested(levels: int, inside: str = "0") -> str:
    return "[" * levels + inside + "]" * levels


@pytest.mark.parametrize("text", [HUGE, ENDLESS, f"-{HUGE}", "1e999", "NaN", "-Infinity"])
def test_a_number_that_is_none_is_left_out(text: str) -> None:
    value = read_json(text)
    assert number(value) is None
    assert triple([value, 0, 0]) is None
    assert pair([0, value]) is None
    pushed = Rpc(jsonrpc=False).receive(json.dumps({"method": "m", "params": 0}).replace("0", text))
    assert isinstance(pushed, Pushed)
    assert status({}, pushed.params) is None


@given(
    st.recursive(st.none() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=20)
)
def test_ordinary_json_is_read_as_it_is(value: Any) -> None:
    assert read_json(json.dumps(value)) == value
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("levels", [DEEPEST + 2, 900, 100_000])
def test_deep_json_is_refused(levels: int) -> None:
    assert read_json(nested(DEEPEST))
    for text in (nested(levels), '{"a":' * levels + "0" + "}" * levels):
        with pytest.raises(json.JSONDecodeError, match="too deep"):
            read_json(text)


@pytest.mark.parametrize("levels", [DEEPEST + 2, 100_000])
def test_a_deep_answer_ends_its_request(levels: int) -> None:
    rpc = Rpc(jsonrpc=True)
    first, _ = rpc.request("info", {})
    second, _ = rpc.request("objects/query", {})
    event = rpc.receive(f'{{"id": {first}, "result": {nested(levels)}}}')
    assert isinstance(event, Failure)
    assert event.method == "info"
    assert "too deep" in event.message
    assert isinstance(rpc.receive(nested(levels)), Unusable)
    assert isinstance(rpc.receive(f'{{"id": {second}, "result": 1}}'), Reply)


@pytest.mark.parametrize("value", [HUGE, ENDLESS, "1e999", nested(900), nested(100_000), "NaN"])
def test_a_stored_run_with_it_is_skipped_and_named(tmp_path: Path, value: str) -> None:
    store = Store(tmp_path)
    good, bad = records.keep(store, records.accuracy(1), records.accuracy(2))
    lines = bad.read_text().splitlines()
    sample = json.dumps(records.accuracy(2).samples[0].trigger_z)
    bad.write_text(
        "\n".join(line.replace(f'"trigger_z": {sample}', f'"trigger_z": {value}') for line in lines) + "\n"
    )
    estimate = store.folder / "printers" / "voron" / "20260103T120000-000000-accuracy.jsonl"
    estimate.write_text(good.read_text().replace('"confidence": 0.95', f'"confidence": {value}'))
    broken: list[str] = []
    assert [run.path for run in store.runs("voron", broken)] == [good]
    assert len(broken) == 2
    assert [entry.path for entry in entries(store, "voron") if entry.count == 0 and entry.why_not] == [
        estimate
    ]
    assert store.interrupted("voron") == ()
    assert set(store.last("voron", {"accuracy"})) <= {"accuracy"}


@pytest.mark.parametrize("value", [HUGE, nested(100_000)])
def test_a_reported_change_with_it_is_skipped(tmp_path: Path, value: str) -> None:
    store = Store(tmp_path)
    store.changed("voron", Changed("nozzle", "2026-01-01T00:00:00Z"))
    file = store.folder / "printers" / "voron" / "changed.jsonl"
    file.write_text(f'{{"what": "probe", "at": {value}}}\n' + file.read_text())
    assert [change.what for change in store.changes("voron")] == ["nozzle"]


def test_a_long_printers_name_is_a_folder_of_its_own(tmp_path: Path) -> None:
    one, two = "a" * 5000 + "1", "a" * 5000 + "2"
    assert printer_folder_name(one) != printer_folder_name(two)
    assert len(printer_folder_name(one)) <= 120
    assert printer_folder_name(printer_folder_name(one)) == printer_folder_name(one)
    store = Store(tmp_path)
    store.begin(one, "run").close()
    assert store.files(one)


@pytest.mark.parametrize("value", [HUGE, ENDLESS, "-" + HUGE, "1e999", "nan"])
@pytest.mark.parametrize("option", ["--samples", "--x", "--probe-speed", "--sim-speed"])
def test_the_command_line(option: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--demo"] if option == "--sim-speed" else ["--printer", "/nowhere.sock"]
    assert cli.run(["--headless", "accuracy", *where, f"{option}={value}"]) == 2
    assert option in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "[probe]\nnoise = " + HUGE,
        "[probe]\nnoise = -" + HUGE,
        "[probe]\nnoise = " + ENDLESS,
        "[probe]\nnoise = " + nested(100_000),
        "[[printer]]\nname = 'a'\naddress = '/x'\nlease = " + HUGE,
        "[[printer]]\nname = 'a'\naddress = '/x'\n[printer.accuracy]\nsamples = " + HUGE,
        "a = " + nested(100_000),
    ],
    ids=range(7),
)
def test_files_of_a_person(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file.toml"
    file.write_text(text)
    assert cli.run(["sim", "--truth", str(file), "voron"]) == 2
    assert cli.run(["--headless", "--printers", str(file), "ready"]) == 2
    assert cli.run(["--headless", "--config", str(file), "accuracy"]) == 2
    assert capsys.readouterr().err.count("file.toml") >= 3
