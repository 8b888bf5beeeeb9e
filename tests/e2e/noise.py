"""How much chance there is in a test on a simulated printer."""

from tests.e2e.simulated import PrinterSim

LITTLE = {
    "probe.noise": 0.001,
    "probe.outlier_rate": 0.0,
    "probe.first_sample_shift": 0.0,
    "probe.drift_per_touch": 0.0,
    "z_endstop.noise": 0.0005,
    "person.sigma": 0.002,
}
"""With the usual noise, "the interval at 95 % holds the true value" would fail for every twentieth random seed. A check
takes a person whom it does not know to scatter as people usually do (`operator_scatter.PRIOR_SIGMA`): with this little
its intervals reach more than eight of their standard deviations to either side."""


def with_little_noise(printer: PrinterSim) -> PrinterSim:
    """The printer, for a test of what is found and not of how much it scatters."""
    for path, value in LITTLE.items():
        printer.control.request("set", path=path, value=value)
    return printer
