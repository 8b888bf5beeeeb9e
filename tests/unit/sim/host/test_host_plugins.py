"""What klippy needs beside its own packages."""

from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.sim.host import pins, plugins

LOAD_CELL = "[load_cell_probe]\nsensor_type: hx717\n"


def test_a_load_cell_needs_numpy_and_its_filters_scipy() -> None:
    assert plugins.packages(parse_text("[probe]\npin: A\n"), ()) == ()
    assert plugins.packages(parse_text(LOAD_CELL), ()) == (pins.NUMPY,)
    for option in (
        "drift_filter_cutoff_frequency",
        "buzz_filter_cutoff_frequency",
        "notch_filter_frequencies",
    ):
        with_filter = parse_text(f"{LOAD_CELL}{option}: 50\n")
        assert plugins.packages(with_filter, ()) == (pins.NUMPY, pins.SCIPY)


def test_a_cartographer_brings_its_plugin_unless_the_users_own_is_named() -> None:
    configuration = parse_text("[cartographer]\nmcu: mcu\n")
    brought = plugins.needed(configuration, ())
    assert brought == (plugins.CARTOGRAPHER,)
    assert plugins.packages(configuration, brought) == (pins.NUMPY, pins.SCIPY, pins.CARTOGRAPHER)
    assert plugins.needed(configuration, {"cartographer"}) == ()


def test_the_plugin_is_named_with_the_version_that_is_pinned() -> None:
    name, version = plugins.CARTOGRAPHER.title.split()
    assert f"\n{name}=={version} " in pins.CARTOGRAPHER.file.read_text()
