"""The truth file: the true parameters of a simulated printer, to compare measurements with.

`read_truth` reads a TOML file into a frozen `Truth`; `get` and `set` reach one value by its dotted path
(`probe.noise`, `drive.stepper_z1.backlash`), which is how a running printer is changed. Every key, with its
default, unit and range, is in docs/truth.md, made from the declarations in `truth_keys`.
"""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zcal_tui.sim.truth_keys import (
    BedTruth,
    DockTruth,
    DriveTruth,
    EddyTruth,
    FrameTruth,
    HeaterBedTruth,
    HotendTruth,
    LoadCellTruth,
    NozzleTruth,
    PersonTruth,
    ProbeTruth,
    SensorlessTruth,
    SimulationTruth,
    VerdictsTruth,
    ZEndstopTruth,
)
from zcal_tui.sim.truth_schema import TruthError, build_table, check_value, field_of, nearest

__all__ = [
    "TABLES",
    "DriveTruth",
    "HeaterBedTruth",
    "HotendTruth",
    "PersonTruth",
    "Truth",
    "TruthError",
    "build_truth",
    "read_truth",
]

TABLES: Mapping[str, type] = MappingProxyType(
    {
        "simulation": SimulationTruth,
        "bed": BedTruth,
        "nozzle": NozzleTruth,
        "frame": FrameTruth,
        "drive": DriveTruth,
        "probe": ProbeTruth,
        "dock": DockTruth,
        "z_endstop": ZEndstopTruth,
        "sensorless": SensorlessTruth,
        "eddy": EddyTruth,
        "load_cell": LoadCellTruth,
        "hotend": HotendTruth,
        "heater_bed": HeaterBedTruth,
        "person": PersonTruth,
        "verdicts": VerdictsTruth,
    }
)
"""The tables of a truth file in the order of the reference; `drive` holds one table for each Z stepper."""


@dataclass(frozen=True)
class Truth:
    """All true parameters of one simulated printer."""

    simulation: SimulationTruth = field(default_factory=SimulationTruth)
    bed: BedTruth = field(default_factory=BedTruth)
    nozzle: NozzleTruth = field(default_factory=NozzleTruth)
    frame: FrameTruth = field(default_factory=FrameTruth)
    drive: Mapping[str, DriveTruth] = field(default_factory=lambda: MappingProxyType({}))
    probe: ProbeTruth = field(default_factory=ProbeTruth)
    dock: DockTruth = field(default_factory=DockTruth)
    z_endstop: ZEndstopTruth = field(default_factory=ZEndstopTruth)
    sensorless: SensorlessTruth = field(default_factory=SensorlessTruth)
    eddy: EddyTruth = field(default_factory=EddyTruth)
    load_cell: LoadCellTruth = field(default_factory=LoadCellTruth)
    hotend: HotendTruth = field(default_factory=HotendTruth)
    heater_bed: HeaterBedTruth = field(default_factory=HeaterBedTruth)
    person: PersonTruth = field(default_factory=PersonTruth)
    verdicts: VerdictsTruth = field(default_factory=VerdictsTruth)

    def get(self, path: str) -> float | int | bool | str | None:
        """The value at a dotted path; TruthError with the nearest key if there is none."""
        table, key, _ = self._find(path)
        value: float | int | bool | str | None = getattr(table, key)
        return value

    def set(self, path: str, value: object) -> "Truth":
        """A new Truth with one value changed, checked as in a file. `None` clears a key that may be left out."""
        table, key, where = self._find(path)
        if not (value is None and field_of(type(table), key, where).default is None):
            value = check_value(type(table), key, value, where)
        changed = dataclasses.replace(table, **{key: value})
        parts = path.split(".")
        if parts[0] == "drive":
            return dataclasses.replace(self, drive=MappingProxyType({**self.drive, parts[1]: changed}))
        return dataclasses.replace(self, **{parts[0]: changed})

    def describe(self) -> dict[str, Any]:
        """Every value, as plain dicts ready for JSON."""
        return {
            name: {stepper: dataclasses.asdict(drive) for stepper, drive in self.drive.items()}
            if name == "drive"
            else dataclasses.asdict(getattr(self, name))
            for name in TABLES
        }

    def _find(self, path: str) -> tuple[Any, str, str]:
        parts = path.split(".")
        if parts[0] not in TABLES:
            raise TruthError(f"{path}: there is no table {parts[0]}. {nearest(parts[0], TABLES)}")
        if parts[0] == "drive":
            if len(parts) != 3:
                raise TruthError(
                    f"{path}: write drive.<stepper>.<key>, for example drive.stepper_z.backlash."
                )
            if parts[1] not in self.drive:
                known = nearest(parts[1], self.drive) if self.drive else "This truth describes no drive."
                raise TruthError(f"{path}: there is no drive {parts[1]}. {known}")
            table: Any = self.drive[parts[1]]
        elif len(parts) != 2:
            raise TruthError(f"{path}: write <table>.<key>, for example probe.noise.")
        else:
            table = getattr(self, parts[0])
        field_of(type(table), parts[-1], path)
        return table, parts[-1], path


def build_truth(document: Mapping[str, object], source: str = "truth") -> Truth:
    """A Truth from a parsed TOML document; TruthError names the file, the table and the key at fault."""
    tables: dict[str, Any] = {}
    for name, values in document.items():
        if name not in TABLES:
            raise TruthError(f"{source}: there is no table [{name}]. {nearest(name, TABLES)}")
        if name == "drive":
            tables[name] = _build_drives(values, source)
        else:
            tables[name] = build_table(TABLES[name], values, f"{source}, [{name}]")
    return Truth(**tables)


def _build_drives(values: object, source: str) -> Mapping[str, DriveTruth]:
    if not isinstance(values, Mapping):
        raise TruthError(f"{source}, drive: write one table for each drive, such as [drive.stepper_z].")
    return MappingProxyType(
        {
            stepper: build_table(DriveTruth, drive, f"{source}, [drive.{stepper}]")
            for stepper, drive in values.items()
        }
    )


def read_truth(path: Path) -> Truth:
    """Read a truth file. TruthError if it cannot be read, is not TOML, or holds an unknown or impossible value."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TruthError(
            f"{path}: the truth file cannot be read: {error.strerror}. Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise TruthError(f"{path}: the truth file is not UTF-8 text. Save it as UTF-8.") from error
    try:
        document = tomllib.loads(text)
    except ValueError as error:  # also of a number with thousands of digits
        raise TruthError(f"{path}: this is not valid TOML: {error}.") from error
    except RecursionError as error:
        raise TruthError(f"{path}: this is nested too deep.") from error
    return build_truth(document, str(path))
