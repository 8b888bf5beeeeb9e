"""Taking the lease from a program that has died: at once where that is known, else when it runs out."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Refused
from zcal_tui.checks.errors import CheckCancelled, CheckRefused
from zcal_tui.checks.lease import takeover as taking
from zcal_tui.checks.lease.process import ourselves
from zcal_tui.checks.lease.takeover import LeaseTaker
from zcal_tui.model.events import Progress, Stage
from zcal_tui.printer.zcal_module import ZcalModule

OTHER = "zcal-tui on workshop (4711)"
DEAD = {**ourselves(), "began": "1"}
ELSEWHERE = {**ourselves(), "boot": "another"}


class Extra:
    """Answers the lease endpoint as the extra does; its time goes on by a second with every request."""

    def __init__(self, bench: Bench, process: dict[str, Any] | None, *, takes_over: bool = True) -> None:
        self.bench = bench
        self.takes_over = takes_over
        self.renews = False
        self.cleaning = 0
        self.asked: list[str] = []
        self.holder: str | None = OTHER
        self.process = process
        self.until = bench.machine.eventtime + 5.0
        self.publish()
        bench.klippy.endpoints["zcal/lease"] = self.answer

    def answer(self, parameters: dict[str, Any]) -> dict[str, object]:
        action = parameters.get("action", "renew")
        self.asked.append(action)
        self.bench.machine.eventtime += 1.0
        try:
            if action == "take_over" and self.takes_over:
                assert parameters["instead_of"] == self.holder
                self.holder, self.cleaning = None, 2
            elif self.holder not in (None, parameters["holder"]):
                if self.renews:
                    self.until += 1.0
                if self.bench.machine.eventtime < self.until:
                    raise Refused(f"{self.holder} holds the lease for another 3 s.")
                self.holder, self.cleaning = None, 1
                raise Refused("[zcal] is still cleaning up after the last lease.")
            elif self.cleaning:
                self.cleaning -= 1
                raise Refused("[zcal] is still cleaning up after the last lease.")
            elif action == "renew":
                self.holder = parameters["holder"]
        finally:
            self.publish()
        return {"holder": self.holder, "holds": []}

    def publish(self) -> None:
        """Tell the status."""
        lease = None
        if self.holder is not None:
            lease = {"holder": self.holder, "until": self.until, "holds": [], "process": self.process}
        self.bench.machine.objects["zcal"] = {"version": "1.1.0", "unavailable": {}, "lease": lease}


async def served(bench: Bench, process: dict[str, Any] | None, *, takes_over: bool = True) -> Extra:
    """An extra whose lease another program holds, as that names itself, known to the printer's client."""
    extra = Extra(bench, process, takes_over=takes_over)
    await bench.printer.restart_and_wait()
    extra.until = bench.machine.eventtime + 5.0
    return extra


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "LOOK", 0.01)


def taker(bench: Bench, cancelled: Callable[[], bool] = lambda: False) -> LeaseTaker:
    return LeaseTaker(bench.printer, ZcalModule(bench.printer), "us", bench.said.append, cancelled)


async def test_what_a_program_that_is_known_to_be_dead_has_left_is_put_back_at_once(bench: Bench) -> None:
    extra = await served(bench, DEAD)
    await taker(bench).take(60.0)
    assert extra.asked == ["renew", "take_over", "renew", "renew", "renew"]
    assert extra.holder == "us"
    assert bench.printer.state.zcal["lease"]["holder"] == "us"
    assert f"{OTHER} ended without releasing the printer" in bench.notices
    assert bench.told(Stage) == []


@pytest.mark.parametrize(
    ("process", "takes_over"),
    [(None, True), (ELSEWHERE, True), (DEAD, False)],
    ids=["unnamed", "elsewhere", "an older extra"],
)
async def test_where_it_is_not_known_the_lease_is_waited_for_with_a_countdown(
    bench: Bench, process: dict[str, Any] | None, takes_over: bool
) -> None:
    extra = await served(bench, process, takes_over=takes_over)
    await taker(bench).take(60.0)
    assert extra.holder == "us"
    (stage,) = bench.told(Stage)
    assert OTHER in stage.text
    assert " s left" in stage.text
    left = [progress.seconds_left for progress in bench.told(Progress)]
    assert len(left) >= 2
    assert left == sorted(left, key=lambda seconds: -(seconds or 0.0))


async def test_a_program_that_renews_lives_and_is_left_alone(bench: Bench) -> None:
    extra = await served(bench, None)
    extra.renews = True
    with pytest.raises(CheckRefused, match="Another program controls") as refused:
        await taker(bench).take(60.0)
    assert OTHER in refused.value.cause
    assert extra.holder == OTHER


async def test_a_program_that_is_known_to_live_is_refused_at_once(bench: Bench) -> None:
    extra = await served(bench, ourselves())
    with pytest.raises(CheckRefused, match="Another program controls"):
        await taker(bench).take(60.0)
    assert extra.asked == ["renew"]


async def test_a_lease_that_is_given_back_between_the_refusal_and_the_look_is_taken(bench: Bench) -> None:
    extra = await served(bench, ourselves())
    answer = extra.answer

    def refuse_and_end(parameters: dict[str, Any]) -> dict[str, object]:
        try:
            return answer(parameters)
        except Refused:
            extra.holder = None
            extra.publish()
            raise

    bench.klippy.endpoints["zcal/lease"] = refuse_and_end
    await taker(bench).take(60.0)
    assert extra.asked == ["renew", "renew"]
    assert extra.holder == "us"


async def test_waiting_can_be_cancelled(bench: Bench) -> None:
    extra = await served(bench, None)
    with pytest.raises(CheckCancelled):
        await taker(bench, lambda: len(extra.asked) > 1).take(60.0)
    assert extra.holder == OTHER
