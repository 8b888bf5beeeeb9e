"""What is known of how much a person's paper tests vary, in words."""

from zcal_tui.model.units import micrometres
from zcal_tui.stats.operator_scatter import PRIOR_SIGMA, OperatorScatter


def scatter_text(operator: OperatorScatter) -> str:
    """What the operator's earlier tests show, as a sentence."""
    if operator.sigma is None:
        return f"No repeated tests yet: {micrometres(PRIOR_SIGMA)} is assumed."
    return f"Your feel: {measured_text(operator)}."


def measured_text(operator: OperatorScatter) -> str:
    """The scatter and the number of tests behind it; what is assumed where there are none."""
    sigma, tests = operator.sigma, operator.earlier.tests
    if sigma is None:
        return f"{micrometres(PRIOR_SIGMA)} assumed"
    if operator.one_step:
        return f"at most {micrometres(sigma)} from {tests} tests"
    return f"{micrometres(sigma)} from {tests} tests"
