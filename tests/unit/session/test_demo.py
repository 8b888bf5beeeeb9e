"""An impossible simulated printer is distinguished from one that does not start."""

from pathlib import Path

import pytest

from zcal_tui.model.record import USAGE
from zcal_tui.session.demo import DemoFailed, DemoPrinter
from zcal_tui.session.target import DemoOptions


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = [", "not valid TOML"),
        ("[probe]\nnose = 1", "there is no key nose"),
        ("[probe]\nnoise = 'much'", "must be a number"),
    ],
)
async def test_a_truth_file_that_says_nonsense_is_a_fault_of_the_command_line(
    text: str, words: str, tmp_path: Path
) -> None:
    truth = tmp_path / "truth.toml"
    truth.write_text(text)
    with pytest.raises(DemoFailed) as failed:
        await DemoPrinter.start(DemoOptions("voron", truth=str(truth)), lambda _: None)
    assert words in failed.value.problem.what
    assert failed.value.problem.key == USAGE


async def test_a_klipper_that_is_none_is_not(tmp_path: Path) -> None:
    with pytest.raises(DemoFailed) as failed:
        await DemoPrinter.start(DemoOptions("voron", klipper=str(tmp_path)), lambda _: None)
    assert "no klippy/klippy.py" in failed.value.problem.what
    assert failed.value.problem.key == ""


async def test_strip_is_passed_on_and_what_it_leaves_out_is_listed(tmp_path: Path) -> None:
    assert DemoOptions("x", strip=True).arguments()[-1] == "--strip"
    assert "--strip" not in DemoOptions("x").arguments()
    (tmp_path / "printer.cfg").write_text("[led_effect x]\n[printer]\nkinematics: polar\n")
    with pytest.raises(DemoFailed) as raised:
        await DemoPrinter.start(DemoOptions(str(tmp_path), strip=True), lambda _: None)
    problem = raised.value.problem
    assert "printer.cfg:3: [printer] kinematics: polar" in problem.cause
    assert "led_effect" not in problem.cause
