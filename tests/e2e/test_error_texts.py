"""Every error text of homing, probing and calibrating in the klippy that the simulated printers run is explained."""

import pytest

from tests.e2e import klippers
from zcal_tui.printer.errors.source_texts import source_texts

pytestmark = pytest.mark.core


def test_each_error_has_an_explanation_or_a_reason() -> None:
    texts = source_texts(klippers.root())
    assert len(texts) > 100
    assert [found for found in texts if not found.explained and not found.reason] == []
