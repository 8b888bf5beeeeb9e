"""What a printer has, as far as it decides which checks apply and what they need."""

from typing import Literal

from zcal_tui.model.lazy_dataclass import dataclass

NozzleEndstop = Literal["none", "probe", "tower", "switch"]
"""What homes Z: nothing known, the probe itself, a delta's towers, or a switch that the nozzle can press."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Filled by printer/capabilities.py. The defaults describe a printer about which nothing is known."""

    probe: bool = False
    retracts_on_trigger: bool = False
    """The probe pulls its pin in when it triggers (BLTouch), so its release cannot be seen."""
    senses_distance: bool = False
    """The probe is a scanner: it measures distance, and has no trigger."""
    unsampled: str = ""
    """Why the probe takes no samples that a check can use, as sentences; empty where it does."""
    no_single_samples: str = ""
    """Why it cannot take samples one by one either, as sentences; empty where it can, or need not."""
    no_model: str = ""
    """Why Z offset finds no value of the probe's, as sentences; empty where it does."""
    contact_homes: bool = False
    """Z 0 is found by a scanner's nozzle contact, at each homing or at the start of each print."""
    backlash_command: str = ""
    """A command of the probe's own plugin that measures backlash; empty where there is none."""
    nozzle_endstop: NozzleEndstop = "none"
    position_endstop: bool = False
    """Some rail has a position_endstop, which a paper test can calibrate."""
    heated_bed: bool = False
    hotend: bool = False
    zcal: bool = False
    """The [zcal] module is loaded."""
    z_calibration: bool = False
    """[z_calibration] is configured."""
