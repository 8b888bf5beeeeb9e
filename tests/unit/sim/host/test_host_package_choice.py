"""Which packaged Klipper runs where none is named."""

import pytest

from tests.unit.sim.machine_rig import CARTESIAN, HEATERS
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.sim.host.package_choice import package_for
from zcal_tui.sim.host.packages import DEFAULT, KALICO


@pytest.mark.parametrize(
    ("section", "also_stripped"),
    [
        ("[dockable_probe]\npin: A\n", True),
        ("[danger_options]\n", True),
        ("[cartographer]\n", True),
        ("[heater_generic chamber]\ncontrol: mpc\n", True),
        ("[pwm_cycle_time beeper]\npin: A\n", False),
        ("[display]\nlcd_type: aip31068_spi\n", False),
        ("[printer]\nminimum_cruise_ratio: 0.5\n", False),
    ],
)
def test_kalico_runs_what_the_default_is_too_old_for(section: str, also_stripped: bool) -> None:
    configuration = parse_text(CARTESIAN + HEATERS + section)
    assert package_for(configuration) is KALICO
    assert package_for(configuration, stripped=True) is (KALICO if also_stripped else DEFAULT)


def test_the_default_runs_the_rest() -> None:
    text = CARTESIAN + HEATERS + "[led_effect x]\n[servo a]\npin: A\n[heater_generic b]\ncontrol: pid\n"
    assert package_for(parse_text(text)) is DEFAULT
