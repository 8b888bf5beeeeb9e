"""What a check found is saved as the person was shown, or not at all."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.configured import (
    BACKUP,
    pending,
    profile_without,
    setting,
    shown_after,
    touch_up,
    with_include,
)
from tests.e2e.finding import change, find, session
from tests.e2e.klippers import KALICO
from tests.e2e.simulated import PrinterSim, Starter
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Change, Outcome
from zcal_tui.session.session import Session


@pytest.mark.core
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
        "target of heater_bed",
        "mesh was probed with the old z_offset",
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
    assert "Unix line endings" in saved.questions[0].detail
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
    also = "SAVE_CONFIG also writes these pending values: [bed_mesh mine] (a mesh); [probe] x_offset: 0.500."
    assert also in detail.split("\n")
    assert "This replaces the pending [probe] z_offset: 1.900" in detail
    assert printer.config.read_bytes() == shown_after(saved, before)
    assert setting(printer, "probe", "x_offset") == 0.5


def test_a_value_in_an_included_file_is_a_line_to_edit(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(str(with_include(tmp_path)))
    before = printer.config.read_bytes()
    with session(printer.klippy, tmp_path / "data") as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
        assert saved.states == ["proposed"]
        assert saved.questions == []
        included = printer.config.parent / "more" / "z.cfg"
        by_hand = (
            "SAVE_CONFIG cannot write this. Edit it by hand, then RESTART: [probe] z_offset: 1.520: "
            f"{included}, which SAVE_CONFIG does not edit, sets it in line 3 (z_offset: 1.500)."
        )
        assert saved.notices == [by_hand]
        assert pending(printer) == {}
        # What else was found is saved all the same
        saved = find(opened, change("probe", "z_offset", "1.520"), change("probe", "x_offset", "0.25"))
    assert saved.states == ["proposed", "saved"], saved.told
    assert saved.questions[0].detail.split("\n")[-1] == by_hand
    assert printer.config.read_bytes() == shown_after(saved, before)
    assert setting(printer, "probe", "z_offset") == 1.5


@pytest.mark.core
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
    assert re.search(r"more/z\.cfg.* line 3", saved.told)
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
    assert "[zcal] module" in saved.told
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


def test_it_asks_again_where_something_changed_meanwhile(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    changes: list[Callable[[], object]] = [
        lambda: printer.config.write_bytes(
            printer.config.read_bytes() + b"\n# a word\n[gcode_macro A]\ngcode:\n"
        ),
        lambda: stage_by_another(printer),
        lambda: None,
    ]
    meanwhile = iter(changes)

    def answers(_: Session, question: Confirm) -> bool:
        next(meanwhile)()
        return True

    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers)
    assert saved.states == ["saved"], saved.told
    assert len(saved.questions) == 3
    assert "[gcode_macro A] was added" in saved.questions[1].detail
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


@pytest.mark.parametrize("login", [False, True])
def test_through_moonraker(login: bool, printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(str(with_include(tmp_path)), moonraker=True, login=login)
    assert printer.moonraker is not None
    before = printer.config.read_bytes()
    with session(printer.moonraker, tmp_path / "data", printer.ready["api_key"]) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"), change("probe", "x_offset", "0.25"))
    assert saved.states == ["proposed", "saved"], saved.told
    assert re.search(r"more/z\.cfg.* line 3", saved.told)
    assert printer.config.read_bytes() == shown_after(saved, before)
    assert BACKUP.search(saved.told)
    assert setting(printer, "probe", "x_offset") == 0.25


def test_a_file_that_may_not_be_written(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    before = printer.config.read_bytes()
    printer.config.chmod(0o444)
    # Klipper puts a new file in its place, which needs the folder only; Kalico writes into it, as root may
    written = not KALICO or os.geteuid() == 0
    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
    assert saved.states == ["saved" if written else "proposed"], saved.told
    assert printer.config.read_bytes() == (shown_after(saved, before) if written else before)
    assert pending(printer) == {}
