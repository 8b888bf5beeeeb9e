"""The checks there are, in the order in which a person does them."""

from zcal_tui.checks.accuracy import Accuracy
from zcal_tui.checks.auto_z import AutoZ
from zcal_tui.checks.backlash import Backlash
from zcal_tui.checks.base import Check
from zcal_tui.checks.bias import Bias
from zcal_tui.checks.first_layer import FirstLayer
from zcal_tui.checks.probe_xy import ProbeXy
from zcal_tui.checks.ready import Ready
from zcal_tui.checks.temperature import Temperature
from zcal_tui.checks.z_offset import ZOffset

CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Ready(),
        ProbeXy(),
        ZOffset(),
        Accuracy(),
        Bias(),
        Temperature(),
        Backlash(),
        AutoZ(),
        FirstLayer(),
    )
}
