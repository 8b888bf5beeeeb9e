"""Several pictures of a terminal as one SVG that shows them in turn, without a script."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ROOT = re.compile(r"<svg [^>]*viewBox=\"(?P<box>[^\"]+)\"[^>]*>(?P<inner>.*)</svg>", re.DOTALL)
_STYLE = re.compile(r"<style>(?P<rules>.*?)</style>", re.DOTALL)
_RULE = re.compile(r"\.(?P<name>terminal-[\w-]+?-r\d+) \{(?P<what>[^}]*)\}")
_DEFINITIONS = re.compile(r"<defs>.*?</defs>", re.DOTALL)
_BLANK = re.compile(r"<text [^>]*>(?:&#160;|\s)*</text>")
_CLIPPED = re.compile(r' clip-path="url\(#[\w-]+-line-\d+\)"')
_OWN_ID = re.compile(r"terminal-[0-9]+")


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture, as Textual exports it, and the seconds for which it is shown."""

    svg: str
    seconds: float


def moving(frames: Sequence[Frame]) -> str:
    """One SVG that shows the frames in turn, again and again. Raises ValueError for what is no exported picture."""
    if not frames:
        raise ValueError("a moving picture needs frames")
    total = sum(frame.seconds for frame in frames)
    styles: dict[str, str] = {}
    groups, rules, begin, box, common, definitions = [], [], 0.0, "", "", ""
    for number, frame in enumerate(frames):
        root, style = _ROOT.search(frame.svg), _STYLE.search(frame.svg)
        if root is None or style is None:
            raise ValueError(f"picture {number} is not an SVG that Textual exports")
        box = box or root["box"]
        inner = _STYLE.sub("", root["inner"])
        for name, what in _RULE.findall(style["rules"]):
            known = styles.setdefault(what.strip(), f"c{len(styles)}")
            inner = re.sub(rf'class="{re.escape(name)}"', f'class="{known}"', inner)
        inner = _OWN_ID.sub("t", _CLIPPED.sub("", _BLANK.sub("", inner)))  # a quarter of the size
        if not common:
            common = _OWN_ID.sub("t", _RULE.sub("", style["rules"]))
            definitions = "".join(_DEFINITIONS.findall(inner))
        inner = _DEFINITIONS.sub("", inner)  # the same in each: all pictures have one size
        end = begin + frame.seconds
        rules.append(_shown(number, 100 * begin / total, 100 * end / total, total))
        groups.append(f'<g class="frame f{number}">{inner}</g>')
        begin = end
    classes = "\n".join(f".{name} {{{what}}}" for what, name in styles.items())
    return (
        f'<svg class="rich-terminal" viewBox="{box}" xmlns="http://www.w3.org/2000/svg">\n'
        f"<style>\n{common}\n{classes}\n.frame {{ visibility: hidden }}\n{''.join(rules)}</style>\n{definitions}\n"
        + "\n".join(groups)
        + "\n</svg>\n"
    )


def _shown(number: int, begin: float, end: float, total: float) -> str:
    """The rules by which a frame is shown from `begin` to `end`, in percent of `total` seconds."""
    before = "0% { visibility: hidden } " if begin > 0 else ""
    return (
        f"@keyframes k{number} {{ {before}{begin:.3f}% {{ visibility: visible }} "
        f"{end:.3f}% {{ visibility: hidden }} 100% {{ visibility: hidden }} }}\n"
        f".f{number} {{ animation: k{number} {total:g}s step-end infinite }}\n"
    )
