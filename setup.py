"""Notes in what is built from which commit it comes; everything else is in pyproject.toml."""

import json
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
NOTE = Path("zcal_tui") / "build.json"


def git(*words):
    """What git prints; None without git or outside a checkout."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def note():
    """The text of the note: of this checkout, else the one that a source distribution brought; None without either."""
    if (ROOT / ".git").exists():
        commit, date = git("describe", "--always", "--dirty", "--exclude=*"), git("log", "-1", "--format=%cs")
        if commit and date:
            return json.dumps({"commit": commit, "date": date})
    return (ROOT / NOTE).read_text(encoding="utf-8") if (ROOT / NOTE).is_file() else None


def write(folder):
    """Write the note into what is being made."""
    if (text := note()) is not None:
        place = Path(folder) / NOTE
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


class BuildWithNote(build_py):
    """The build of a wheel; an editable installation asks git itself."""

    def run(self):
        super().run()
        if not self.editable_mode:
            write(self.build_lib)


class SdistWithNote(sdist):
    """The source distribution."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        write(base_dir)


setup(cmdclass={"build_py": BuildWithNote, "sdist": SdistWithNote})
