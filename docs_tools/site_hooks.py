"""What mkdocs does besides its own: names of pages become links, screenshots are found, sections are checked."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs_tools.sections import faults

ROOT = Path(__file__).parents[1]
REPOSITORY_FILES = re.compile(r"\]\((?:\.\./)+(CHANGELOG\.md|CONTRIBUTING\.md|README\.md)\)")
_NAMED = re.compile(r"(?<![\w/.`\[])(?<!\]\()docs/(?P<page>[\w/-]+\.md)\b(?P<code>`)?")
_SCREENSHOT = re.compile(r"\((?:\.\./)+screenshots/")
_FENCE = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the screenshots, which are beside docs/."""
    for path in sorted((ROOT / "screenshots").glob("*.svg")):
        files.append(File.generated(config, f"screenshots/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links instead of names of pages. A page of a check without a section fails the build."""
    here = page.file.src_uri
    if here.startswith("checks/") and (wrong := list(faults(markdown))):
        raise PluginError(f"docs/{here}: {' '.join(wrong)}")
    to_root = posixpath.relpath(".", posixpath.dirname(here) or ".")

    def link(match: re.Match[str]) -> str:
        target = files.get_file_from_path(match["page"])
        if target is None:
            raise PluginError(f"docs/{here} names docs/{match['page']}, which does not exist.")
        path = posixpath.relpath(match["page"], posixpath.dirname(here) or ".")
        return f"[{title_of(Path(config.docs_dir) / match['page'])}]({path})"

    pieces = _FENCE.split(markdown)
    linked = "".join(piece if number % 2 else _NAMED.sub(link, piece) for number, piece in enumerate(pieces))
    return _SCREENSHOT.sub(f"({to_root}/screenshots/" if to_root != "." else "(screenshots/", linked)


def title_of(path: Path) -> str:
    """The first heading of a page, without code marks."""
    heading = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# "))
    return heading[2:].replace("`", "")
