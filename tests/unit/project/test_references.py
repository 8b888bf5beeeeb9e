"""No file refers to a page that is not in the repository."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDERS = (
    *("zcal_tui", "klippy_extra", "tests", "docs", "campaigns", "benchmarks", "docs_tools", "screenshots"),
    *(".ci", ".github"),
)
SUFFIXES = {".py", ".pyi", ".md", ".c", ".h", ".toml", ".cfg", ".yml", ".tcss", ".css", ".sh"}
NAMES = {"Makefile", "run", "programs", ".gitignore"}
PAGE = re.compile(r"(?<![\w/.])docs/[\w/-]+\.md\b")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)")
NOT_HERE = re.compile(
    r"\((?:design|issue|research): (?!FloatArray)|\bdesign\.md|\bSeed: |\bseed [123]'s"
    r"|(?<!\w)(?:research|shared|seeds|mockups)/[\w.*-]|\b(?:mission|craft)-anchors"
)
"""Sources that only some of the authors had. State the fact itself, or refer to a page in docs/."""


def texts() -> Iterator[tuple[Path, str]]:
    """Each file that people read, but this one."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    for path in files:
        if (path.suffix in SUFFIXES or path.name in NAMES) and path.is_file() and path != Path(__file__):
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def test_each_page_that_is_named_exists() -> None:
    named = {(str(path), page) for path, text in texts() for page in PAGE.findall(text)}
    assert len(named) > 20
    assert not {(path, page) for path, page in named if not (ROOT / page).is_file()}


def test_each_link_leads_somewhere() -> None:
    links = {
        (str(path), link) for path, text in texts() if path.suffix == ".md" for link in LINK.findall(text)
    }
    assert links
    assert not {(path, link) for path, link in links if not (ROOT / path).parent.joinpath(link).exists()}


def test_nothing_is_cited_that_is_not_here() -> None:
    cited = [(str(path), found[0]) for path, text in texts() for found in NOT_HERE.finditer(text)]
    assert not cited
