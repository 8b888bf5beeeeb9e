"""How heights are sampled: the port the checks use, and the implementation with Klipper's own commands."""

import asyncio
import dataclasses
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Protocol

from zcal_tui.model.record import Sample
from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.gcode import ProbingSettings, probing_command
from zcal_tui.printer.hazards import minimum
from zcal_tui.printer.messages import AccuracyHeader, AccuracyStats, ProbeQuery, ProbeSample
from zcal_tui.printer.printer import LATE_LINES, CommandFailed, Heard, Printer
from zcal_tui.printer.scanner_plugins import OLDER_PLUGINS, touched, unsampled
from zcal_tui.printer.state import PrinterState

PLAIN_BLOCK, PREPARED_BLOCK = 2, 6
"""Samples that one command takes: a cancel takes effect after it."""


class ProbeUnusable(Exception):
    """The probe is not in a state in which a sample is valid. `args` are what, cause and remedy."""

    def __init__(self, what: str, cause: str, remedy: str) -> None:
        super().__init__(what, cause, remedy)
        self.what, self.cause, self.remedy = what, cause, remedy


def require_probe(state: PrinterState) -> ProbeConfig:
    """The printer's probe. Raises ProbeUnusable where it has none."""
    probe = probe_config(state)
    if probe is None:
        raise ProbeUnusable(
            "This printer has no probe.",
            "Its configuration has no section that Klipper can probe with.",
            "Add a [probe], [bltouch] or similar section.",
        )
    return probe


def require_sampled(state: PrinterState) -> ProbeConfig:
    """The printer's probe. Raises ProbeUnusable where it has none, or PROBE_ACCURACY of it takes no samples."""
    probe = require_probe(state)
    if (why := unsampled(state, probe)) is not None:
        raise ProbeUnusable(*why)
    return probe


def reads_triggered(probe: ProbeConfig) -> ProbeUnusable:
    """The probe's switch reads triggered in the air."""
    return ProbeUnusable(
        f"The probe [{probe.section}] reads triggered although nothing presses it.",
        "It is in its dock, not attached or not deployed, or it touches something. A normally closed switch reads "
        "triggered while the probe is missing.",
        "Attach it by hand and run QUERY_PROBE. For a docked probe name the macros with --attach and --detach, or run "
        "Ready (`ready`), which asks for them. Leave the pin as it is until an attached probe was read.",
    )


class LinesMissing(ProbeUnusable):
    """The printer finished a series but reported fewer samples than it took. Those it reported were yielded."""


class Sampler(Protocol):
    """Takes samples where the toolhead is."""

    def series(
        self, count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncIterator[Sample]:
        """Take `count` samples (more where the printer cannot take so few) and yield each as it is reported,
        numbered from 1, with x and y of the toolhead. Ends early, between samples, once `cancelled()`.

        Raises CommandFailed, ReplyLost, NotReady, ProbeUnusable or LinesMissing, always after the samples that were
        reported were yielded. May be called again for more.
        """


class StockSampler:
    """Samples by PROBE_ACCURACY in blocks, read from the console as they come.

    A block is two samples where the probe needs no preparation, so that a cancel takes effect after two at most. It is
    up to six where each block docks, deploys or drops a first sample again. It is never smaller than the printer takes
    (printer/hazards.py): some shut down.
    """

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    async def series(
        self, count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncGenerator[Sample, None]:
        probe = require_sampled(self._printer.state)
        if probe.plain and not probe.senses_distance and not cancelled():
            await self._check_switch(probe)
        taken = 0
        least = int(minimum(self._printer.state, "PROBE_ACCURACY", "SAMPLES"))
        for size in blocks(count, prepared=not probe.plain, least=least):
            if cancelled():
                return
            block = self._block(size, settings, probe)
            try:
                async for sample in block:
                    taken += 1
                    yield dataclasses.replace(sample, n=taken)
            finally:
                await block.aclose()

    async def _check_switch(self, probe: ProbeConfig) -> None:
        answers: list[bool] = []

        def note(heard: Heard) -> None:
            if isinstance(heard.message, ProbeQuery):
                answers.append(heard.message.triggered)

        stop = self._printer.listen_console(note)
        try:
            await self._printer.gcode("QUERY_PROBE")
        except CommandFailed as error:
            if "does not support QUERY_PROBE" in error.message or "Unknown command" in error.message:
                return
            raise
        finally:
            stop()
        if answers and answers[-1]:
            raise reads_triggered(probe)

    async def _block(
        self, size: int, settings: ProbingSettings, probe: ProbeConfig
    ) -> AsyncGenerator[Sample, None]:
        lines: asyncio.Queue[Heard | None] = asyncio.Queue()
        stop = self._printer.listen_console(lines.put_nowait)
        command = asyncio.create_task(
            self._printer.gcode(probing_command("PROBE_ACCURACY", size, settings)), name="zcal samples"
        )
        command.add_done_callback(lambda _: lines.put_nowait(None))
        reader = BlockReader(size, probe)
        try:
            while (heard := await lines.get()) is not None:
                if (sample := reader.read(heard)) is not None:
                    yield sample
            await command  # raises its error, after the samples from before it
            while not reader.complete:
                try:
                    async with asyncio.timeout(LATE_LINES):
                        late = await lines.get()
                except TimeoutError:
                    break
                if late is not None and (sample := reader.read(late)) is not None:
                    yield sample
            reader.check()
        finally:
            stop()
            command.cancel()
            await asyncio.gather(command, return_exceptions=True)


def blocks(count: int, *, prepared: bool, least: int = PLAIN_BLOCK) -> list[int]:
    """The sizes of the blocks for `count` samples: twos and threes, or up to six where each block prepares the probe
    again; none smaller than `least`, nor a one."""
    if count < 1:
        return []
    least = max(least, PLAIN_BLOCK)
    wanted = math.ceil(count / PREPARED_BLOCK) if prepared else count // least
    number = max(1, min(wanted, count // least))
    size, rest = divmod(max(count, least), number)
    return [size] * (number - rest) + [size + 1] * rest


class BlockReader:
    """Picks one block's samples out of the console: from its own header to its summary."""

    def __init__(self, size: int, probe: ProbeConfig) -> None:
        self._size = size
        self._probe = probe
        self._expected = size + (1 if probe.drop_first_result else 0)
        self._header: AccuracyHeader | None = None
        self._read = 0
        self._ended = False

    @property
    def complete(self) -> bool:
        """Whether everything the block prints was read."""
        return self._ended and self._read >= self._expected

    def read(self, heard: Heard) -> Sample | None:
        """The sample of a line, if it is one of this block's."""
        message = heard.message
        if isinstance(message, AccuracyHeader):
            if message.command == "PROBE_ACCURACY" and message.samples == self._size:
                self._header, self._read, self._ended = message, 0, False
        elif isinstance(message, AccuracyStats) and self._header is not None:
            self._ended = True
        elif isinstance(message, ProbeSample) and message.command is None:
            if self._header is None or self._ended:
                return None  # another client's, from before our turn
            if self._probe.section in OLDER_PLUGINS and not message.scanned:
                raise ProbeUnusable(*touched(self._probe))
            self._read += 1
            recorded = not (self._probe.drop_first_result and self._read == 1)
            return _sample(message, self._read, self._probe, heard.eventtime, recorded)
        return None

    def check(self) -> None:
        """Raises LinesMissing unless every sample was reported."""
        if self._read < self._expected:
            raise LinesMissing(
                f"The printer took {self._expected} samples but reported {self._read}.",
                "The connection was down in between, or PROBE_ACCURACY of this probe does not print its samples.",
                "Repeat the check. If it happens again, check on the console what PROBE_ACCURACY prints.",
            )


def _sample(line: ProbeSample, n: int, probe: ProbeConfig, eventtime: float, recorded: bool) -> Sample:
    if line.frame == "toolhead":
        return Sample(n, round(eventtime, 3), line.x, line.y, line.z, recorded=recorded)
    x, y = line.x - probe.x_offset, line.y - probe.y_offset
    # klippy prints six decimals; further digits come from adding floats
    return Sample(
        n,
        round(eventtime, 3),
        round(x, 3),
        round(y, 3),
        round(line.z + probe.z_offset, 6),
        bed_z=line.z,
        recorded=recorded,
    )
