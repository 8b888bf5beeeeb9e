"""Printers to practise on: a printer.cfg with the truth about it, ours by name or anyone's by path."""

from dataclasses import dataclass
from pathlib import Path

from zcal_tui.profile_names import PROFILE_FOLDER, PROFILES
from zcal_tui.sim.truth import Truth, TruthError, read_truth
from zcal_tui.sim.truth_schema import nearest


@dataclass(frozen=True)
class Profile:
    """One simulated printer: its name, its configuration file and its true parameters."""

    name: str
    printer_cfg: Path
    truth: Truth
    assumed: bool = False
    """Whether there is no truth file, so that the truth is to be made plausible for the printer."""


def load_profile(name_or_path: str | Path) -> Profile:
    """One of PROFILES, or a folder holding printer.cfg and truth.toml, or a printer.cfg with or without
    a truth.toml beside it (without one, every key of the truth has its default).

    Raises TruthError, with what is missing and what would do.
    """
    if str(name_or_path) in PROFILES:
        name, folder = str(name_or_path), PROFILE_FOLDER / str(name_or_path)
        return Profile(name, folder / "printer.cfg", read_truth(folder / "truth.toml"))
    path = Path(name_or_path).expanduser()
    printer_cfg = path / "printer.cfg" if path.is_dir() else path
    if not printer_cfg.is_file():
        raise TruthError(
            f"{name_or_path}: there is no such profile or printer.cfg. {nearest(str(name_or_path), PROFILES)} "
            "Or give a folder that holds printer.cfg and truth.toml."
        )
    truth_file = printer_cfg.parent / "truth.toml"
    assumed = not truth_file.is_file()
    truth = Truth() if assumed else read_truth(truth_file)
    return Profile(printer_cfg.parent.name or printer_cfg.stem, printer_cfg, truth, assumed)
