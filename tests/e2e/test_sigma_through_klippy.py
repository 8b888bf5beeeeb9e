"""What is found through klippy agrees with what is so: the interval of sigma against the noise in the truth file."""

import threading
from pathlib import Path

from tests.e2e.simulated import Starter
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.model.events import Event, RunEnded
from zcal_tui.model.record import Outcome, Record
from zcal_tui.results.store import Store
from zcal_tui.session.session import Session
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import parse_address

RUNS = 60
AGREE = 49
"""Of 60 intervals at 95 % fewer than 49 would contain the truth in one of 27,000 such tests."""

TRUTH = """
[simulation]
seed = 11
[probe]
noise = {noise}
outlier_rate = 0.0
first_sample_shift = 0.0
drift_per_touch = 0.0
"""


def measure(session: Session, ended: threading.Event, records: list[Record]) -> None:
    ended.clear()
    session.start_check("accuracy", AccuracyParameters(here=bool(records)))
    assert ended.wait(120)


def test_sigma_is_found_through_klippy(printer_sim: Starter, tmp_path: Path) -> None:
    noise = 0.003
    truth = tmp_path / "truth.toml"
    truth.write_text(TRUTH.format(noise=noise))
    printer = printer_sim("corexy", truth=truth, speed=40.0)
    session = Session(PrinterTarget(addresses=(parse_address(printer.klippy),)), Store(tmp_path))
    records: list[Record] = []
    ended = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, RunEnded):
            records.append(event.record)
            ended.set()

    session.listen(listen)
    session.start()
    try:
        while not session.snapshot.printer.ready:
            assert session.snapshot.link.problem is None
            ended.wait(0.05)
        for _ in range(RUNS):
            measure(session, ended, records)
    finally:
        session.close()
    assert all(record.outcome is Outcome.FINISHED for record in records), records[-1].problem
    sigmas = [record.estimates["sigma"] for record in records]
    agree = sum((s.low or 0.0) <= noise <= (s.high or 1.0) for s in sigmas)
    assert agree >= AGREE, f"{agree} of {RUNS} intervals contain {noise * 1000:g} µm"
