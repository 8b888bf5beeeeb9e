"""What a check found is saved as the person was shown, or not at all, and nothing stays pending unsaid."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import finding
from cutting import CuttingProxy
from finding import Saved, change, find, session
from simulated import PrinterSim, Starter, wait_for_state
from zcal_tui.model.questions import Answer, Confirm
from zcal_tui.model.record import Change, Outcome
from zcal_tui.results.store import read_run
from zcal_tui.session import saving
from zcal_tui.session.session import Session

PROFILES = Path(finding.__file__).parents[2] / "zcal_tui" / "sim" / "profiles"
KALICO = (Path(os.environ.get("KLIPPER_DIR", "/nowhere")) / "klippy" / "printer.py").is_file()
BACKUP = re.compile(r"printer-\d{8}_\d{6}\.cfg")


def profile_without(tmp_path: Path, profile: str, *sections: str) -> Path:
    """A copy of a profile whose printer.cfg lacks these sections."""
    folder = tmp_path / profile
    shutil.copytree(PROFILES / profile, folder)
    text = (folder / "printer.cfg").read_text()
    for section in sections:
        text = re.sub(rf"^\[{section}\]\n(?:(?!\[).*\n)*", "", text, flags=re.MULTILINE)
    (folder / "printer.cfg").write_text(text)
    return folder


def pending(printer: PrinterSim) -> dict[str, dict[str, str]]:
    client = wait_for_state(printer, "ready")
    status = client.status("configfile")
    client.close()
    items: dict[str, dict[str, str]] = status["save_config_pending_items"]
    assert bool(items) == status["save_config_pending"]
    return items


def setting(printer: PrinterSim, section: str, option: str) -> float:
    client = wait_for_state(printer, "ready")
    value = client.status("configfile")["settings"][section][option]
    client.close()
    return float(value)


def shown_after(saved: Saved, before: bytes) -> bytes:
    """The file as it must be after what the person was shown: the diff of the question, applied."""
    diff = saved.questions[0].detail.split("\n--- printer.cfg")[1].split("\n")
    lines = before.decode("utf-8").replace("\r\n", "\n").split("\n")
    out: list[str] = []
    at = 0
    for line in diff[2:]:
        if hunk := re.match(r"@@ -(\d+)(?:,(\d+))? \+", line):
            start = int(hunk[1]) - (0 if hunk[2] == "0" else 1)
            out += lines[at:start]
            at = start
        elif line.startswith("+"):
            out.append(line[1:])
        elif line[:1] in ("-", " "):
            assert lines[at] == line[1:]
            out += [line[1:]] if line.startswith(" ") else []
            at += 1
        else:
            break
    return "\n".join(out + lines[at:]).encode()


def touch_up(printer: PrinterSim, edit: Callable[[bytes], bytes]) -> None:
    """Edit printer.cfg, and have klippy read it."""
    printer.config.write_bytes(edit(printer.config.read_bytes()))
    client = printer.connect()
    client.send("RESTART")
    client.drain()
    client.close()
    wait_for_state(printer, "ready").close()


@pytest.mark.parametrize(
    ("profile", "found"),
    [
        (
            "voron",
            [
                ("probe", "z_offset", "6.388"),
                ("stepper_z", "position_endstop", "0.473"),
                ("z_calibration", "switch_offset", "0.512"),
                ("zcal", "z_backlash", "0.01234"),
            ],
        ),
        ("bedslinger", [("bltouch", "z_offset", "2.097"), ("bltouch", "x_offset", "-39.55")]),
        ("corexy", [("probe", "y_offset", "24.80")]),
        (
            "delta",
            [
                ("probe", "z_offset", "1.911"),
                ("stepper_a", "position_endstop", "280.103"),
                ("stepper_b", "position_endstop", "279.95"),
                ("stepper_c", "position_endstop", "280.000"),
            ],
        ),
    ],
)
def test_values_are_written_as_shown_and_read_back(
    profile: str, found: list[tuple[str, str, str]], printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim(profile)
    before = printer.config.read_bytes()
    with session(printer.klippy, tmp_path) as opened:
        if KALICO and profile == "voron":  # its own z_calibration is not ours to stage for
            found = [item for item in found if item[0] != "z_calibration"]
        saved = find(opened, *(change(*item) for item in found))
    assert saved.states == ["saved"] * len(found), saved.told
    assert saved.record.outcome is Outcome.FINISHED
    assert saved.record.problem is None
    assert [question.key for question in saved.questions] == ["save"]
    assert "Edited since" not in saved.questions[0].detail
    assert printer.config.read_bytes() == shown_after(saved, before)
    for section, option, value in found:
        assert setting(printer, section, option) == pytest.approx(float(value), abs=1e-9)
    (backup,) = BACKUP.findall(saved.told)
    folder = printer.config.parent / ("config_backups" if KALICO else "")
    assert (folder / backup).read_bytes() == before
    assert str(folder / backup) in saved.told
    assert pending(printer) == {}


def test_the_question_says_what_is_lost_and_what_becomes_invalid(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("bedslinger")
    client = printer.connect()  # another client, connected all the while
    client.gcode("SET_GCODE_OFFSET Z=-0.05\nSET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=40")
    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("bltouch", "z_offset", "2.097", "2.100"))
    client.close()
    assert saved.states == ["saved"]
    (question,) = saved.questions
    assert "z_offset 2.097" in question.text
    assert question.facts == {"z_offset": 2.097}
    for words in (
        "[bltouch] z_offset: 2.097 (was 2.100): the nozzle will be elsewhere",
        "homing",
        "live G-code offset (Z −50 µm",
        "temperature of heater_bed",
        "bed mesh was made with the old z_offset",
        "-z_offset: 2.100",
        "+#z_offset: 2.100",
        "+#*# z_offset = 2.097",
    ):
        assert words in question.detail


def test_no_means_that_nothing_happens(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    before = printer.config.read_bytes()
    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=lambda *_: False)
        assert saved.states == ["declined"]

        def cancel(opened: Session, question: Confirm) -> None:
            opened.cancel()

        saved = find(opened, change("probe", "z_offset", "1.520"), answers=cancel)
        assert saved.states == ["proposed"]
        assert saved.record.outcome is Outcome.FINISHED
        assert "you cancelled" in saved.told
        assert "[probe] z_offset: 1.520" in saved.told
        for save, present in (("never", True), ("ask", False)):
            saved = find(opened, change("probe", "z_offset", "1.520"), save=save, present=present)  # type: ignore[arg-type]
            assert saved.states == ["proposed"]
            assert saved.questions == []
            assert "[probe] z_offset: 1.520" in saved.told
    assert pending(printer) == {}
    assert printer.config.read_bytes() == before


def test_always_says_what_it_does(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), save="always", present=False)
    assert saved.states == ["saved"]
    assert saved.questions == []
    assert "+#*# z_offset = 1.520" in saved.told
    assert setting(printer, "probe", "z_offset") == 1.52


def test_a_file_with_comments_windows_line_ends_and_saved_values(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    block = (
        "\n#*# <---------------------- SAVE_CONFIG ---------------------->\n"
        "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n"
        "#*#\n"
        "#*# [probe]\n#*# x_offset = 1.000\n#*# z_offset = 1.400\n#*#\n"
        "#*# [bed_mesh alt]\n#*# version = 1\n#*# points =\n#*# \t  0.0, 0.1\n#*# \t  0.2, 0.3\n"
        "#*# x_count = 2\n#*# y_count = 2\n#*# mesh_x_pps = 2\n#*# mesh_y_pps = 2\n#*# algo = lagrange\n"
        "#*# tension = 0.2\n#*# min_x = 40\n#*# max_x = 80\n#*# min_y = 40\n#*# max_y = 80\n"
    )

    def edit(data: bytes) -> bytes:
        text = data.decode()
        text = text.replace("x_offset: 0\n", "").replace("z_offset: 1.500\n", "")
        text = text.replace("[probe]\n", "[probe]  # induktiv, 5 µm Streuung\ny_offset = 24 ; früher\n", 1)
        text = text.replace("y_offset: 25\n", "")
        return (text + "   \n; Ende – ж\n" + block).replace("\n", "\r\n").encode()

    touch_up(printer, edit)
    before = printer.config.read_bytes()
    assert b"\r\n" in before
    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), change("probe", "y_offset", "24.90"))
    assert saved.states == ["saved"] * 2, saved.told
    assert "Unix line ends" in saved.questions[0].detail
    after = printer.config.read_bytes()
    assert after == shown_after(saved, before)
    assert "#y_offset = 24 ; früher\n".encode() in after
    assert b"#*# x_offset = 1.000\n#*# z_offset = 1.520\n#*# y_offset = 24.900\n" in after


def test_what_others_left_pending_is_named_and_written_too(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    client = printer.connect()
    client.gcode("G28\nBED_MESH_CALIBRATE PROFILE=mine PROBE_COUNT=3,3\nBED_MESH_CLEAR")
    client.gcode("ZCAL_STAGE SECTION=probe OPTION=x_offset VALUE=0.5")
    client.gcode("ZCAL_STAGE SECTION=probe OPTION=z_offset VALUE=1.9")
    before = printer.config.read_bytes()
    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
    client.close()
    assert saved.states == ["saved"], saved.told
    assert "Pending in Klipper, not written yet" in saved.notices[0]
    detail = saved.questions[0].detail
    assert "[probe] x_offset: 0.500" in detail
    assert "[bed_mesh mine] points: 3 lines" in detail
    assert "It replaces the pending [probe] z_offset: 1.900" in detail
    assert printer.config.read_bytes() == shown_after(saved, before)
    assert setting(printer, "probe", "x_offset") == 0.5


def with_include(tmp_path: Path) -> Path:
    """A corexy whose probe's z_offset stands in an included file."""
    folder = profile_without(tmp_path, "corexy")
    main = folder / "printer.cfg"
    text = main.read_text().replace("z_offset: 1.500\n", "")
    main.write_text("[include more/*.cfg]\n" + text)
    (folder / "more").mkdir()
    (folder / "more" / "z.cfg").write_text("# the height\n[probe]\nz_offset: 1.500  # measured\n")
    return folder


def test_a_value_in_an_included_file_is_a_line_to_edit(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(str(with_include(tmp_path)))
    before = printer.config.read_bytes()
    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
        assert saved.states == ["proposed"]
        assert saved.questions == []
        assert "more/z.cfg, line 3" in saved.told
        assert pending(printer) == {}
        # What else was found is saved all the same
        saved = find(opened, change("probe", "z_offset", "1.520"), change("probe", "x_offset", "0.25"))
    assert saved.states == ["proposed", "saved"], saved.told
    assert "more/z.cfg, line 3" in saved.questions[0].detail
    assert printer.config.read_bytes() == shown_after(saved, before)
    assert setting(printer, "probe", "z_offset") == 1.5


@pytest.mark.skipif(not KALICO, reason="only Kalico edits included files")
def test_kalico_may_edit_included_files(printer_sim: Starter, tmp_path: Path) -> None:
    folder = with_include(tmp_path)
    with (folder / "printer.cfg").open("a") as file:
        file.write("\n[danger_options]\nautosave_includes: True\n")
    printer = printer_sim(str(folder))
    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
    assert saved.states == ["saved"], saved.told
    assert "+#z_offset: 1.500  # measured" in saved.questions[0].detail
    assert setting(printer, "probe", "z_offset") == 1.52


def test_a_conflict_of_somebody_elses_value_stops_all(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(str(with_include(tmp_path)))
    client = printer.connect()
    client.gcode("ZCAL_STAGE SECTION=probe OPTION=z_offset VALUE=1.9")
    client.close()
    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(opened, change("probe", "x_offset", "0.25"))
    assert saved.states == ["proposed"]
    assert saved.questions == []
    assert "more/z.cfg, line 3" in saved.told
    assert pending(printer) == {"probe": {"z_offset": "1.900"}}


def test_without_the_extra(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(str(profile_without(tmp_path, "voron", "zcal")))
    client = printer.connect()
    client.gcode("SET_GCODE_OFFSET Z=0.125")
    before = printer.config.read_bytes()
    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(
            opened,
            change("probe", "z_offset", "6.388"),
            change("stepper_z", "position_endstop", "0.473"),
            change("probe", "x_offset", "0.20"),
        )
    client.close()
    assert saved.states == ["saved", "saved", "proposed"], saved.told
    assert "companion extra" in saved.told
    assert printer.config.read_bytes() == shown_after(saved, before)
    assert setting(printer, "probe", "z_offset") == 6.388
    assert setting(printer, "stepper_z", "position_endstop") == 0.473


def test_without_the_extra_towers_move_together(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(str(profile_without(tmp_path, "delta", "zcal")))
    before = printer.config.read_bytes()

    def towers(*values: str) -> list[Change]:
        names = ("stepper_a", "stepper_b", "stepper_c")
        return [change(n, "position_endstop", v) for n, v in zip(names, values, strict=True)]

    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(opened, *towers("280.100", "280.000", "280.100"))
        assert saved.states == ["proposed"] * 3
        assert pending(printer) == {}
        saved = find(opened, *towers("280.100", "280.100", "280.100"))
    assert saved.states == ["saved"] * 3, saved.told
    assert printer.config.read_bytes() == shown_after(saved, before)


def test_a_refused_save_says_what_is_pending_and_discards_it_if_told_to(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    before = printer.config.read_bytes()
    # Where klippy would put the new file or the backup nothing can be written, by whatever user
    if KALICO:
        (printer.config.parent / "config_backups").touch()
    else:
        (printer.config.parent / "printer_autosave.cfg").mkdir()

    def answers(leave: bool) -> Callable[[Session, Confirm], Answer]:
        return lambda _, question: question.key == "save" or not leave

    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers(leave=True))
        assert [question.key for question in saved.questions] == ["save", "discard-pending"]
        assert saved.states == ["staged"]
        assert "[probe] z_offset: 1.520" in saved.told
        assert "RESTART discards it" in saved.told
        assert pending(printer) == {"probe": {"z_offset": "1.520"}}
        saved = find(opened, change("probe", "z_offset", "1.530"), answers=answers(leave=False))
        assert "Pending in Klipper, not written yet: [probe] z_offset: 1.520" in saved.notices[0]
        assert saved.states == ["proposed"], saved.told
        assert "discarded" in saved.told
        assert pending(printer) == {}
    assert printer.config.read_bytes() == before


def test_a_klippy_that_does_not_come_back(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    # An edit that klippy will only stumble over when it starts the next time
    printer.config.write_bytes(printer.config.read_bytes() + b"\n[fan_of_nothing]\nspeed: 1\n")
    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
    assert "[fan_of_nothing] is new" in saved.questions[0].detail
    assert saved.states == ["staged"]
    problem = saved.record.problem
    assert problem is not None
    assert "did not come back" in problem.what
    assert "fan_of_nothing" in problem.raw
    assert BACKUP.search(problem.remedy)


def test_a_broken_configuration_is_not_saved_into(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    whole = printer.config.read_bytes()
    with session(printer.klippy, tmp_path) as opened:
        for broken in (b"[include nowhere.cfg]\n", b"no section: here\n", b"#*# [probe]\n"):
            printer.config.write_bytes(b"# first\n" + broken + whole)
            saved = find(opened, change("probe", "z_offset", "1.520"))
            assert saved.states == ["proposed"]
            assert saved.questions == []
            assert "Not saved" in saved.told
    assert pending(printer) == {}


def test_it_asks_again_where_something_changed_meanwhile(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    meanwhile = iter(
        [
            lambda: printer.config.write_bytes(
                printer.config.read_bytes() + b"\n# a word\n[gcode_macro A]\ngcode:\n"
            ),
            lambda: stage_by_another(printer),
            lambda: None,
        ]
    )

    def answers(_: Session, question: Confirm) -> bool:
        next(meanwhile)()
        return True

    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers)
    assert saved.states == ["saved"], saved.told
    assert len(saved.questions) == 3
    assert "[gcode_macro A] is new" in saved.questions[1].detail
    assert "[probe] x_offset: 0.500" in saved.questions[2].detail
    assert setting(printer, "probe", "x_offset") == 0.5


def stage_by_another(printer: PrinterSim) -> None:
    client = printer.connect()
    client.gcode("ZCAL_STAGE SECTION=probe OPTION=x_offset VALUE=0.5")
    client.close()


def test_nothing_is_staged_in_somebody_elses_paper_test(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    client = printer.connect()
    client.gcode("G28\nG1 Z5 F600")

    def open_one() -> None:
        client.gcode("MANUAL_PROBE")

    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), before=open_one)
    assert saved.states == ["proposed"]
    assert saved.questions == []
    assert "manual probe" in saved.told
    assert client.status("manual_probe")["is_active"]
    client.close()
    assert pending(printer) == {}


@pytest.fixture
def proxied(printer_sim: Starter, tmp_path: Path) -> Iterator[tuple[PrinterSim, CuttingProxy]]:
    """A corexy reached through a link that can be cut."""
    printer = printer_sim("corexy")
    proxy = CuttingProxy(printer.config.parents[1] / "comms" / "cut.sock", printer.klippy)
    yield printer, proxy
    proxy.close()


def once(word: bytes, what: str) -> Callable[[bytes], str]:
    """A rule that applies to the first piece with this word in it."""
    left = [what]
    return lambda piece: left.pop() if left and word in piece else "pass"


@pytest.mark.parametrize("word", [b"SAVE_CONFIG", b"objects/query"])
def test_a_link_cut_before_save_config_leaves_nothing_unsaid(
    word: bytes,
    proxied: tuple[PrinterSim, CuttingProxy],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printer, proxy = proxied
    monkeypatch.setattr(saving, "LOST_AFTER", 3.0)

    def answers(_: Session, question: Confirm) -> bool:
        if question.key == "save":
            # Without SAVE_CONFIG in the rule: right after the value was staged, when it is looked at
            seen = []

            def rule(piece: bytes) -> str:
                if b"ZCAL_STAGE" in piece:
                    seen.append(piece)
                    return "pass"
                return cut(piece) if seen else "pass"

            cut = once(word, "cut")
            proxy.rule = rule
            return True
        return False

    with session(str(proxy.path), tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers)
        assert proxy.acted.is_set()
        assert [question.key for question in saved.questions] == ["save", "discard-pending"], saved.told
        assert saved.states == ["staged"]
        assert "Pending in Klipper now: [probe] z_offset: 1.520" in saved.told
        assert pending(printer) == {"probe": {"z_offset": "1.520"}}
        saved = find(opened, save="never")
        assert "Pending in Klipper, not written yet: [probe] z_offset: 1.520" in saved.notices[0]


def test_a_link_cut_while_klippy_saves_is_waited_for(
    proxied: tuple[PrinterSim, CuttingProxy], tmp_path: Path
) -> None:
    printer, proxy = proxied
    proxy.rule = once(b"SAVE_CONFIG", "pass and cut")
    with session(str(proxy.path), tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
    assert proxy.acted.is_set()
    assert saved.states == ["saved"], saved.told
    assert setting(printer, "probe", "z_offset") == 1.52


def test_a_link_cut_while_staging_without_the_extra_leaves_the_offset_alone(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim(str(profile_without(tmp_path, "voron", "zcal")))
    client = printer.connect()
    client.gcode("SET_GCODE_OFFSET Z=0.125")
    proxy = CuttingProxy(printer.config.parents[1] / "comms" / "cut.sock", printer.klippy)
    proxy.rule = once(b"Z_OFFSET_APPLY_PROBE", "pass and cut")
    with session(str(proxy.path), tmp_path / "data") as opened:
        saved = find(
            opened,
            change("probe", "z_offset", "6.388"),
            answers=lambda _, question: question.key == "save",
        )
    proxy.close()
    assert proxy.acted.is_set()
    assert saved.states == ["staged"]
    assert "Pending in Klipper now: [probe] z_offset: 6.388" in saved.told
    assert client.status("gcode_move")["homing_origin"][2] == 0.125
    client.close()


def test_kill_9_between_staging_and_saving_is_in_the_record(
    proxied: tuple[PrinterSim, CuttingProxy], tmp_path: Path
) -> None:
    printer, proxy = proxied
    proxy.rule = once(b"SAVE_CONFIG", "hold")
    program = subprocess.Popen(
        [sys.executable, finding.__file__, str(proxy.path), str(tmp_path / "data"), "probe=z_offset=1.520"],
        stdout=subprocess.DEVNULL,
    )
    assert proxy.acted.wait(60)
    os.kill(program.pid, signal.SIGKILL)
    program.wait(10)
    (path,) = (tmp_path / "data").rglob("*.jsonl")
    kept = read_run(path)
    assert not kept.whole
    assert [found.state for found in kept.view.record.changes] == ["staged"]
    assert pending(printer) == {"probe": {"z_offset": "1.520"}}
    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(opened, save="never")
    assert "Pending in Klipper, not written yet: [probe] z_offset: 1.520" in saved.notices[0]


def test_closing_the_program_in_the_middle_of_a_restart(
    proxied: tuple[PrinterSim, CuttingProxy], tmp_path: Path
) -> None:
    _, proxy = proxied
    proxy.rule = once(b"SAVE_CONFIG", "hold")
    with session(str(proxy.path), tmp_path) as opened:

        def answers(opened: Session, question: Confirm) -> bool:
            def leave() -> None:
                assert proxy.acted.wait(60)
                opened.close(patience=0.5)

            closing.append(threading.Thread(target=leave))
            closing[0].start()
            return True

        closing: list[threading.Thread] = []
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers)
    assert saved.states == ["staged"]
    assert "RESTART discards it" in saved.told


@pytest.mark.parametrize("login", [False, True])
def test_through_moonraker(login: bool, printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(str(with_include(tmp_path)), moonraker=True, login=login)
    assert printer.moonraker is not None
    before = printer.config.read_bytes()
    with session(printer.moonraker, tmp_path / "data", printer.ready["api_key"]) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), change("probe", "x_offset", "0.25"))
    assert saved.states == ["proposed", "saved"], saved.told
    assert "more/z.cfg, line 3" in saved.told
    assert printer.config.read_bytes() == shown_after(saved, before)
    assert BACKUP.search(saved.told)
    assert setting(printer, "probe", "x_offset") == 0.25


def test_files_that_cannot_be_read_are_said_to_be(printer_sim: Starter, tmp_path: Path) -> None:
    folder = with_include(tmp_path)
    printer = printer_sim(str(folder), moonraker=True)
    assert printer.moonraker is not None
    outside = tmp_path / "outside.cfg"
    outside.write_text("[probe]\nx_offset: 0.1\n")
    touch_up(printer, lambda data: f"[include {outside}]\n".encode() + data.replace(b"x_offset: 0\n", b""))
    with session(printer.moonraker, tmp_path / "data") as opened:
        saved = find(opened, change("probe", "y_offset", "24.50"))
        assert saved.states == ["saved"], saved.told
        assert "cannot be shown" in saved.questions[0].detail
        assert str(outside) in saved.questions[0].detail
        assert "[probe] y_offset: 24.50" in saved.questions[0].detail
        # Klipper itself finds the conflict then; what it was given is not left in silence
        saved = find(opened, change("probe", "x_offset", "0.50"))
    assert saved.states == ["proposed"], saved.told
    assert [question.key for question in saved.questions] == ["save", "discard-pending"]
    assert pending(printer) == {}
