"""The files that klippy reads, and what can be wrong with them: always a sentence, never a traceback."""

import os
import re
from pathlib import Path

import pytest

from zcal_tui.klipper_config.configuration import read_configuration
from zcal_tui.klipper_config.files import DEEPEST_INCLUDE, FileLocation, include_pattern, read_files


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_includes_apply_in_place_and_in_order(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        "printer.cfg",
        "[fan]\npin: A\n[include parts/*.cfg]\n[include sub/../one.cfg]\n[fan]\nz: 1\n",
    )
    write(tmp_path, "parts/b.cfg", "[fan]\npin: B\n")
    write(tmp_path, "parts/a.cfg", "[fan]\npin: C\n")
    write(tmp_path, "parts/.hidden.cfg", "[fan]\npin: H\n")
    write(tmp_path, "one.cfg", "[led x]\npin: Q\n")
    (tmp_path / "sub").mkdir()
    config = read_configuration(main)
    assert not config.faults
    assert config.sections["fan"].get("pin") == "B"
    assert config.sections["fan"].where("pin") == FileLocation(str(tmp_path / "parts" / "b.cfg"), 2)
    assert list(config.sections) == ["fan", "led x"]


def test_an_include_ends_the_section_above_it(tmp_path: Path) -> None:
    main = write(tmp_path, "printer.cfg", "[fan]\n[include a.cfg]\npin: A\n")
    write(tmp_path, "a.cfg", "")
    assert [fault.place.line for fault in read_configuration(main).faults] == [3]


def test_absolute_and_linked_files(tmp_path: Path) -> None:
    away = write(tmp_path / "away", "shared.cfg", "[one]\n")
    main = write(tmp_path / "here", "printer.cfg", f"[include {away}]\n[include link.cfg]\n")
    write(tmp_path / "away", "two.cfg", "[two]\n[include three.cfg]\n")
    (tmp_path / "here" / "link.cfg").symlink_to(tmp_path / "away" / "two.cfg")
    write(tmp_path / "here", "three.cfg", "[three]\n")
    assert list(read_configuration(main).sections) == ["one", "two", "three"]


def test_two_stars_cross_folders_for_kalico_only(tmp_path: Path) -> None:
    main = write(tmp_path, "printer.cfg", "[include parts/**/*.cfg]\n")
    write(tmp_path, "parts/a.cfg", "[a]\n")
    write(tmp_path, "parts/x/y/b.cfg", "[b]\n")
    assert list(read_configuration(main).sections) == []
    assert list(read_configuration(main, recursive=True).sections) == ["a", "b"]


@pytest.mark.parametrize(
    ("include", "reason"),
    [
        ("missing.cfg", r"printer\.cfg:2: \[include missing\.cfg\] names a file that does not exist\."),
        ("folder", r"folder: This is a folder, not a file\."),
        ("fifo", r"fifo: This is not a regular file\."),
        ("/dev/zero", r"/dev/zero: This is not a regular file\."),
        ("binary.cfg", r"binary\.cfg: This is not a text file\."),
        ("latin1.cfg", r"latin1\.cfg: Line 2 is not UTF-8\. Save the file as UTF-8\."),
        ("marked.cfg", r"marked\.cfg: The file begins with a byte order mark"),
        ("printer.cfg", r"printer\.cfg:2: .*printer\.cfg includes itself"),
        ("loop.cfg", r"loop\.cfg:1: .*printer\.cfg includes itself"),
        ("dangling.cfg", r"dangling\.cfg: The file cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_is_read(tmp_path: Path, include: str, reason: str) -> None:
    main = write(tmp_path, "printer.cfg", f"[first]\n[include {include}]\n[last]\n")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "binary.cfg").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "latin1.cfg").write_bytes(b"[a]\n# 60 \xb0C\n")
    (tmp_path / "marked.cfg").write_bytes(b"\xef\xbb\xbf[a]\n")
    write(tmp_path, "loop.cfg", "[include printer.cfg]\n")
    (tmp_path / "dangling.cfg").symlink_to(tmp_path / "nowhere")
    config = read_configuration(main)
    (fault,) = config.faults
    assert re.search(reason, str(fault)), str(fault)
    assert list(config.sections) == ["first", "last"]


def test_an_unreadable_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = write(tmp_path, "printer.cfg", "[a]\n")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", main)

    monkeypatch.setattr("builtins.open", refuse)
    assert [str(fault) for fault in read_files(main).faults] == [
        f"{main}: The file cannot be read: Permission denied."
    ]


def test_includes_without_end_end(tmp_path: Path) -> None:
    main = write(tmp_path, "printer.cfg", "[include loop/printer.cfg]\n")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (fault,) = read_files(main).faults
    assert "does not exist" in fault.text or str(DEEPEST_INCLUDE) in fault.text
    for level in range(20):
        write(tmp_path, f"l{level}.cfg", f"[include l{level + 1}.cfg]\n" * 2)
    write(tmp_path, "l20.cfg", "[a]\n")
    assert any("files are included" in fault.text for fault in read_files(str(tmp_path / "l0.cfg")).faults)


def test_a_main_file_that_is_missing(tmp_path: Path) -> None:
    main = str(tmp_path / "printer.cfg")
    assert [str(fault) for fault in read_files(main).faults] == [
        f"{main}: The file cannot be read: No such file or directory."
    ]


def test_line_ends_are_newlines(tmp_path: Path) -> None:
    path = tmp_path / "printer.cfg"
    path.write_bytes(b"[a]\r\nx: 1\r\n")
    files = read_files(str(path))
    assert files.texts[str(path)] == "[a]\nx: 1\n" and files.foreign_ends


def test_an_include_line() -> None:
    assert include_pattern("[include  a/*.cfg ] # it") == "a/*.cfg"
    assert include_pattern("#[include a.cfg]") is None
    assert include_pattern(" [include a.cfg]") is None
    assert include_pattern("[includes a.cfg]") is None
