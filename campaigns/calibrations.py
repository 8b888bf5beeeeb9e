"""Whether intervals cover the truth: whole calibrations of random printers, every estimate compared with the truth.

The truths are random for each seed; the program itself calibrates, with the autopilot as the person.
"""

import shutil
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from campaigns.calibrated import TRUTH, CalibrationTruth, calibrate, load
from campaigns.comparison import STEADY_Z_OFFSET, compare
from campaigns.errors import CampaignError
from campaigns.judgement import judge
from campaigns.machine_truth import MachineTruth
from campaigns.options import CampaignOptions
from campaigns.random_truths import SWITCH_PROFILES
from campaigns.report import CampaignReport, Criterion
from campaigns.tally import Tally

NAME = "calibrations"
RUNS = 20
MOST_WRONG, MOST_UNDECIDED = 0.01, 0.20
"""Shares of wrong verdicts of each kind, and of verdicts that are undecided, with feels up to 10 µm."""
MOST_Z_OFFSET_ERROR = 0.005
"""mm: the rms error of z_offset for a person whose paper tests vary by up to 8 µm and whose bias does not count."""

Task = tuple[str, int]
"""A profile and a seed."""


def run(options: CampaignOptions) -> CampaignReport:
    """Calibrate and compare. A run that fails is reported and kept. Raises CampaignError where none finished."""
    source = options.source()
    base = Path(options.keep) if options.keep else Path(tempfile.mkdtemp(prefix="zcal-campaign-"))
    base.mkdir(parents=True, exist_ok=True)
    count = RUNS if options.runs is None else options.runs
    profiles = options.profiles or SWITCH_PROFILES
    tasks = [(profile, options.seed + n) for n in range(count) for profile in profiles]
    tally = Tally()
    failed: list[str] = []

    def one(task: Task) -> CalibrationTruth:
        kept = load(base, *task) if options.keep else None
        return kept or calibrate(base, *task, source, options.only)

    for task, outcome in _all(tasks, options.jobs, one, options):
        if isinstance(outcome, CampaignError):
            failed.append(f"{task[0]} {task[1]}")
            options.report(f"{task[0]}, seed {task[1]}, failed and is kept: {outcome}")
            continue
        _count(tally, outcome)
        if not options.keep:
            shutil.rmtree(outcome.folder, ignore_errors=True)
    if not options.keep and not failed:
        shutil.rmtree(base, ignore_errors=True)
    if not tally.profiles:
        raise CampaignError(f"No calibration finished. Their files are in {base}.")
    return _report(tally, failed, len(tasks), options)


def _all(
    tasks: Sequence[Task], jobs: int, one: Callable[[Task], CalibrationTruth], options: CampaignOptions
) -> Iterator[tuple[Task, CalibrationTruth | CampaignError]]:
    """The result of each task as it ends, `jobs` at once."""
    began = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        running: dict[Future[CalibrationTruth], Task] = {pool.submit(one, task): task for task in tasks}
        done = 0
        try:
            while running:
                ended, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    task = running.pop(future)
                    try:
                        yield task, future.result()
                    except CampaignError as error:
                        yield task, error
                    done += 1
                    left = (time.monotonic() - began) / done * (len(tasks) - done)
                    options.progress(f"{NAME}: {done} of {len(tasks)}, about {left / 60:.0f} min left")
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _count(tally: Tally, outcome: CalibrationTruth) -> None:
    document = tomllib.loads((outcome.folder / TRUTH).read_text(encoding="utf-8"))
    truth = MachineTruth(outcome.profile, document)
    tally.add(
        outcome.profile,
        compare(outcome.records, truth, outcome.contact),
        judge(outcome.records, truth, outcome.contact),
    )


def _report(tally: Tally, failed: Sequence[str], count: int, options: CampaignOptions) -> CampaignReport:
    covered = tally.too_low()
    verdicts, passes, alarms = tally.verdicts, tally.wrong_passes, tally.false_alarms
    most, undecided = MOST_WRONG * verdicts, tally.undecided
    off = tally.rms_error(STEADY_Z_OFFSET)
    return CampaignReport(
        NAME,
        f"{count - len(failed)} of {count} whole calibrations of random printers; seeds from {options.seed}.",
        tally.COLUMNS,
        tally.rows(),
        (
            Criterion(
                "no interval covers the truth in significantly fewer than 93 % of cases"
                + (f" ({', '.join(covered)})" if covered else ""),
                not covered,
            ),
            Criterion(
                f"at most 1 % of the verdicts pass what exceeds its limit ({passes} of {verdicts})",
                passes <= most,
            ),
            Criterion(
                f"at most 1 % are alarms for what is within its limit ({alarms} of {verdicts})",
                alarms <= most,
            ),
            Criterion(
                f"at most 20 % of the verdicts are undecided ({undecided} of {verdicts})",
                undecided <= MOST_UNDECIDED * verdicts,
            ),
            Criterion(
                "z_offset has an rms error of 5 µm at most for feels up to 8 µm, bias aside"
                + ("" if off is None else f" ({1000 * off:.1f} µm)"),
                off is None or off <= MOST_Z_OFFSET_ERROR,
            ),
            Criterion(
                "every calibration finishes" + (f" (not {', '.join(failed)})" if failed else ""),
                not failed,
            ),
        ),
        (tally.verdict_table(),),
    )
