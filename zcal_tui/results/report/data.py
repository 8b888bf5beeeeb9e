"""The report as one JSON object, for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from zcal_tui.model.codec import record_to_json
from zcal_tui.results.report.page import Page
from zcal_tui.results.variant import key


def as_json(pages: Sequence[Page]) -> dict[str, Any]:
    """The record that represents each check, and why it is stale."""
    return {
        "event": "report",
        "schema": 1,
        "generated": pages[0].generated if pages else None,
        "printers": [
            {
                "printer": page.printer,
                "checks": {
                    key(section.record): {
                        "title": section.title,
                        "stale": section.stale,
                        "age": section.age,
                        "record": record_to_json(section.record),
                    }
                    for section in page.sections
                },
                "changed": [asdict(change) for change in page.changed],
            }
            for page in pages
        ],
    }
