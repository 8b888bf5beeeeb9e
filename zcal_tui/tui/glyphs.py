"""The signs beside every colour, and plain ones for the Linux console's font."""

from textual.widget import Widget

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Level
from zcal_tui.terminal import is_console


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One sign a meaning. `console` marks the set that code page 437 fonts have."""

    passed: str = "✓"
    warned: str = "!"
    failed: str = "✗"
    unknown: str = "?"
    never: str = "·"
    running: str = "▶"
    not_applicable: str = "—"
    up: str = "●"
    waiting: str = "◌"
    stop: str = "■"
    follows: str = "→"
    point: str = "●"
    odd_point: str = "◆"
    left_out: str = "○"
    bar: str = "━"
    bar_rest: str = "─"
    limit: str = "┃"
    cursor: str = "▌"
    stale: str = "↻"
    up_arrow: str = "▲"
    down: str = "▼"
    left: str = "◀"
    right: str = "▶"
    expected: str = "◇"
    block: str = "▒"
    tick: str = "┼"
    nozzle: str = "▽"
    probe: str = "◉"
    upright: str = "│"
    up_thin: str = "↑"
    left_thin: str = "←"
    down_thin: str = "↓"
    console: bool = False

    def level(self, level: Level) -> str:
        """The sign of a verdict's level."""
        return {
            Level.PASS: self.passed,
            Level.WARN: self.warned,
            Level.FAIL: self.failed,
            Level.UNKNOWN: self.unknown,
        }[level]


UNICODE = Glyphs()

CONSOLE = Glyphs(
    passed="√",
    failed="x",
    running="►",
    not_applicable="-",
    up="■",
    waiting="○",
    point="■",
    odd_point="♦",
    left_out="○",
    bar="═",
    limit="║",
    stale="~",
    up_arrow="▲",
    down="▼",
    left="◄",
    right="►",
    expected="♦",
    nozzle="▼",
    probe="○",
    console=True,
)
"""The Linux console's usual fonts have code page 437 and little more (Textual issue 5907)."""


def glyphs_for(term: str) -> Glyphs:
    """The signs a terminal can show, by its TERM."""
    return CONSOLE if is_console(term) else UNICODE


def glyphs_of(widget: Widget) -> Glyphs:
    """The signs of the app a widget lives in."""
    found = getattr(widget.app, "glyphs", UNICODE)
    return found if isinstance(found, Glyphs) else UNICODE
