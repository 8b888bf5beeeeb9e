"""What is known of how much a person's paper tests vary, in words."""

from zcal_tui.model.units import micrometres
from zcal_tui.stats.operator_scatter import PRIOR_SIGMA, SHARED, OperatorScatter


def operator_title(operator: OperatorScatter) -> str:
    """The operator's name; in words where nobody is named."""
    return "Not named" if operator.name == SHARED else operator.name.capitalize()


def scatter_text(operator: OperatorScatter) -> str:
    """How much the operator's paper tests vary, and from how many tests that is known, as a sentence."""
    sigma, tests = operator.sigma, operator.earlier.tests
    if sigma is None:
        return f"Paper tests are assumed to vary by {micrometres(PRIOR_SIGMA)}."
    if operator.one_step:
        return f"Paper tests vary by at most {micrometres(sigma)}, known from {tests} tests."
    return f"Paper tests vary by {micrometres(sigma)}, known from {tests} tests."
