"""What every campaign is told."""

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
    `zcal-tui sim --klipper` does, None for the simulator's own choice; `progress` is called with how far it is, `tell`
    with what somebody has to know. The rest is for whole calibrations: `profiles` and the checks to do (`only`; none
    are all of them), `jobs` at once, and the folder to `keep` the runs in, where those that are there already are not
    done again."""

    runs: int | None
    seed: int
    klipper: str | None
    progress: Callable[[str], None]
    tell: Callable[[str], None]
    profiles: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    jobs: int = 2
    keep: str | None = None

    def source(self) -> Source:
        """The Klipper that will run: the one named, else KLIPPER_DIR, else ~/klipper, else the default package.

        Raises CampaignError where the named one is none.
        """
        try:
            return klippy_source.find_source(self.klipper, os.environ, Path.home())
        except SimulatorError as error:
            raise CampaignError(str(error)) from error
