"""The prediction of SAVE_CONFIG against klippy's own code, on configurations that are drawn at random."""

import configparser
import importlib.util
import random
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import klippers
from zcal_tui.klipper_config.files import ConfigText, read_files
from zcal_tui.printer.config_files import finds_backup
from zcal_tui.session.saving.config_diff import Fork, predict

pytestmark = [
    pytest.mark.core,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # klippy's own, in old versions
]

SECTIONS = ("probe", "stepper_z", "bed_mesh default", "zcal", "gcode_macro é")
OPTIONS = ("z_offset", "x_offset", "points", "gcode", "Speed")
VALUES = (
    "1.5",
    "0.25 # said so",
    "2 ; or so",
    "",
    "\n  1, 2\n  3, 4",
    "\n    {% if x %}\n    G1 # no\n\n    M1",
    "é µ",
)
MESH = "\n  0.1, 0.2\n  0.3, 0.4"


@pytest.fixture(scope="module")
def klippy() -> Any:
    """klippy's module configfile, out of the klippy that the simulated printers run, without the rest of it."""
    root = klippers.root()
    text = (root / "klippy" / "configfile.py").read_text()
    if "read_file" not in text and not hasattr(configparser.RawConfigParser, "readfp"):
        pytest.skip("this klippy's configfile does not run on this Python, which has no readfp any more")
    if klippers.KALICO:
        package = types.ModuleType("klippy")
        package.__path__ = [str(root / "klippy")]
        sys.modules["klippy"] = package
        name = "klippy.configfile"
    else:
        name = "klippys_configfile"
    spec = importlib.util.spec_from_file_location(name, root / "klippy" / "configfile.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class Refused(Exception):
    """klippy's command error."""


class Printer:
    """As much of klippy's printer as configfile asks for."""

    command_error = error = Refused

    def __init__(self, path: Path) -> None:
        self._path = path
        self.ready_gcode_handlers: dict[str, Any] = {}

    def lookup_object(self, name: str, default: Any = None) -> Any:
        return self

    def get_start_args(self) -> dict[str, str]:
        return {"config_file": str(self._path)}

    def register_command(self, *arguments: Any, **more: Any) -> None: ...

    def request_restart(self, kind: str) -> None: ...

    def get_int(self, name: str, default: int, **limits: int) -> int:
        return default


def section(draw: random.Random, name: str) -> str:
    lines = [f"[{name}]" + draw.choice(["", " # a word"])]
    for option in draw.sample(OPTIONS, draw.randint(0, 4)):
        lines += draw.choice([[], [], [], ["# comment"], ["; one"], [""], ["   # indented"]])
        lines.append(option + draw.choice([": ", "=", ":", " = "]) + draw.choice(VALUES))
    return "\n".join([*lines, *draw.choice([[], [""]])])


def block(draw: random.Random) -> str:
    lines = [
        "",
        "#*# <---------------------- SAVE_CONFIG ---------------------->",
        "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.",
        "#*#",
    ]
    for name in draw.sample(SECTIONS, draw.randint(0, 3)):
        lines.append(f"#*# [{name}]")
        for option in draw.sample(OPTIONS[:3], draw.randint(1, 3)):
            lines.append(f"#*# {option} = " + draw.choice(["1.000", "\n#*# \t  0.1, 0.2\n#*# \t  0.3"]))
        lines.append("#*#")
    return "\n".join(lines) + "\n"


def configuration(draw: random.Random, folder: Path) -> ConfigText:
    """A configuration on disk, and the same as this program reads it."""
    texts: dict[str, str] = {}
    included: dict[tuple[str, str], tuple[str, ...]] = {}
    main = folder / "printer.cfg"
    parts = [section(draw, name) for name in draw.sample(SECTIONS, draw.randint(1, 4))]
    for number in range(draw.randint(0, 2)):
        path = folder / f"inc{number}.cfg"
        texts[str(path)] = "\n".join(
            section(draw, name) for name in draw.sample(SECTIONS, draw.randint(0, 2))
        )
        path.write_text(texts[str(path)], encoding="utf-8")
        included[str(main), path.name] = (str(path),)
        parts.append(f"[include {path.name}]")
    draw.shuffle(parts)
    text = "\n".join(parts) + draw.choice(["\n", "\n\n\n", ""]) + draw.choice(["", block(draw)])
    texts[str(main)] = text
    main.write_bytes(text.replace("\n", draw.choice(["\n", "\r\n"])).encode())
    return ConfigText(str(main), texts, included)


def staged(draw: random.Random) -> dict[str, dict[str, str]]:
    return {
        name: {
            option: draw.choice(["1.234", MESH]) for option in draw.sample(OPTIONS[:3], draw.randint(1, 3))
        }
        for name in draw.sample(SECTIONS, draw.randint(1, 3))
    }


def load(klippy: Any, path: Path) -> Any:
    """klippy's configuration object, once it has read the file."""
    if hasattr(klippy, "ConfigAutoSave"):
        config = klippy.ConfigAutoSave(Printer(path))
        config.load_main_config()
    else:
        config = klippy.PrinterConfig(Printer(path))
        config.read_main_config()
    return config


@pytest.mark.parametrize("edits_includes", [False, True])
def test_it_comes_out_as_predicted(
    edits_includes: bool, klippy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kalico = hasattr(klippy, "get_danger_options")
    if kalico:
        options = types.SimpleNamespace(autosave_includes=edits_includes)
        monkeypatch.setattr(klippy, "get_danger_options", lambda: options)
    elif edits_includes:
        pytest.skip("only Kalico edits included files")
    draw = random.Random(20261125)
    seen = {"saved": 0, "refused": 0}
    for number in range(400):
        folder = tmp_path / str(number)
        folder.mkdir()
        config = configuration(draw, folder)
        pending = staged(draw)
        fork = Fork(equal_may_stay=kalico, edits_includes=edits_includes)
        prediction = predict(config, pending, {}, fork)
        own = load(klippy, Path(config.main))
        for name, values in pending.items():
            for option, value in values.items():
                own.set(name, option, value)
        try:
            own.cmd_SAVE_CONFIG(Printer(Path(config.main)))
        except Refused as refused:
            seen["refused"] += 1
            conflict = prediction.conflicts[0]
            assert f"section '{conflict.section}' option '{conflict.option}'" in str(refused)
            assert conflict.option in config.texts[conflict.file].split("\n")[conflict.line - 1].lower()
        else:
            seen["saved"] += 1
            assert prediction.conflicts == ()
            for change in prediction.changes:
                assert Path(change.path).read_bytes() == change.after.encode()
    assert seen["saved"] > 100
    assert edits_includes or seen["refused"] > 10


@pytest.mark.parametrize("folder", ["", "{config}/"])
def test_a_backup_that_an_include_finds_stops_klippy_or_brings_the_old_value_back(
    folder: str, klippy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kalico = hasattr(klippy, "get_danger_options")
    if kalico:
        options = types.SimpleNamespace(autosave_includes=False)
        monkeypatch.setattr(klippy, "get_danger_options", lambda: options)
    main = tmp_path / "printer.cfg"
    pattern = folder.format(config=tmp_path) + ("config_backups/*.cfg" if kalico else "printer-*.cfg")
    main.write_text(f"[include {pattern}]\n[probe]\nz_offset: 1.5\n")
    own = load(klippy, main)
    own.set("probe", "z_offset", "1.520")
    files = read_files(str(main), recursive=kalico)
    assert finds_backup(files, "Kalico" if kalico else "Klipper") == (str(main), pattern)
    own.cmd_SAVE_CONFIG(Printer(main))
    if kalico and not folder:
        assert values(klippy, main)["probe"]["z_offset"] == "1.5"
        return
    with pytest.raises(Exception, match="Recursive include"):
        load(klippy, main)


def values(klippy: Any, path: Path) -> dict[str, dict[str, str]]:
    """The configuration as klippy reads it."""
    if hasattr(klippy, "ConfigAutoSave"):
        parser = klippy.ConfigAutoSave(Printer(path)).load_main_config()[0]
    else:
        parser = klippy.PrinterConfig(Printer(path)).read_main_config().fileconfig
    return {name: dict(parser.items(name)) for name in parser.sections()}


def test_a_link_is_replaced_by_klipper_and_followed_by_kalico(
    klippy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kalico = hasattr(klippy, "get_danger_options")
    if kalico:
        options = types.SimpleNamespace(autosave_includes=False)
        monkeypatch.setattr(klippy, "get_danger_options", lambda: options)
    file, main = tmp_path / "my.cfg", tmp_path / "printer.cfg"
    file.write_text("[probe]\nz_offset: 1.5\n")
    main.symlink_to(file)
    own = load(klippy, main)
    own.set("probe", "z_offset", "1.520")
    own.cmd_SAVE_CONFIG(Printer(main))
    assert main.is_symlink() is kalico
    assert ("1.520" in file.read_text()) is kalico
    assert values(klippy, main)["probe"]["z_offset"] == "1.520"
