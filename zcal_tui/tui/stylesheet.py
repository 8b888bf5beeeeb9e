"""A style sheet that parses each source once."""

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
