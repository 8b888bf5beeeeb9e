"""How the options of [z_calibration] complete each other, read from a printer.cfg's section."""

import configparser
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

import klippy_extra.z_calibration
from klippy_extra.z_calibration.options import ProbeConfiguration, ZCalibrationOptions
from klippy_extra.zcal.host.endstop import HomedRail

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper

PLACE = Path(klippy_extra.z_calibration.__file__).parent
PAGE = PLACE.parents[1] / "docs" / "z_calibration.md"
PROBE = ProbeConfiguration(3, 0.02, 4, "median", 2.5, 11.0, (0.0, 25.0, 6.4))
RAIL = HomedRail(0.5, -3.0, 8.0, 3.0, 3.5)


class Section:
    """Klipper's ConfigWrapper, as far as options are read from it (klippy/configfile.py)."""

    error = configparser.Error

    def __init__(self, text: str) -> None:
        self._parser = configparser.RawConfigParser()
        self._parser.read_string("[z_calibration]\n" + text)
        self.deprecated: list[str] = []
        self.asked_for: set[str] = set()

    def get_name(self) -> str:
        return "z_calibration"

    def get(self, option: str, default: Any = None) -> Any:
        self.asked_for.add(option)
        return self._parser.get("z_calibration", option, fallback=default)

    def getfloat(self, option: str, default: Any = None, above: float | None = None) -> Any:
        text = self.get(option)
        if text is not None and above is not None and float(text) <= above:
            raise self.error(f"Option '{option}' must be above {above}")
        return default if text is None else float(text)

    def getint(self, option: str, default: Any = None, minval: int | None = None) -> Any:
        text = self.get(option)
        if text is not None and minval is not None and int(text) < minval:
            raise self.error(f"Option '{option}' must have minimum of {minval}")
        return default if text is None else int(text)

    def getboolean(self, option: str, default: Any = None) -> Any:
        self.asked_for.add(option)
        return self._parser.getboolean("z_calibration", option, fallback=default)

    def getchoice(self, option: str, choices: dict[str, Any], default: str) -> Any:
        return choices[self.get(option, default)]

    def deprecate(self, option: str) -> None:
        if self.get(option) is not None:
            self.deprecated.append(option)


def options_of(section: Section) -> ZCalibrationOptions:
    """The options that the module reads from a section."""
    return ZCalibrationOptions(cast("ConfigWrapper", section))


def test_everything_has_a_default() -> None:
    settings = options_of(Section("")).settings(PROBE, RAIL)
    assert settings._asdict() == {
        "samples": 3,
        "samples_tolerance": 0.02,
        "samples_tolerance_retries": 4,
        "samples_result": "median",
        "lift_speed": 11.0,
        "speed": 50.0,
        "safe_z_height": 12.8,
        "clearance": None,
        "probing_speed": 8.0,
        "second_speed": 3.0,
        "retract_dist": 3.5,
        "position_min": -3.0,
        "first_fast": False,
        "wiggle": None,
    }


def test_what_is_given_counts() -> None:
    text = "samples: 5\nsamples_result: average\nlift_speed: 7\nprobing_second_speed: 1\nposition_min: -1\n"
    settings = options_of(Section(text + "wiggle_xy_offsets: 1, -2\nprobing_first_fast: yes\n")).settings(
        PROBE, RAIL
    )
    assert (settings.samples, settings.samples_result, settings.lift_speed) == (5, "average", 7.0)
    assert (settings.second_speed, settings.position_min) == (1.0, -1.0)
    assert (settings.wiggle, settings.first_fast) == ((1.0, -2.0), True)


@pytest.mark.parametrize(
    ("text", "z_offset", "height"),
    [("", 1.4, 20.0), ("", -2.0, 20.0), ("safe_z_height: 2", 6, 20.0), ("safe_z_height: 3", 6, 3.0)],
)
def test_a_low_safe_height_becomes_a_high_one(text: str, z_offset: float, height: float) -> None:
    probe = PROBE._replace(offsets=(0.0, 0.0, z_offset))
    assert options_of(Section(text)).settings(probe, RAIL).safe_z_height == height


def test_without_a_homing_retract_the_probes_counts() -> None:
    assert options_of(Section("")).settings(PROBE, RAIL._replace(homing_retract_dist=0.0)).retract_dist == 2.5


@pytest.mark.parametrize(
    ("text", "margins"),
    [
        ("", (-1.0, 1.0)),
        ("0.5", (-0.5, 0.5)),
        ("-0.5", (-0.5, 0.5)),
        ("-1,2", (-1.0, 2.0)),
        ("2,-1", (-1.0, 2.0)),
        ("-1,1,9", (-1.0, 1.0)),
    ],
)
def test_margins(text: str, margins: tuple[float, float]) -> None:
    assert options_of(Section(f"offset_margins: {text}" if text else "")).offset_margins == margins


@pytest.mark.parametrize(
    ("text", "margins"),
    [
        ("max_deviation: 2", (-1.0, 1.0)),
        ("max_deviation: 0.3", (-1.0, 1.0)),
        ("max_deviation: 2\noffset_margins: -0.5, 1", (-0.5, 1.0)),
    ],
)
def test_the_older_limit_leaves_the_margins_as_they_are(text: str, margins: tuple[float, float]) -> None:
    """As in the plugin's version 1.1: both are checked, so the older one alone keeps ±1."""
    assert options_of(Section(text)).offset_margins == margins


def test_deprecated_options_are_reported() -> None:
    section = Section("max_deviation: 1\nclearance: 5\n")
    options_of(section)
    assert section.deprecated == ["max_deviation", "clearance"]


@pytest.mark.parametrize(
    "line",
    [
        "speed: 0",
        "speed: inf",
        "position_min: nan",
        "lift_speed: 0",
        "probing_speed: -1",
        "probing_second_speed: 0",
        "probing_retract_dist: 0",
        "safe_z_height: 0",
        "clearance: 0",
        "max_deviation: 0",
        "samples: 0",
        "samples_tolerance: 0",
        "samples_tolerance_retries: -1",
        "switch_offset: -1",
        "switch_offset: 0",
        "offset_margins: x",
        "offset_margins: nan,1",
        "nozzle_xy_position: 1",
        "switch_xy_position: 1,2,3",
        "switch_xy_offsets: 1",
        "bed_xy_position: a,b",
        "wiggle_xy_offsets: inf,1",
        "more_bed_positions: 1,2,3",
    ],
)
def test_what_is_refused(line: str) -> None:
    with pytest.raises(configparser.Error):
        options_of(Section(line))


def test_the_page_lists_every_option() -> None:
    section = Section("")
    options_of(section)
    page = PAGE.read_text()
    gcodes = {"start_gcode", "before_switch_gcode", "end_gcode", "offset_gcode", "error_gcode"}
    assert [option for option in sorted(section.asked_for | gcodes) if f"`{option}`" not in page] == []


def test_the_pages_section_can_be_used() -> None:
    block = PAGE.read_text().split("```")[1]
    lines = [line.partition("#")[0].rstrip() for line in block.strip().splitlines()]
    assert lines[0] == "[z_calibration]"
    options = options_of(Section("\n".join(lines[1:])))
    assert (options.nozzle, options.switch, options.switch_offset) == ((206.0, 256.0), (206.0, 232.0), 0.45)


@pytest.mark.parametrize("package", ["extras", "klippy/extras", "klippy/plugins"])
@pytest.mark.parametrize("linked", [("z_calibration", "zcal"), ("z_calibration",)])
def test_it_finds_zcal_wherever_it_is_linked(tmp_path: Path, package: str, linked: tuple[str, ...]) -> None:
    folder = tmp_path / package
    folder.mkdir(parents=True)
    for level in (folder, *folder.parents):
        if level == tmp_path:
            break
        (level / "__init__.py").touch()
    for name in linked:
        (folder / name).symlink_to(PLACE.parent / name)
    name = package.replace("/", ".")
    script = f"import {name}.z_calibration as z; z._provide_zcal(); import {name}.z_calibration.section"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
