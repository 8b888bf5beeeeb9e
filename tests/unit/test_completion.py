"""Shell completion: every check, command and option is in it, and the shells accept it."""

import shutil
import subprocess

import pytest

from zcal_tui import completion
from zcal_tui.arguments import PROGRAMS
from zcal_tui.checks.full_calibration import DECLARED
from zcal_tui.headless.exit_codes import ExitCode


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_every_word_and_option_is_completed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert completion.main([shell]) == ExitCode.OK
    script = capsys.readouterr().out
    for word in (*DECLARED, *PROGRAMS):
        assert word in script
    for flag in ("--plain", "--printer", "--touches", "--only"):
        assert flag.removeprefix("--") in script


@pytest.mark.parametrize("shell", [shell for shell in completion.SHELLS if shutil.which(shell)])
def test_the_shell_accepts_it(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    completion.main([shell])
    checked = subprocess.run(
        [shell, "-n"], input=capsys.readouterr().out, text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("zcal-tui", "z-o"), "z-offset"),
        (("zcal-tui", "z-offset", "--tou"), "--touches"),
        (("zcal-tui", "--demo", "vor"), "voron"),
        (("zcal-tui", "comp"), "compare"),
    ],
)
def test_bash_completes_what_was_begun(
    typed: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    completion.main(["bash"])
    quoted = " ".join(f"'{word}'" for word in typed)
    script = (
        capsys.readouterr().out
        + f'COMP_WORDS=({quoted}); COMP_CWORD={len(typed) - 1}; _zcal_tui; printf "%s\\n" "${{COMPREPLY[@]}}"\n'
    )
    found = subprocess.run(["bash", "--norc"], input=script, text=True, capture_output=True, check=True)
    assert expected in found.stdout.split()


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert completion.main(["tcsh"]) == ExitCode.USAGE
    assert "bash|zsh|fish" in capsys.readouterr().err
