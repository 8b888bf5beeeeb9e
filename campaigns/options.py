"""What every campaign is told."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campaigns.errors import CampaignError
from zcal_tui.sim.host import klippy_source
from zcal_tui.sim.host.errors import SimulatorError


@dataclass(frozen=True, slots=True)
class CampaignOptions:
    """`runs` in all, None for the campaign's own number; `seed` starts the random draws; `klipper` names a checkout of
    Klipper or Kalico, None for the simulator's own choice; `progress` is told how far it is, `tell` what somebody has
    to know. The rest is for whole calibrations: `profiles` and the checks to do (`only`; none are all of them), `jobs`
    at once, and the folder to `keep` the runs in, where those that are there already are not done again."""

    runs: int | None
    seed: int
    klipper: str | None
    progress: Callable[[str], None]
    tell: Callable[[str], None]
    profiles: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    jobs: int = 2
    keep: str | None = None

    def checkout(self) -> Path | None:
        """The Klipper that will run: the one named, else KLIPPER_DIR, else ~/klipper; None for the package from PyPI.

        Raises CampaignError where the named one is none.
        """
        try:
            return klippy_source.find_checkout(self.klipper, os.environ, Path.home())
        except SimulatorError as error:
            raise CampaignError(str(error)) from error
