"""A style sheet that parses each source once, and a screen's only once that screen is opened."""

from pathlib import Path
from weakref import WeakKeyDictionary

from textual.cache import LRUCache
from textual.css.model import RuleSet
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

SOURCES = 512
"""Sources whose rules are kept: more than there are screens and widgets."""

_applied: WeakKeyDictionary[DOMNode, tuple[RulesMap, int]] = WeakKeyDictionary()
"""The rules that were last applied to a node, and the count of changes of its styles after that."""


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

    @classmethod
    def replace_rules(cls, node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
        """Set no rules again that a node has: when a page comes to the front, Textual applies those of all its widgets
        once more. The colours of a node depend on those around it too, so it forgets them in any case.
        """
        base = node.styles.base
        if not animate and _applied.get(node) == (rules, base._updates):
            node.notify_style_update()
            return
        super().replace_rules(node, rules, animate)
        _applied[node] = (rules, base._updates)
