"""`zcal-tui sim --check`: whether a printer.cfg can be simulated, and every reason why not.

No klippy and no plugin runs for it.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from zcal_tui.sim.klippy_facts import KlippyFacts
from zcal_tui.sim.mandatory import AssumedValue
from zcal_tui.sim.preparation import prepare
from zcal_tui.sim.profile import Profile
from zcal_tui.sim.refusals import Refusal, WiringError
from zcal_tui.sim.strip import LeftOut, describe


@dataclass(frozen=True)
class ConfigurationVerdict:
    """What a check found."""

    path: str
    klipper: str
    """The Klipper that it was checked for; empty for none in particular."""
    refusals: tuple[Refusal, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    assumed: tuple[AssumedValue, ...] = ()
    with_strip: tuple[Refusal, ...] = ()
    """What --strip would not help with."""
    compared: bool = True
    """Whether modules and options were compared with those of the Klipper."""

    @property
    def runs(self) -> bool:
        """Whether it can be simulated."""
        return not self.refusals

    def text(self) -> str:
        """For people: a line for each section and option, then the answer."""
        lines = [*describe(self.left_out, self.assumed), *map(str, self.refusals)]
        if self.runs:
            lines.append(
                f"{self.path} can be simulated on {self.klipper}."
                if self.klipper
                else f"{self.path} can be simulated."
            )
        else:
            count = len(self.refusals)
            lines.append(f"{self.path} cannot be simulated: {count} reason{'s' if count > 1 else ''}.")
            if len(self.with_strip) < count and not self.left_out:
                rest = len(self.with_strip)
                lines.append(
                    f"With --strip, {rest} of these would remain."
                    if rest
                    else "With --strip it can be simulated."
                )
        if not self.compared:
            lines.append(
                f"Modules and options were not compared with those of {self.klipper or 'a Klipper'}, which is not "
                "downloaded yet. Start it once, then check again."
            )
        return "\n".join(lines)

    def json(self) -> str:
        """For programs: one object."""
        return json.dumps(
            {
                "event": "check",
                "path": self.path,
                "klipper": self.klipper or None,
                "runs": self.runs,
                "compared": self.compared,
                "refusals": [_refusal(refusal) for refusal in self.refusals],
                "with_strip": [_refusal(refusal) for refusal in self.with_strip],
                "left_out": [
                    {
                        "file": one.place.file,
                        "line": one.place.line,
                        "section": one.section,
                        "reason": one.reason,
                    }
                    for one in self.left_out
                ],
                "assumed": [
                    {
                        "file": one.place.file,
                        "line": one.place.line,
                        "section": one.section,
                        "option": one.option,
                        "value": one.value,
                    }
                    for one in self.assumed
                ],
            }
        )


def check(
    profile: Profile,
    *,
    stripped: bool = False,
    plugins: Collection[str] = (),
    facts: KlippyFacts | None = None,
    recursive: bool = False,
    klipper: str = "",
) -> ConfigurationVerdict:
    """Find out whether a profile can be simulated on `klipper`. For the other arguments see `prepare`."""
    path = str(profile.printer_cfg)
    try:
        prepared = prepare(profile, stripped=stripped, plugins=plugins, facts=facts, recursive=recursive)
    except WiringError as error:
        rest = error.refusals
        if not stripped:
            rest = check(profile, stripped=True, plugins=plugins, facts=facts, recursive=recursive).refusals
        return ConfigurationVerdict(
            path, klipper, error.refusals, with_strip=rest, compared=facts is not None
        )
    return ConfigurationVerdict(
        path, klipper, left_out=prepared.left_out, assumed=prepared.assumed, compared=facts is not None
    )


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "file": refusal.place.file,
        "line": refusal.place.line or None,
        "section": refusal.section or None,
        "option": refusal.option or None,
        "reason": refusal.reason,
    }
