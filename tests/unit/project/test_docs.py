"""The documentation is as the program is, complete, and builds as a site."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs_tools.blocks import PageError, filled
from docs_tools.messages import GROUPS, readable
from docs_tools.pages import DOCS, as_of_today
from docs_tools.sections import REQUIRED, faults
from zcal_tui.model.check_info import ALL_INFO
from zcal_tui.printer.errors.explain import ENTRIES

ROOT = DOCS.parent
PAGES = sorted(DOCS.rglob("*.md"))
ELSEWHERE = re.compile(
    r"<(?:script|link|img)[^>]+(?:src|href)=\"?https?://(?!127\.0\.0\.1)[^\" >]+", re.IGNORECASE
)
CODE = re.compile(r"<code>.*?</code>|<pre.*?</pre>", re.DOTALL)
NOT_LINKED = re.compile(r"\bdocs/[\w/-]+\.md\b")
"""A page that is named as in the source, where the site has links."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_a_page_is_as_the_program_is(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert page == as_of_today(path.relative_to(DOCS).as_posix(), page), "run: python -m docs_tools"


def test_each_check_has_a_page_with_every_section() -> None:
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / "checks").glob("*.md")}
    assert set(pages) == set(ALL_INFO)
    assert {name: list(faults(page)) for name, page in pages.items() if list(faults(page))} == {}
    assert all(page.startswith(f"# {ALL_INFO[name].title} (`{name}`)\n") for name, page in pages.items())


def test_an_empty_or_missing_section_is_a_fault() -> None:
    page = (
        "# X\n\n" + "".join(f"## {title}\n\ntext\n\n" for title in REQUIRED[1:]) + "## More\n\n<!-- end -->\n"
    )
    assert list(faults(page)) == [
        "The section 'What it measures' is missing.",
        "The section 'More' is empty.",
    ]


def test_a_part_that_nothing_makes_is_refused() -> None:
    with pytest.raises(PageError, match="nothing makes a block 'weather'"):
        filled("<!-- made: weather -->\n<!-- end -->", {})
    with pytest.raises(PageError, match="not closed"):
        filled("<!-- made: weather -->\n", {})


def test_every_explanation_is_on_the_page_of_messages() -> None:
    grouped = [entry for entries in GROUPS.values() for entry in entries]
    assert {id(entry) for entry in grouped} == {id(entry) for entry in ENTRIES}
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    for entry in grouped:
        texts = readable(entry.pattern)
        assert texts, entry.pattern
        assert all(f"`{text}`" in page for text in texts)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"No trigger on (?P<axis>[xy]|left) after", ("No trigger on AXIS after",)),
        (r"a (?:big|small) step|the other\. one", ("a big step", "the other. one")),
        (r"code \d+ (?:again )?at [^ ]+ end$", ("code 0 at … end",)),
        (r"(?<!un)known [(] x", ("known … x",)),
    ],
)
def test_a_pattern_reads_as_a_message(pattern: str, texts: tuple[str, ...]) -> None:
    assert readable(pattern) == texts


@pytest.mark.slow
def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    built = _build(ROOT, tmp_path / "site")
    assert built.returncode == 0, built.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(PAGES) - 1
    found = {path.name: ELSEWHERE.findall(path.read_text(encoding="utf-8")) for path in pages}
    assert {name: links for name, links in found.items() if links} == {}
    text = {path.name: CODE.sub("", path.read_text(encoding="utf-8")) for path in pages}
    assert {name: names for name, page in text.items() if (names := NOT_LINKED.findall(page))} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "text", "complaint"),
    [
        ("checks/accuracy.md", "\n## Colours\n", "The section 'Colours' is empty."),
        ("keys.md", "\nSee [nothing](nowhere.md).\n", "nowhere.md"),
        (
            "keys.md",
            f"\nSee docs/results.md.\n\nSee {'docs'}/nowhere.md.\n",
            "nowhere.md, which does not exist",
        ),
    ],
)
def test_a_page_with_a_fault_does_not_build(tmp_path: Path, page: str, text: str, complaint: str) -> None:
    for name in ("docs", "screenshots", "docs_tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    path = tmp_path / "docs" / page
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    built = _build(tmp_path, tmp_path / "site")
    assert built.returncode != 0
    assert complaint in built.stderr + built.stdout


def _build(root: Path, site: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(root)},
    )
