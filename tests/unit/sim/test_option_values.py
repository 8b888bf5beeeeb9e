"""Values with which a klippy does not start, as far as its source shows them; none of it runs."""

from pathlib import Path

import pytest

from tests.unit.sim.machine_rig import COMPLETE
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.sim.klippy_facts import KlippyFacts
from zcal_tui.sim.option_values import refused_value, value_rules
from zcal_tui.sim.refusals import WiringError
from zcal_tui.sim.wiring import connect

MODULE = """
class Reader:
    def __init__(self, config, other):
        results = {"median": median, "average": average}
        self.speed = config.getfloat("Speed", 5.0, above=0.)
        self.power = config.getfloat('max_power', 1., minval=0., maxval=1)
        self.low = config.getfloat("low", below=-1)
        self.samples = config.getint('samples', 1, minval=1)
        self.high = config.getfloat('high', above=self.low)
        self.on = self.config.getboolean("on", False)
        self.result = config.getchoice('samples_result', results, 'average')
        self.side = config.getchoice("side", ["left", "right"])
        self.shown = config.getchoice("shown", self.displays)
        self.either = config.getfloat("either", above=1) or config.getfloat("either", maxval=-1)
        self.free = config.get("free") or config.getint("free")
        other.getfloat("elsewhere", above=0)
        self.own = self._number("own", above=0.0)
raise SystemExit("it ran")
"""


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("speed", "0", "must be above 0"),
        ("speed", "0.01", ""),
        ("speed", "fast", "must be a number"),
        ("max_power", "1.01", "must not be above 1"),
        ("max_power", "-0.1", "must not be below 0"),
        ("max_power", "1", ""),
        ("low", "-1", "must be below -1"),
        ("samples", "0", "must not be below 1"),
        ("samples", "2.0", "must be a whole number"),
        ("high", "-9", ""),
        ("high", "x", "must be a number"),
        ("on", "maybe", "must be True or False"),
        ("on", "Yes", ""),
        ("samples_result", "mean", "must be one of median, average"),
        ("samples_result", "median", ""),
        ("side", "up", "must be one of left, right"),
        ("shown", "anything", ""),
        ("either", "0", "must be above 1"),
        ("either", "-3", ""),
        ("either", "2", ""),
        ("free", "words", ""),
        ("elsewhere", "-1", ""),
        ("own", "-0.99", "must be above 0"),
        ("speed", "${constants.speed}", ""),
        ("unknown", "-1", ""),
    ],
)
def test_values(option: str, value: str, why: str, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(MODULE)
    assert refused_value(value_rules([module]).get(option, ()), value) == why


def test_a_module_that_this_python_cannot_read_refuses_nothing(tmp_path: Path) -> None:
    module = tmp_path / "old.py"
    module.write_text("print 'of Python 2'\nconfig.getfloat('speed', above=0.)\n")
    assert value_rules([module]) == {}


@pytest.fixture
def facts(tmp_path: Path) -> KlippyFacts:
    """A klippy that knows all options of the smallest complete configuration, and a module of the simulator's."""
    names = sorted(
        {option for section in parse_text(COMPLETE).sections.values() for option in section.options}
    )
    files = {
        "klippy/stepper.py": f"{names!r}\nconfig.getfloat('homing_speed', 5.0, above=0.)\n",
        "klippy/extras/probe.py": "config.getfloat('speed', 5.0, above=0.)\n",
        "klippy/extras/bed_mesh.py": "config.getfloat('fade_end', 0.)\nconfig.get('mesh_min')\n",
        "ours/z_calibration/options.py": "self._number('switch_offset', above=0.0)\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return KlippyFacts(tmp_path, [tmp_path / "ours" / "z_calibration"])


@pytest.mark.parametrize(
    ("text", "section", "option"),
    [
        ("[z_calibration]\nswitch_offset: -0.99\n", "z_calibration", "switch_offset"),
        ("[bed_mesh]\nspeed: 0\n", "bed_mesh", "speed"),
        ("[bed_mesh]\nfade_end: never\n", "bed_mesh", "fade_end"),
        ("[stepper_z]\nhoming_speed: -5\n", "stepper_z", "homing_speed"),
    ],
)
def test_a_value_that_klippy_refuses_is_refused_with_its_place(
    text: str, section: str, option: str, facts: KlippyFacts
) -> None:
    with pytest.raises(WiringError) as raised:
        connect(parse_text(COMPLETE + text), facts=facts)
    found = [one for one in raised.value.refusals if (one.section, one.option) == (section, option)]
    (refusal,) = found
    assert refusal.reason.startswith("The Klipper that would run refuses ")
    assert refusal.place.line > 0


def test_what_is_refused_already_is_not_refused_again(facts: KlippyFacts) -> None:
    text = COMPLETE + "[stepper_z]\nhoming_speed: x\n"
    with pytest.raises(WiringError) as raised:
        connect(parse_text(text), facts=facts)
    found = [one for one in raised.value.refusals if one.option == "homing_speed"]
    assert len(found) == 1
