"""A simulated printer with an eddy current sensor: which klippys can scan with it, and its configuration for each.

A klippy is named by its root, the folder that holds `klippy/`.
"""

import math
import shutil
from pathlib import Path

PROFILE = Path(__file__).parent / "profiles" / "eddy"


def why_not(root: Path) -> str | None:
    """Why this klippy cannot scan with it, as a clause; None if it can."""
    driver = _driver(root)
    if not driver:
        return "this klippy has no probe_eddy_current"
    if "start_probe_session" not in driver:
        return "this klippy's probe_eddy_current does not measure standing still"
    return None


def write_profile(folder: Path, root: Path, *, truth: str, more: str) -> None:
    """Write printer.cfg, with the sensor's calibration and `more` at its end, and truth.toml."""
    shutil.copytree(PROFILE, folder, dirs_exist_ok=True)
    config = folder / "printer.cfg"
    text = config.read_text().replace("y_offset: 10", f"y_offset: 10\ncalibrate: {calibration()}")
    if "descend_z" not in _driver(root):
        text = text.replace("descend_z", "z_offset")
    config.write_text(f"{text}\n{more}\n")
    (folder / "truth.toml").write_text(truth)


def _driver(root: Path) -> str:
    """The source of klippy's driver, empty where it has none."""
    source = root / "klippy" / "extras" / "probe_eddy_current.py"
    return source.read_text() if source.is_file() else ""


def calibration(far: float = 3e6, gain: float = 0.12, decay: float = 3.0, height: float = 1.0) -> str:
    """The result of PROBE_EDDY_CURRENT_CALIBRATE on the simulated coil, whose parameters are in docs/truth.md."""
    return ",\n  ".join(
        f"{z:.6f}:{far * (1 + gain * math.exp(-(z + height) / decay)):.3f}"
        for z in (step * 0.040 for step in range(101))
    )
