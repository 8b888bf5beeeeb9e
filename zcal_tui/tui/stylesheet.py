"""A style sheet that parses each source once, and a screen's only once that screen is opened."""

from pathlib import Path

from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

SOURCES = 512
"""Sources whose rules are kept: more than there are screens and widgets."""


class CachingStylesheet(Stylesheet):
    """Textual parses every source again when a screen brings one of its own; here only the new one is."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache: LRUCache[tuple[object, ...], list[RuleSet]] = LRUCache(SOURCES)

    def reparse(self) -> None:
        """Parse what is new. Where the variables have changed, `set_variables` has emptied the cache."""
        self.parse()

    def read_once(self, path: Path) -> None:
        """Read a file, unless it was read before. What is on the screen keeps its styles: a sheet is about its own
        screen, which gets them next."""
        if not self.has_source(str(path)):
            self.read(path)
            self._rules_map = None

    def parse(self) -> None:
        """Parse what is new. The last of two equal rules counts: the files are in the order of their names, whichever
        screen was opened first."""
        self.source = dict(sorted(self.source.items(), key=lambda item: "" if item[0][1] else item[0][0]))
        super().parse()
