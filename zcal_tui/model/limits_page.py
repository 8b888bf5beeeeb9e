"""The page of limits, docs/limits.md: `python -m zcal_tui.model.limits_page > docs/limits.md`."""

import sys

from zcal_tui.model.limits import every_limit

_INTRODUCTION = """\
# Limits

Every verdict names its limit and where that limit comes from. This page lists all limits. They are defined
once, in `zcal_tui/model/limits.py`. "Our choice" means that no document gives a number. docs/statistics.md describes
how the limits are used.

This page is generated: `python -m zcal_tui.model.limits_page > docs/limits.md`.

| limit | value | source |
|---|---|---|
"""


def reference() -> str:
    """The whole page as Markdown."""
    rows = (f"| {limit.name} | {limit.text} | {limit.source} |\n" for limit in every_limit())
    return _INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(reference())
