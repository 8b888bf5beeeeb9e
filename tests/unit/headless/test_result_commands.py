"""The commands about stored results: what they print, what they refuse, and their exit codes."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import records
from zcal_tui import cli
from zcal_tui.model.record import Outcome
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import Store, read_run

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration of the tester's counts."""
    for name in ("ZCAL_PRINTER", "ZCAL_DATA", "ZCAL_API_KEY", "ZCAL_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZCAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls the command line; returns its code, its output and its words."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        told = capsys.readouterr()
        return int(code), told.out, told.err

    return run


@pytest.fixture
def several(store: Store) -> Store:
    """A printer's first weeks."""
    series = [records.accuracy(day, 0.002 + day * 1e-6) for day in (1, 3, 5, 7, 9)]
    records.keep(store, *series, records.z_offset(4), records.backlash(6), records.refused("bias", 8))
    return store


def test_history_tells_runs_numbers_and_the_trend(several: Store, call: Call) -> None:
    code, out, err = call("history")
    assert (code, err) == (0, "")
    assert "voron: 8 runs" in out
    assert "standard deviation σ 2.0 µm (1.4 µm … 2.6 µm, 95 %)" in out
    assert "at most 34 µm (95 %)" in out
    assert "not started" in out
    assert "No significant drift" in out
    assert "per 30 days" in out
    assert "2026-01-01" in out


def test_history_of_one_check_with_a_limit(several: Store, call: Call) -> None:
    code, out, _ = call("history", "accuracy", "--limit", "2")
    assert code == 0
    assert out.count("-accuracy\n") == 2
    assert "3 earlier" in out
    assert "z-offset" not in out


def test_history_as_json(several: Store, call: Call) -> None:
    several.changed("voron", Changed("nozzle", "2026-01-10T00:00:00Z"))
    records.cut_off(several, records.bias(11))
    code, out, _ = call("history", "--json")
    data = json.loads(out)
    assert code == 0
    assert data["event"] == "history"
    assert data["checks"]["accuracy"]["trend"]["per"] == "day"
    assert data["checks"]["accuracy"]["trend"]["found"] is False
    assert data["checks"]["accuracy"]["stale"] is None
    assert "nozzle" in data["checks"]["z-offset"]["stale"]
    newest = data["checks"]["accuracy"]["runs"][0]
    assert (newest["level"], newest["comparable"]) == ("pass", True)
    assert data["interrupted"] == [records.bias(11).id]
    assert data["changed"][0]["what"] == "nozzle"


def test_history_of_another_number(several: Store, call: Call) -> None:
    code, out, _ = call("history", "accuracy", "--estimate", "mean")
    assert code == 0
    assert "trigger height over 5 runs" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("history", "acuracy"), "did you mean accuracy?"),
        (("history", "--estimate", "sigmaa"), "there are"),
        (("history", "--limit", "0"), "out of range (1 to 10000)"),
        (("history", "--limit", "x"), "not a whole number"),
        (("history", "--jason"), "did you mean --json?"),
        (("history", "--printer-name", "vorno"), "did you mean voron?"),
        (("report", "--format", "htm"), "did you mean html?"),
        (("report", "-o", "/nowhere/at/all.html"), "cannot be written"),
        (("compare", "20260101", "nothing"), "there is no run 'nothing'"),
        (("compare", "acuracy"), "did you mean accuracy?"),
        (("compare", "2026", "20260101"), "is the beginning of 8 runs"),
        (("compare", "last", "accuracy", "20260104"), "is a run of accuracy"),
        (("compare",), "required"),
        (("changed", "nozle"), "did you mean nozzle?"),
        (("changed",), "required"),
        (("resume",), "no unfinished run"),
        (("resume", "20260101"), "no unfinished run '20260101'"),
        (("resume", "--clos"), "unrecognized"),
        (("--json", "history"), "history must come first"),
    ],
)
def test_what_is_wrong_is_refused_in_words(
    several: Store, call: Call, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["history", "report", "changed nozzle", "compare a b", "resume"])
def test_without_stored_runs_they_say_so(call: Call, command: str) -> None:
    code, _, err = call(*command.split())
    assert code == 2
    assert "no run" in err or "no unfinished run" in err


@pytest.mark.parametrize("command", ["history", "report", "compare", "changed", "resume"])
def test_each_has_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.run((command, "--help"))
    assert left.value.code == 0
    assert "--printer-name" in capsys.readouterr().out


def test_broken_files_are_skipped_and_named(several: Store, call: Call) -> None:
    (several.folder / "printers" / "voron" / "20260115-broken.jsonl").write_text("{}\n")
    code, out, err = call("history")
    assert code == 0
    assert "8 runs" in out
    assert "Skipped: " in err
    assert "20260115-broken.jsonl" in err


def test_with_several_printers_the_last_used_is_shown_and_the_others_named(
    several: Store, call: Call
) -> None:
    records.keep(several, replace(records.accuracy(20), printer={"name": "delta"}))
    code, out, err = call("history")
    assert code == 0
    assert out.startswith("delta: 1 run\n")
    assert "(--printer-name): voron" in err
    assert call("history", "--printer-name", "voron")[1].startswith("voron: 8 runs")
    code, _, err = call("changed", "nozzle")
    assert code == 2
    assert "name the printer: " in err
    assert several.changes("delta") == ()


def test_report_is_written_in_the_format_of_the_files_name(
    several: Store, call: Call, tmp_path: Path
) -> None:
    assert call("report")[1].startswith("# Z calibration of voron")
    for name, begins in (("r.html", "<!doctype html>"), ("r.md", "# Z"), ("r.json", '{"event": "report"')):
        code, out, err = call("report", "-o", str(tmp_path / name))
        assert (code, out) == (0, "")
        assert name in err
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert call("report", "--format", "html")[1].startswith("<!doctype html>")


def test_one_report_of_several_printers(several: Store, call: Call) -> None:
    records.keep(several, replace(records.accuracy(20), printer={"name": "delta"}))
    code, out, err = call("report", "--printer-name", "delta", "--printer-name", "voron", "--format", "json")
    assert (code, err) == (0, "")
    assert [printer["printer"] for printer in json.loads(out)["printers"]] == ["delta", "voron"]


def test_compare_tells_what_is_more_than_chance(several: Store, call: Call) -> None:
    records.keep(several, records.accuracy(15, 0.009))
    code, out, _ = call("compare", "last", "accuracy", "previous", "accuracy")
    assert code == 0
    assert "statistically significant" in out
    assert "not significant" in out
    code, out, _ = call("compare", "accuracy", "--json")
    data = json.loads(out)
    assert data["differences"]["sigma"]["more_than_chance"] is True
    assert data["differences"]["sigma"]["value"] == pytest.approx(0.007, abs=1e-5)
    assert data["a"] < data["b"]


def test_changed_says_what_to_do_again_and_history_knows(several: Store, call: Call) -> None:
    code, out, _ = call("changed", "nozzle", "--note", "0.6 mm")
    assert code == 0
    assert "z-offset" in out
    assert "auto-z" in out
    assert "not run yet" in out
    (kept,) = several.changes("voron")
    assert (kept.what, kept.note) == ("nozzle", "0.6 mm")
    out = call("history", "z-offset")[1]
    assert "Stale: the nozzle was changed on" in out
    assert "nozzle: 0.6 mm" in out


def test_an_interrupted_run_is_closed_once(several: Store, call: Call) -> None:
    path = records.cut_off(several, records.bias(12))
    assert records.bias(12).id in call("history")[1]
    code, out, _ = call("resume", "--close")
    assert code == 0
    assert f"Closed {records.bias(12).id}" in out
    assert "5 samples are stored" in out
    assert read_run(path).record.outcome is Outcome.LOST
    assert call("resume", "--close")[0] == 2


def test_an_interrupted_run_is_resumed_as_it_was_begun(
    several: Store, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = {"samples": 30, "home": False, "attach": "none", "probe_speed": 2.5}
    records.cut_off(several, records.accuracy(12, parameters=parameters))
    started: list[Any] = []

    def start(command: Any) -> int:
        started.append(command)
        return 7

    monkeypatch.setattr("zcal_tui.start.start", start)
    code, _, err = call(
        "resume", "20260112", "--printer", "/tmp/x.sock", "--headless", "--save", "never", "--json"
    )
    assert code == 7
    assert "after 15 samples" in err
    (command,) = started
    assert (command.check, command.headless, command.json, command.save) == ("accuracy", True, True, "never")
    assert command.settings.printer == "/tmp/x.sock"
    assert command.resume.id == records.accuracy(12).id
    assert command.parameters.samples == 30
    assert command.parameters.home is False
    assert command.parameters.probe_speed == 2.5
    assert command.parameters.max_samples == 50


def test_a_run_of_a_simulated_printer_needs_another_one(several: Store, call: Call) -> None:
    printer = {**records.accuracy().printer, "address": "simulated, 20× real time"}
    records.cut_off(several, records.accuracy(12, printer=printer))
    code, _, err = call("resume", "--headless")
    assert code == 2
    assert "zcal-tui resume --demo voron" in err


def test_settings_that_this_version_does_not_know_are_named(several: Store, call: Call) -> None:
    records.cut_off(several, records.accuracy(12, parameters={"samples": 9000}))
    code, _, err = call("resume", "--printer", "/tmp/x.sock", "--headless")
    assert code == 2
    assert "out of range" in err
    assert "--close" in err


def test_a_whole_calibration_is_handed_to_the_session_with_what_it_goes_on_with(
    store: Store, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.cut_off(store, records.record("all", 2, parameters={"skip": "temperature", "only": ""}))
    records.cut_off(store, records.accuracy(6))
    started: list[Any] = []

    def start(command: Any) -> int:
        started.append(command)
        return 0

    monkeypatch.setattr("zcal_tui.start.start", start)
    assert call("resume", "--printer", "/tmp/x.sock", "--headless")[0] == 0
    (command,) = started
    assert command.check == "all"
    assert command.parameters.skip == "temperature", "what else is done is the session's to find"
    assert command.resume.check == "all"


@pytest.fixture
def farm(store: Store) -> Store:
    """Three printers: two as ever, one of which left its own normal, and one without a run of accuracy."""
    for name, last in (("bay-1", 0.002), ("bay-2", 0.03)):
        for day in range(1, 9):
            run = records.accuracy(day, last if day == 8 else 0.002 + day * 1e-5)
            records.keep(store, replace(run, printer={**run.printer, "name": name}))
    other = records.backlash(3)
    records.keep(store, replace(other, printer={**other.printer, "name": "bay-3"}))
    return store


def test_printers_are_compared_each_with_its_own_past(farm: Store, call: Call) -> None:
    code, out, _ = call("compare", "--printers", "accuracy")
    assert code == 0
    lines = out.splitlines()
    assert "the newest finished run on each printer" in lines[0]
    assert [line.split()[0] for line in lines[2:4]] == ["bay-1", "bay-2"]
    left = [line for line in lines if "outside this printer's own normal range" in line]
    assert len(left) == 1 and left[0].startswith("bay-2: standard deviation σ 30 µm")
    assert lines[-1] == "No finished run of accuracy: bay-3"
    assert call("compare", "accuracy", "--printers")[1] == out


def test_the_printers_of_a_file_are_compared(farm: Store, call: Call, tmp_path: Path) -> None:
    listed = tmp_path / "farm.toml"
    listed.write_text(
        '[[printer]]\nname = "bay-2"\naddress = "/a"\n[[printer]]\nname = "bay-9"\naddress = "/b"\n'
    )
    code, out, _ = call("compare", "accuracy", "--printers", str(listed), "--json")
    data = json.loads(out)
    assert (code, data["event"], data["check"]) == (0, "printer_comparison", "accuracy")
    two, nine = data["printers"]
    assert (two["printer_name"], two["level"], two["normal"]["left"]) == ("bay-2", "pass", True)
    assert (two["normal"]["runs"], two["estimates"]["sigma"]["value"]) == (7, 0.03)
    assert (nine["id"], nine["estimates"], nine["normal"]) == (None, {}, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare"], "two runs, or one check"),
        (["compare", "--printers"], "--printers compares one check"),
        (["compare", "--printers", "acuracy"], "did you mean accuracy?"),
        (["compare", "--printers", "bias"], "no check 'bias' was run on these printers"),
        (["compare", "--printers", "accuracy", "--printer-name", "bay-1"], "omit --printer-name"),
        (["compare", "--printers", "/nowhere.toml", "accuracy"], "/nowhere.toml: cannot be read"),
    ],
)
def test_a_comparison_of_printers_that_cannot_be_made(
    farm: Store, call: Call, words: list[str], said: str
) -> None:
    code, _, err = call(*words)
    assert code == 2
    assert said in err
