"""A bug report gives nothing away: secrets planted in every place that it reads, and in those that it does not."""

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.model.events import Notice, RunEnded, RunProblem, RunStarted, SampleTaken, Stage
from zcal_tui.model.record import Change, Estimate, Level, Outcome, Problem, Record, Sample, Verdict
from zcal_tui.results.store import Store
from zcal_tui.tools.bug_report.command import main
from zcal_tui.tools.bug_report.known_words import KnownWords

SECRETS = (
    "hunter2",
    "Tr0ub4dor&3",
    "p@ssw0rd!",
    "84213377",
    "4711-0815",
    "deadbeefcafebabe0123456789abcdef",
    "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYm9iIn0.c2ln",
    "aGVsbG8gd29ybGQ=",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "FritzBox-7590-Schmidt",
    "correcthorsebatterystaple",
    "Quetzal",
    "Schmidtbauer",
    "bobs-voron",
    "schmidt.example.org",
    "bob@example.org",
    "192.168.178.23",
    "fe80::1ff:fe23:4567:890a",
    "b8:27:eb:12:34:56",
    "usb-Klipper_stm32f446xx_2F003A001551303432323337-if00",
    "7f3a9c1e0b2d",
    "\N{LATIN SMALL LETTER U WITH DIAERESIS}bergeheim",
)
"""Passwords, keys, tokens, names, addresses, serial numbers."""
PARTS = (
    "hunter",
    "Tr0ub4dor",
    "w0rd",
    "beefcafe",
    "eyJ",
    "aGVs",
    "FritzBox",
    "Schmidt",
    "bauer",
    "voron.",
    "178.23",
)
"""Parts of them, in case only a piece was removed."""
USER = "schmidtbauer"
PLANT = " ".join(SECRETS)


def _config(home: Path) -> None:
    folder = home / "printer_data" / "config"
    folder.mkdir(parents=True)
    values = "\n".join(f"secret_{n}: {secret}" for n, secret in enumerate(SECRETS))
    comments = "\n".join(f"# {secret}\n[probe]\n; {secret}" for secret in SECRETS)
    (folder / "printer.cfg").write_text(
        f"""[include macros.cfg]
[include variables.cfg]
{comments}
[printer]
kinematics: corexy # {PLANT}
max_z_velocity: 15
[probe]
pin: hunter2
z_offset: 1.234
speed: 5.0 # {PLANT}
activate_gcode: M118 {PLANT}
samples_result: hunter2
{values}
[stepper_z]
endstop_pin: probe:z_virtual_endstop
position_min: -4
[mcu]
serial: /dev/serial/by-id/{SECRETS[19]}
canbus_uuid: 7f3a9c1e0b2d
[temperature_sensor Quetzal]
sensor_type: hunter2
[probe_eddy_current Schmidtbauer]
z_offset: 0.75
[Quetzal]
x: 1
[Schmidtbauer hunter2]
z_offset: 84213377

#*# <---------------------- SAVE_CONFIG ---------------------->
#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.
#*#
#*# [bed_mesh Quetzal]
#*# points = 84213377
#*# [probe]
#*# x_offset = 1.567
""",
        encoding="utf-8",
    )
    body = "\n".join(f"    RUN_SHELL_COMMAND CMD={secret}" for secret in SECRETS)
    (folder / "macros.cfg").write_text(
        f"[gcode_macro Quetzal]\ndescription: {PLANT}\nvariable_key: '{SECRETS[1]}'\ngcode:\n{body}\n"
        f"[gcode_shell_command hunter2]\ncommand: curl -u bob:{SECRETS[0]} https://{SECRETS[14]}/\n",
        encoding="utf-8",
    )
    (folder / "variables.cfg").write_text(
        f"[save_variables]\nfilename: ~/{SECRETS[11]}.cfg\n", encoding="utf-8"
    )
    (folder / f"{SECRETS[11]}.cfg").write_text(f"[Variables]\nkey = '{PLANT}'\n", encoding="utf-8")
    (folder / "moonraker.conf").write_text(
        f"[authorization]\nforce_logins: True\n[mqtt]\npassword: {SECRETS[2]}\naddress: {SECRETS[14]}\n"
        f"[notifier x]\nurl: tgram://{SECRETS[6]}\n",
        encoding="utf-8",
    )
    (folder / "KlipperScreen.conf").write_text(f"[main]\nlock_password: {SECRETS[0]}\n", encoding="utf-8")
    (home / "wpa_supplicant.conf").write_text(f'network={{\nssid="{SECRETS[9]}"\npsk="{SECRETS[10]}"\n}}\n')
    logs = home / "printer_data" / "logs"
    logs.mkdir()
    lines = [f"Unknown command:{secret}" for secret in SECRETS]
    lines += [
        f"Transition to shutdown state: {secret} MCU 'mcu' shutdown: Timer too close" for secret in SECRETS
    ]
    lines += [f'Internal error on command:"{secret}"' for secret in SECRETS]
    lines += [f"mcu '{secret}': Unable to connect" for secret in SECRETS]
    (logs / "klippy.log").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _runs(data: Path) -> None:
    store = Store(data)
    texts = tuple(f"Says {secret} there." for secret in SECRETS)
    for n, name in enumerate((SECRETS[13], "Schmidtbauer")):
        where = {
            "name": name,
            "hostname": SECRETS[13],
            "key": PLANT,
            **{secret: secret for secret in SECRETS},
        }
        base = Record(
            f"20261130T08000{n}-000000-accuracy",
            "accuracy",
            where,
            "2026-11-30T08:00:00.000Z",
            context={
                "operator": "Quetzal",
                "macros": list(texts),
                "bed": 23.5,
                "nested": {"k": [{"v": PLANT}]},
            },
            parameters={"note": PLANT, "samples": 10},
        )
        with_all = replace(
            base,
            finished="2026-11-30T08:01:00.000Z",
            outcome=Outcome.FINISHED,
            samples=(Sample(1, 12.5, 100.0, 100.0, 1.2345),),
            estimates={"sigma": Estimate("sigma", 0.0031, 0.0024, 0.0042)},
            verdict=Verdict(Level.PASS, texts[0], texts),
            advice=texts,
            problem=Problem(PLANT, texts[0], texts[1], raw=PLANT),
            changes=(Change("probe", "z_offset", "1.234", PLANT),),
        )
        journal = store.begin(name, base.id)
        journal.write(RunStarted(base.id, base.check, base.started, where, base.context, base.parameters))
        for text in texts:
            journal.write(Stage("sampling", text))
            journal.write(Notice(text))
            journal.write(RunProblem(Problem(text, text, text, raw=text)))
        journal.write(SampleTaken(with_all.samples[0]))
        journal.write(RunEnded(with_all))
        journal.close()


def _log(data: Path) -> None:
    lines = [
        f"2026-11-30 08:00:00,123 WARNING zcal_tui.session.session: {secret} was refused"
        for secret in SECRETS
    ]
    lines += [
        f"2026-11-30 08:00:00,123 INFO httpx: HTTP Request: GET http://bob:{SECRETS[0]}@{SECRETS[14]}/a?token=x"
    ]
    lines += [f"password is {word}" for word in ("probe", "sample")]
    lines += [
        "2026-11-30 08:00:01,123 ERROR zcal_tui.session.loop: a task failed",
        "Traceback (most recent call last):",
        f'  File "/home/{USER}/zcal/lib/python3.11/site-packages/zcal_tui/session/loop.py", line 12, in run',
        f"    connect({PLANT!r})",
        "            ^^^^^^^^^",
        f'  File "/home/{USER}/{SECRETS[11]}.py", line 3, in {SECRETS[11]}',
        f"    raise ValueError({SECRETS[0]!r})",
        *(f"ValueError: no such file {secret}" for secret in SECRETS),
    ]
    (data / "zcal-tui.log").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No klippy of the tester's machine counts, and the libraries, which take seconds, are tested elsewhere."""

    async def look() -> object:
        return seen.program()

    monkeypatch.setattr("zcal_tui.tools.doctor.examine.gather_program", look)
    monkeypatch.setattr("zcal_tui.tools.doctor.examine.klippy_processes", lambda: ((), 0))


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A home where every file of a printer has secrets, and the environment of its user."""
    home = tmp_path / "home" / USER
    data = home / "data"
    data.mkdir(parents=True)
    _config(home)
    _runs(data)
    _log(data)
    settings = home / "config" / "zcal-tui"
    settings.mkdir(parents=True)
    (settings / "config.toml").write_text(
        f'api_key = "{SECRETS[5]}"\ntoken = "{SECRETS[6]}"\noperator = "Quetzal"\n', encoding="utf-8"
    )
    environment = {
        "XDG_CONFIG_HOME": str(home / "config"),
        "USER": USER,
        "LOGNAME": USER,
        "ZCAL_DATA": str(data),
        "ZCAL_PRINTER": f"http://bob:{SECRETS[0]}@127.0.0.1:9/?token={SECRETS[6]}",
        "ZCAL_API_KEY": SECRETS[5],
        "WIFI_PASSWORD": SECRETS[10],
        "TERM": "xterm",
    }
    yield home, environment


def _report(planted: tuple[Path, dict[str, str]], *more: str) -> str:
    home, environment = planted
    path = home.parents[1] / "report.txt"
    assert main(("--output", str(path), *more), environment, home) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text(encoding="utf-8")


def _leaks(text: str) -> list[str]:
    found = text.lower()
    return [secret for secret in (*SECRETS, *PARTS, USER) if secret.lower() in found]


def test_no_secret_gets_into_a_report(
    planted: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    text = _report(planted)
    assert _leaks(text) == []
    assert _leaks(capsys.readouterr().err) == []


def test_what_helps_is_in_it(planted: tuple[Path, dict[str, str]]) -> None:
    text = _report(planted)
    for wanted in (
        "zcal-tui 0.",
        "speed: 5.0",
        "x_offset: 1.567",
        "endstop_pin: probe:z_virtual_endstop",
        "[probe_eddy_current …]\nz_offset: 0.75",
        "gcode_macro",
        "MCU 'mcu' shutdown: Timer too close",
        "estimates.sigma.value: 0.0031",
        "outcome: finished",
        "samples[0].trigger_z: 1.2345",
        "event: sample",
        "zcal_tui/session/loop.py, line 12, in run",
        "ERROR zcal_tui.session.loop: a task failed",
    ):
        assert wanted in text, wanted


def test_the_secrets_would_be_in_it_without_the_filter(
    planted: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KnownWords, "keep", lambda _, text: text)
    monkeypatch.setattr(KnownWords, "knows", lambda *_: True)
    assert len(_leaks(_report(planted))) > 20


def test_a_file_that_exists_is_kept(
    planted: tuple[Path, dict[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, environment = planted
    path = tmp_path / "mine.txt"
    path.write_text("mine")
    assert main(("--output", str(path)), environment, home) == 1
    assert path.read_text() == "mine"
    assert "File exists" in capsys.readouterr().err


def test_it_names_the_file_and_its_parts(
    planted: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    _report(planted)
    out = capsys.readouterr().out
    assert "report.txt" in out
    for part in ("Versions", "Configuration excerpt", "Last records", "Trace", "Nothing was sent"):
        assert part in out


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the probe at 00:11:22:33:44:55", "the probe at …"),
        ("serial 123-456-789", "serial …"),
        ("Probe triggered prior to movement", None),
        ("Move out of range: 12.500 -3.200 0.000 [0.000]", None),
        ("password: probe", "password …"),
        ("the sample of Anna-Lena was off", "the sample of … was off"),
        ("host sample-host said", "host HOST said"),
        ("z_offset=1.5", None),
        ("7125 and 12345678", "… and …"),
    ],
)
def test_only_words_of_the_program_are_kept(text: str, kept: str | None) -> None:
    assert KnownWords(("sample-host",)).keep(text) == (kept or text)
