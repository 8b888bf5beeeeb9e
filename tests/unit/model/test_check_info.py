"""Each check is described completely: what is missing from a description fails here, not towards "still valid"."""

from dataclasses import fields

import pytest

from benchmarks import bare_page
from campaigns import comparison, judgement
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import DECLARED
from zcal_tui.model.capabilities import Capabilities
from zcal_tui.model.check_info import ALL_INFO, CHECK_INFO, ESTIMATES, info_of
from zcal_tui.model.check_info.info import (
    HARDWARE_CHANGES,
    PROBE,
    PROBE_MODELS,
    SHORT_TITLE,
    STEPPERS,
    CheckInfo,
)
from zcal_tui.results.report.plots import PLOTS
from zcal_tui.sim import truth_keys
from zcal_tui.tui.presenters import PRESENTERS, presenter_of

PRINTERS = (
    Capabilities(),
    Capabilities(probe=True, nozzle_endstop="probe"),
    Capabilities(probe=True, retracts_on_trigger=True, heated_bed=True),
    Capabilities(
        probe=True,
        nozzle_endstop="switch",
        position_endstop=True,
        heated_bed=True,
        hotend=True,
        zcal=True,
        z_calibration=True,
    ),
    Capabilities(probe=True, backlash_command="CARTOGRAPHER_ESTIMATE_BACKLASH", hotend=True),
)


@pytest.mark.parametrize("info", ALL_INFO.values(), ids=list(ALL_INFO))
class TestEachDescription:
    def test_people_can_read_it(self, info: CheckInfo) -> None:
        assert info.title and info.learn and info.explain.endswith(".")
        assert ALL_INFO[info.name] is info

    def test_it_has_a_title_for_a_narrow_list(self, info: CheckInfo) -> None:
        assert 0 < len(info.short_title or info.title) <= SHORT_TITLE
        assert info.short_title != info.title

    def test_every_hardware_change_is_decided(self, info: CheckInfo) -> None:
        assert set(info.stale_after) | set(info.valid_after) == set(HARDWARE_CHANGES)
        assert not set(info.stale_after) & set(info.valid_after)
        assert all(info.stale_after.values())

    def test_what_it_shows_is_among_what_it_estimates(self, info: CheckInfo) -> None:
        names = {estimate.name for estimate in info.estimates}
        assert len(names) == len(info.estimates)
        assert {name.partition("@")[0] for name in info.main} <= names
        assert set(info.found_options) <= names

    def test_its_plots_and_its_presenter_exist(self, info: CheckInfo) -> None:
        assert set(info.plots) <= set(PLOTS)
        assert info.presenter in PRESENTERS
        assert presenter_of(info.name).about
        assert ("repeats" in info.plots) == bool(info.repeated_sample)
        assert (info.presenter == "limit") == bool(info.legend) == (info.limit is not None)

    def test_it_says_of_every_printer_whether_it_applies_and_what_it_needs(self, info: CheckInfo) -> None:
        for printer in PRINTERS:
            assert info.needs(printer).minutes > 0.0
            why = info.unfit(printer)
            assert why is None or why.endswith((".", ")"))


@pytest.mark.parametrize(
    "info", [info for info in CHECK_INFO.values() if info.main], ids=lambda info: info.name
)
class TestEachCheckThatMeasures:
    def test_its_result_depends_on_something_that_can_change(self, info: CheckInfo) -> None:
        assert info.stale_after, "no result outlives every hardware change"
        assert info.plots
        assert info.depends_on or info.found_options

    def test_a_campaign_compares_it_with_the_truth(self, info: CheckInfo) -> None:
        assert info.name in comparison.COMPARERS
        assert info.name in judgement.DECIDERS

    def test_sections_are_named_as_klipper_reads_them(self, info: CheckInfo) -> None:
        assert all(
            name in (PROBE, PROBE_MODELS, STEPPERS) or name == name.lower() for name in info.depends_on
        )


def test_every_check_is_listed_everywhere() -> None:
    assert list(CHECKS) == list(CHECK_INFO)
    assert list(DECLARED) == list(ALL_INFO)
    assert all(check.info is CHECK_INFO[name] for name, check in CHECKS.items())
    assert {field.name.replace("_", "-") for field in fields(truth_keys.VerdictsTruth)} == set(CHECK_INFO)
    assert tuple(ALL_INFO) == bare_page.CHECKS


def test_an_estimate_has_one_label_whatever_check_it_is_of() -> None:
    for info in ALL_INFO.values():
        for estimate in info.estimates:
            assert ESTIMATES[estimate.name] is estimate


def test_a_check_of_a_newer_version_is_unknown() -> None:
    assert info_of("of-a-newer-version") is None
