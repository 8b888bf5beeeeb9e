"""The options of every campaign."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campaigns.errors import CampaignError
from zcal_tui.sim.host import klippy_source
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.klippy_source import Source


@dataclass(frozen=True, slots=True)
class CampaignOptions:
    """`runs` in all, None for the campaign's own number; `seed` starts the random draws; `klipper` names a Klipper as
    `zcal-tui sim --klipper` does, None for the simulator's own choice; `progress` is called with the state of the work,
    `report` with what a person has to know. The rest is for whole calibrations: `profiles` and the checks to do
    (`only`; all if empty), `jobs` at once, and the folder to `keep` the runs in; runs that are there are not repeated.
    """

    runs: int | None
    seed: int
    klipper: str | None
    progress: Callable[[str], None]
    report: Callable[[str], None]
    profiles: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    jobs: int = 2
    keep: str | None = None

    def source(self) -> Source:
        """The Klipper that will run: the one named, else KLIPPER_DIR, else ~/klipper, else the default package.

        Raises CampaignError where the named one is not a Klipper.
        """
        try:
            return klippy_source.find_source(self.klipper, os.environ, Path.home())
        except SimulatorError as error:
            raise CampaignError(str(error)) from error
