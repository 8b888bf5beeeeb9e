"""Klipper's manual probe on the fake printer: where TESTZ goes, what the status tells, and how it ends.

Written after what manual_probe.py of Klipper does: each place that a TESTZ leaves is remembered; + and - go half way to
the next remembered place, ++ and -- onto it, neither farther than 0.2 mm; a move that is refused ends the test.
"""

from tests.unit.fakes.machine import Machine, Refused

FARTHEST = 0.2


class FakeManualProbe:
    """The manual probe of one machine."""

    def __init__(self, machine: Machine, step: float = 0.0) -> None:
        """`step` (mm): what the axis can resolve, exactly where it is 0."""
        self.machine = machine
        self._step = step
        self._start = 0.0
        self.left: list[float] = []
        """The places that a TESTZ has left, lowest first."""
        machine.handlers["MANUAL_PROBE"] = machine.handlers["ZCAL_PAPER_TEST"] = self.begin

    @property
    def z(self) -> float:
        """The toolhead's height."""
        return float(self.machine.objects["toolhead"]["position"][2])

    async def begin(self, _: dict[str, str]) -> None:
        """MANUAL_PROBE."""
        if self.machine.objects["manual_probe"]["is_active"]:
            raise Refused("Already in a manual Z probe. Use ABORT to abort it.")
        self._start, self.left = self.z, []
        self.machine.handlers.update(TESTZ=self._testz, ACCEPT=self._accept, ABORT=self._abort)
        self.machine.say(
            "Starting manual Z probe. Use TESTZ to adjust position.\nFinish with ACCEPT or ABORT command."
        )
        self._tell()

    def goal(self, word: str) -> float:
        """Where a TESTZ from here ends."""
        if word.strip("+-"):
            return self.z + float(word)
        beyond = [place for place in self.left if (place > self.z if word[0] == "+" else place < self.z)]
        limit = self.z + FARTHEST if word[0] == "+" else self.z - FARTHEST
        if not beyond:
            return limit
        nearest = min(beyond, key=lambda place: abs(place - self.z))
        wanted = (nearest + self.z) / 2 if len(word) == 1 else nearest
        return min(wanted, limit) if word[0] == "+" else max(wanted, limit)

    async def _testz(self, parameters: dict[str, str]) -> None:
        goal = self.goal(parameters["Z"])
        self.left = sorted({*self.left, self.z})
        if goal < self.machine.objects["toolhead"]["axis_minimum"][2]:
            self.end()
            raise Refused("Move out of range: 100.000 100.000 -2.100 [0.000]")
        self.machine.objects["toolhead"]["position"][2] = (
            round(goal / self._step) * self._step if self._step else goal
        )
        self._tell()

    async def _accept(self, _: dict[str, str]) -> None:
        if self.z >= self._start:
            self.machine.say(
                "Manual probe failed! Use TESTZ commands to position the\nnozzle prior to running ACCEPT."
            )
            self.end(result={"outcome": "failed", "height": None})
            return
        self.end(result={"outcome": "accepted", "height": self.z})
        self.machine.say(f"Z position is {self.z:.3f}")

    async def _abort(self, _: dict[str, str]) -> None:
        self.end()

    def end(self, result: dict[str, object] | None = None) -> None:
        """Close it; `result` is what the extra tells of it."""
        for word in ("TESTZ", "ACCEPT", "ABORT"):
            del self.machine.handlers[word]
        self.machine.objects.setdefault("zcal", {})["result"] = result or {
            "outcome": "aborted",
            "height": None,
        }
        self.machine.change(
            "manual_probe", is_active=False, z_position=None, z_position_lower=None, z_position_upper=None
        )

    def _tell(self) -> None:
        lower = [place for place in self.left if place < self.z]
        upper = [place for place in self.left if place > self.z]
        self.machine.change(
            "manual_probe",
            is_active=True,
            z_position=self.z,
            z_position_lower=max(lower, default=None),
            z_position_upper=min(upper, default=None),
        )
