"""A scanner's own calibration, driven on a fake printer: what is refused, asked, checked and offered for saving."""

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.manual_probe import FakeManualProbe
from tests.unit.fakes.person import Nobody, Person
from tests.unit.fakes.waiting import until
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.operator import NeedsPerson
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.checks.z_offset.run import measure
from zcal_tui.model.events import AdviceGiven, ChangesUpdated, Progress, Stage, VerdictReached
from zcal_tui.model.questions import Confirm, PaperMove, PaperStep
from zcal_tui.model.record import Level
from zcal_tui.printer.printer import CommandFailed

TOUCH_MODEL = "cartographer touch_model default"


class FakePlugin:
    """CARTOGRAPHER_TOUCH_CALIBRATE and CARTOGRAPHER_TOUCH_PROBE of the plugin."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.contacts = [0.01, 0.012, 0.009, 0.011, 0.01]
        self.error = ""
        self.stages = True
        machine.handlers.update(
            CARTOGRAPHER_TOUCH_CALIBRATE=self._calibrate, CARTOGRAPHER_TOUCH_PROBE=self._touch
        )
        for word in ("SAVE_GCODE_STATE", "G90", "G1", "M400", "RESTORE_GCODE_STATE"):
            machine.handlers[word] = machine.handlers["G28"]

    async def _calibrate(self, _: dict[str, str]) -> None:
        if self.error:
            raise Refused(self.error)
        if self.stages:
            self.machine.change(
                "configfile",
                save_config_pending=True,
                save_config_pending_items={TOUCH_MODEL: {"threshold": "750", "speed": "2.0"}},
            )

    async def _touch(self, _: dict[str, str]) -> None:
        self.machine.say(f"Result: at 100.000,100.000 estimate contact at z={self.contacts.pop(0):.6f}")


@pytest.fixture
def machine(machine: Machine) -> Machine:
    configfile = machine.objects["configfile"]
    del configfile["settings"]["probe"]
    configfile["settings"]["cartographer"] = {"x_offset": 0.0, "y_offset": 21.0}
    configfile["settings"][TOUCH_MODEL] = {"threshold": 500}
    configfile["config"] = {"cartographer": {}, TOUCH_MODEL: {"threshold": "500"}}
    machine.objects["probe"]["name"] = "cartographer"
    machine.objects["gcode"]["commands"].update(CARTOGRAPHER_TOUCH_CALIBRATE={}, CARTOGRAPHER_TOUCH_PROBE={})
    return machine


@pytest.fixture
def plugin(bench: Bench) -> FakePlugin:
    return FakePlugin(bench.machine)


async def calibrate(bench: Bench, *answers: bool, key: str = "touch") -> Person:
    person = Person(*answers)
    await measure(bench.context(person), ZOffsetParameters(calibrate=key))
    return person


async def test_it_asks_says_what_it_needs_and_offers_what_agrees(bench: Bench, plugin: FakePlugin) -> None:
    person = await calibrate(bench, True, True)
    assert person.keys == ["scanner-calibration", "clean-nozzle"]
    asked = person.asked[0]
    assert isinstance(asked, Confirm)
    assert "CARTOGRAPHER_TOUCH_CALIBRATE" in asked.text
    assert "below 150 °C" in asked.detail
    assert asked.danger
    first, *_, last = bench.told(ChangesUpdated)
    assert [change.state for change in first.changes] == ["staged"], "said before it is so"
    assert [(one.section, one.option, one.old, one.new, one.saves) for one in last.changes] == [
        (TOUCH_MODEL, "threshold", "500", "750", True),
        (TOUCH_MODEL, "speed", None, "2.0", True),
    ]
    (reached,) = bench.told(VerdictReached)
    assert reached.verdict.level is Level.PASS


@pytest.mark.parametrize("contacts", [[0.3] * 5, [0.0, 0.05, 0.0, 0.0, 0.0]])
async def test_what_does_not_agree_with_our_own_samples_is_not_saved(
    bench: Bench, plugin: FakePlugin, contacts: list[float]
) -> None:
    plugin.contacts = contacts
    await calibrate(bench, True, True)
    last = bench.told(ChangesUpdated)[-1]
    assert {(one.state, one.saves) for one in last.changes} == {("staged", False)}, "discarded by the session"
    (reached,) = bench.told(VerdictReached)
    assert reached.verdict.level is Level.FAIL
    assert "not saved" in bench.told(AdviceGiven)[0].text


@pytest.mark.parametrize(
    ("key", "words"), [("tap", "has no calibration tap"), ("auto", "has no calibration auto")]
)
async def test_a_calibration_that_the_probe_lacks_is_refused_by_name(
    bench: Bench, plugin: FakePlugin, key: str, words: str
) -> None:
    with pytest.raises(CheckRefused, match=words) as refused:
        await calibrate(bench, key=key)
    assert "scan and touch" in refused.value.cause
    assert bench.machine.scripts == []


async def test_nothing_starts_while_something_is_pending_or_without_consent(
    bench: Bench, plugin: FakePlugin
) -> None:
    with pytest.raises(CheckRefused, match="declined"):
        await calibrate(bench, False)
    with pytest.raises(NeedsPerson):
        await measure(bench.context(Nobody()), ZOffsetParameters(calibrate="touch"))
    bench.machine.change(
        "configfile", save_config_pending=True, save_config_pending_items={"probe": {"z_offset": "1"}}
    )
    await bench.printer.refresh()
    with pytest.raises(CheckRefused, match="pending"):
        await calibrate(bench)
    assert bench.machine.scripts == []


async def test_a_hot_nozzle_does_not_touch_the_bed(bench: Bench, plugin: FakePlugin) -> None:
    bench.machine.change("extruder", temperature=180.0)
    await bench.printer.refresh()
    with pytest.raises(CheckRefused, match="too hot"):
        await calibrate(bench, True)
    assert bench.machine.scripts == []


async def test_a_command_that_fails_or_stages_nothing_leaves_nothing_in_the_record(
    bench: Bench, plugin: FakePlugin
) -> None:
    plugin.stages = False
    with pytest.raises(CheckFailed, match="nothing is staged"):
        await calibrate(bench, True, True)
    plugin.error = "Unable to find 3 samples within 0.010mm"
    with pytest.raises(CommandFailed, match="Unable to find"):
        await calibrate(bench, True, True)
    assert bench.told(ChangesUpdated)[-1].changes == ()


EDDY = "probe_eddy_current coil"


def eddy(machine: Machine, threshold: float | None, contact: float = 0.01) -> list[str]:
    """Klipper's eddy current probe, whose tap has this threshold since the start and finds the bed at `contact`;
    returns the taps that it is sent."""
    configfile = machine.objects["configfile"]
    del configfile["settings"]["cartographer"]
    own = {"x_offset": 0.0, "y_offset": 21.0, "descend_z": 0.5}
    configfile["settings"][EDDY] = own if threshold is None else {**own, "tap_threshold": threshold}
    configfile["config"] = {EDDY: {}}
    machine.objects["probe"]["name"] = EDDY
    machine.objects["gcode"]["commands"].update(PROBE={}, PROBE_EDDY_CURRENT_TAP_CALIBRATE={})
    taps: list[str] = []

    async def calibrates(parameters: dict[str, str]) -> None:
        if parameters["TAP"] == "verify":
            items = {EDDY: {"tap_threshold": "2345.678"}}
            machine.change("configfile", save_config_pending=True, save_config_pending_items=items)

    async def probe(parameters: dict[str, str]) -> None:
        used = parameters.get("TAP_THRESHOLD") or (f"{threshold}" if threshold else "")
        if not used:
            raise Refused("Tap not configured")
        taps.append(used)
        machine.say(f"probe: at 100.000,100.000 bed will contact at z={contact:.6f}")

    machine.handlers.update(PROBE_EDDY_CURRENT_TAP_CALIBRATE=calibrates, PROBE=probe)
    return taps


@pytest.mark.parametrize("before", [None, 1000.0])
async def test_a_tap_calibration_is_checked_with_the_threshold_that_it_has_found(
    bench: Bench, plugin: FakePlugin, before: float | None
) -> None:
    taps = eddy(bench.machine, before)
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)
    await calibrate(bench, True, True, key="tap")
    assert taps == ["2345.678"] * 5, "Klipper itself uses it only after a restart"
    (reached,) = bench.told(VerdictReached)
    assert reached.verdict.level is Level.PASS


@pytest.mark.parametrize(
    ("contact", "agrees"),
    [(-0.19, True), (-0.1, True), (0.0, True), (0.09, True), (0.12, False), (-0.21, False)],
)
async def test_a_tap_is_compared_with_contact_and_with_the_papers_height(
    bench: Bench, plugin: FakePlugin, contact: float, agrees: bool
) -> None:
    """Klipper's own paper test leaves Z 0 a paper's thickness above the nozzle's contact."""
    eddy(bench.machine, None, contact)
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)
    await calibrate(bench, True, True, key="tap")
    (reached,) = bench.told(VerdictReached)
    assert (reached.verdict.level is Level.PASS) is agrees, reached.verdict
    assert "or from Z −100 µm where Z 0 is the height of the paper." in reached.verdict.reasons[0]


async def test_a_model_of_a_beacon_that_probes_by_contact_is_checked_by_its_coil(
    bench: Bench, plugin: FakePlugin
) -> None:
    configfile = bench.machine.objects["configfile"]
    del configfile["settings"]["cartographer"]
    configfile["settings"]["beacon"] = {"x_offset": 0.0, "y_offset": 21.0, "default_probe_method": "contact"}
    configfile["settings"]["beacon model default"] = {"model_offset": 0.0}
    configfile["config"] = {"beacon": {}}
    bench.machine.objects["probe"]["name"] = "beacon"
    bench.machine.objects["gcode"]["commands"].update(PROBE={}, BEACON_AUTO_CALIBRATE={})
    methods: list[str] = []

    async def calibrates(_: dict[str, str]) -> None:
        items = {"beacon model default": {"model_coef": "1, 2"}}
        bench.machine.change("configfile", save_config_pending=True, save_config_pending_items=items)
        bench.machine.change("toolhead", position=[100.0, 79.0, 0.2, 0.0])  # the coil is over 100, 100

    async def probe(parameters: dict[str, str]) -> None:
        methods.append(parameters.get("PROBE_METHOD", "contact"))
        bench.machine.say("probe at 100.000,100.000,2.000 is z=1.990000")

    bench.machine.handlers.update(BEACON_AUTO_CALIBRATE=calibrates, PROBE=probe)
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)
    await calibrate(bench, True, True, key="auto")
    assert methods == ["proximity"] * 5
    sideways = [line for script in bench.machine.scripts for line in script.splitlines() if " Y" in line]
    assert sideways[-1].startswith("G1 X100.0000 Y79.0000 "), "where the plugin has left the coil"
    (reached,) = bench.told(VerdictReached)
    assert reached.verdict.level is Level.PASS


async def test_what_could_not_be_checked_is_not_calibrated(bench: Bench, plugin: FakePlugin) -> None:
    del bench.machine.objects["gcode"]["commands"]["CARTOGRAPHER_TOUCH_PROBE"]
    await bench.printer.refresh()
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)
    with pytest.raises(CheckRefused, match="method touch"):
        await calibrate(bench, True, True)
    assert bench.machine.scripts == []


@pytest.mark.parametrize("home", [True, False])
async def test_sideways_moves_while_z_is_unknown_are_agreed_to_first(
    bench: Bench, plugin: FakePlugin, home: bool
) -> None:
    configfile = bench.machine.objects["configfile"]
    configfile["settings"]["stepper_z"]["endstop_pin"] = "probe:z_virtual_endstop"
    bench.machine.objects["gcode"]["commands"]["CARTOGRAPHER_SCAN_CALIBRATE"] = {}
    bench.machine.objects["toolhead"]["homed_axes"] = ""

    async def refuses(_: dict[str, str]) -> None:
        raise Refused("stop here")

    bench.machine.handlers["CARTOGRAPHER_SCAN_CALIBRATE"] = refuses
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)
    person = Person(True, True)
    with pytest.raises(CommandFailed if home else CheckRefused, match="stop here" if home else "not homed"):
        await measure(bench.context(person), ZOffsetParameters(calibrate="scan", home=home))
    asked = person.asked[0]
    assert isinstance(asked, Confirm)
    assert "X and Y move first, at the present height" in asked.detail
    assert asked.danger
    assert ("G28 X Y" in bench.machine.scripts) is home


async def test_a_typed_step_down_of_over_0_1_mm_is_confirmed_each_time(
    bench: Bench, plugin: FakePlugin
) -> None:
    paper = FakeManualProbe(bench.machine)
    bench.machine.objects["gcode"]["commands"]["CARTOGRAPHER_SCAN_CALIBRATE"] = {}
    bench.machine.handlers["CARTOGRAPHER_SCAN_CALIBRATE"] = paper.begin
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)
    down, small = PaperMove("step", "-0.5"), PaperMove("step", "-0.1")
    person = Person(True, True, down, False, down, True, down, True, small, PaperMove("abort"))
    with pytest.raises(CheckCancelled):
        await measure(bench.context(person), ZOffsetParameters(calibrate="scan"))
    asked = ["paper", "risky-step"] * 3 + ["paper", "paper"]
    assert person.keys == ["scanner-calibration", "clean-nozzle", *asked]
    step = person.asked[2]
    assert isinstance(step, PaperStep)
    assert (step.expected, step.opener) == (None, "CARTOGRAPHER_SCAN_CALIBRATE")
    assert [script.split("\n")[0] for script in bench.machine.scripts if "TESTZ" in script] == [
        "TESTZ Z=-0.5",
        "TESTZ Z=-0.5",
        "TESTZ Z=-0.1",
    ]


LINES = (
    "Starting touch calibration (speed=2, range=500-5000)",
    "Screening: 3 samples within 0.010mm range. Verification: 10 samples within 0.020mm range",
    "Threshold 500 triggered prior to movement.",
    "Screening 750: ✗ best=0.034mm (5 samples)",
    "Screening 1000: ✓ best=0.004mm (5 samples)",
    "Threshold 1000 looks promising, verifying with 10 touch samples...",
    "Verification 1000: ✓ (10 samples)\n  maximum 0.003000, minimum -0.002000, range 0.005000,\n",
    "Threshold 1000 verified: 0.005mm median range across 10 samples",
)
"""What cartographer3d-plugin 1.10.1 prints; without `// `, as its log does."""
REPORTS = "The plugin reports: "


async def test_the_plugins_lines_are_shown_with_the_thresholds_it_has_tried(
    bench: Bench, plugin: FakePlugin
) -> None:
    stages = bench.machine.handlers["CARTOGRAPHER_TOUCH_CALIBRATE"]
    during: list[str] = []

    async def calibrates(parameters: dict[str, str]) -> None:
        for line in LINES:
            bench.machine.say_raw(f"{line}\n")
        await until(lambda: any("verified" in stage.text for stage in bench.told(Stage)))
        during.append(bench.told(Stage)[-1].text)
        await stages(parameters)

    bench.machine.handlers["CARTOGRAPHER_TOUCH_CALIBRATE"] = calibrates
    await calibrate(bench, True, True)
    shown = [
        stage.text.removeprefix(REPORTS) for stage in bench.told(Stage) if stage.text.startswith(REPORTS)
    ]
    assert shown == [line.split("\n")[0] for line in LINES]
    assert during[0].endswith(LINES[-1]), "while it measures, not afterwards"
    told = [(progress.done, progress.total) for progress in bench.told(Progress)]
    assert told == [(0, 4500), (250, 4500), (500, 4500), (4500, 4500)]


async def test_a_line_of_the_console_cannot_steer_the_terminal_or_the_progress(
    bench: Bench, plugin: FakePlugin
) -> None:
    stages = bench.machine.handlers["CARTOGRAPHER_TOUCH_CALIBRATE"]

    async def calibrates(parameters: dict[str, str]) -> None:
        bench.machine.say_raw("Screening 900: another program's, before any range\n")
        bench.machine.say_raw("Starting touch calibration (speed=2, range=900-900)\n")
        bench.machine.say_raw("\x1b[2JScreening 950: " + 500 * "x" + "\n")
        await until(lambda: any("xxx" in stage.text for stage in bench.told(Stage)))
        await stages(parameters)

    bench.machine.handlers["CARTOGRAPHER_TOUCH_CALIBRATE"] = calibrates
    await calibrate(bench, True, True)
    assert bench.told(Progress) == []
    texts = [stage.text for stage in bench.told(Stage)]
    assert all(text.isprintable() and len(text) < 220 for text in texts)


async def test_the_plugins_last_line_says_why_nothing_is_staged(bench: Bench, plugin: FakePlugin) -> None:
    failure = "Failed to find reliable threshold in range 500-5000."

    async def calibrates(_: dict[str, str]) -> None:
        bench.machine.say_raw(f"{failure}\nTry increasing MAX:\n")
        await until(lambda: any(failure in stage.text for stage in bench.told(Stage)))

    bench.machine.handlers["CARTOGRAPHER_TOUCH_CALIBRATE"] = calibrates
    with pytest.raises(CheckFailed, match="nothing is staged") as failed:
        await calibrate(bench, True, True)
    assert failure in failed.value.cause
