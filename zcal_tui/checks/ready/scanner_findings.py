"""The findings about a scanner: its models, the firmware and coil temperature they were made with, and their age."""

from collections.abc import Mapping
from typing import Any

from zcal_tui.checks.base import Context
from zcal_tui.checks.ready.finding import ReadyFinding, fine, warn
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Record
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.scanner_calibrations import calibrations_of
from zcal_tui.printer.scanner_plugins import is_old_cartographer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number, text

FAR_FROM_MODEL = 20.0
"""°C between the coil now and at the model's calibration from which its heights may shift; our choice."""


@dataclass(frozen=True, slots=True)
class _ModelSections:
    """Where a plugin stores its models in printer.cfg."""

    prefix: str
    kind: str
    key: str
    """The calibration that makes one (`z-offset --calibrate`)."""
    temperature: str = ""
    """The option with the coil's temperature at the calibration; empty where there is none."""


MODELS: Mapping[str, tuple[_ModelSections, ...]] = {
    "cartographer": (
        _ModelSections("cartographer scan_model ", "scan model", "scan", "reference_temperature"),
        _ModelSections("cartographer touch_model ", "touch model", "touch"),
    ),
    "beacon": (_ModelSections("beacon model ", "model", "scan", "model_temp"),),
}
"""By the first word of the probe's section."""


async def scanner_findings(context: Context) -> list[ReadyFinding]:
    """The findings about the models of a scanner; none for other probes. Raises TransportError."""
    state = context.printer.state
    probe = probe_config(state)
    kinds = MODELS.get(probe.section.split()[0], ()) if probe is not None else ()
    # The older plugin's models have another form, and are not known here
    if probe is None or not kinds or is_old_cartographer(state):
        return []
    firmware = await _firmware(context, state.settings.get(probe.section, {}), probe.section)
    coil = _coil(state, probe.section)
    found = []
    for kind in kinds:
        sections = [name for name in state.settings if name.startswith(kind.prefix)]
        if not sections:
            found.append(_missing(probe.section, kind))
        found += [_finding(context, probe.section, kind, name, firmware, coil) for name in sections]
    return found


def _missing(section: str, kind: _ModelSections) -> ReadyFinding:
    if kind.key not in calibrations_of(section):
        return fine(f"scanner-{kind.key}", f"[{section}] has no {kind.kind}.")
    return warn(
        f"scanner-{kind.key}",
        f"[{section}] has no {kind.kind}.",
        f"Without it the scanner cannot {kind.key}.",
        f"Calibrate it: Z offset (`z-offset --calibrate {kind.key}`).",
    )


def _finding(
    context: Context,
    section: str,
    kind: _ModelSections,
    name: str,
    firmware: str,
    coil: float | None,
) -> ReadyFinding:
    """One model: what is known about it, and what may have made it wrong."""
    settings = context.printer.state.settings.get(name, {})
    made_with, made_at = text(settings.get("mcu_version")) or "", None
    if kind.temperature:
        made_at = number(settings.get(kind.temperature))
    key, again = f"scanner-{name}", f"Calibrate it again: Z offset (`z-offset --calibrate {kind.key}`)."
    if made_with and firmware and made_with != firmware:
        return warn(
            key,
            f"[{name}] was made with firmware {made_with}; the scanner runs {firmware}.",
            "A model is valid for one firmware only.",
            again,
        )
    if made_at is not None and coil is not None and abs(coil - made_at) > FAR_FROM_MODEL:
        return warn(
            key,
            f"The coil is at {coil:.0f} °C; [{name}] was made at {made_at:.0f} °C.",
            f"Heights may shift when they differ by more than {FAR_FROM_MODEL:.0f} °C.",
            f"Let the coil come near that temperature, or calibrate it here: `z-offset --calibrate {kind.key}`.",
        )
    known = [
        _age(context.earlier("z-offset"), name),
        f"Firmware {firmware}." if firmware else "The scanner does not report its firmware.",
        "" if coil is None else f"Coil {coil:.0f} °C.",
        "" if made_at is None else f"Made at {made_at:.0f} °C.",
    ]
    return fine(key, f"[{name}] is the scanner's {kind.kind}.", " ".join(filter(None, known)))


def _age(record: Record | None, section: str) -> str:
    """When a model was saved, as far as a run here has done it: printer.cfg has no date."""
    if record is not None and record.finished is not None:
        saved = any(one.section.lower() == section and one.state == "saved" for one in record.changes)
        if saved:
            return f"Saved here on {record.finished[:10]}."
    return "Its age is unknown."


async def _firmware(context: Context, settings: Mapping[str, Any], section: str) -> str:
    """The version of the scanner's firmware; empty where it is not reported."""
    named = text(settings.get("mcu")) or section.split()[0]
    mcu = "mcu" if named == "mcu" else f"mcu {named}"
    if mcu not in context.printer.state.objects:
        return ""
    status = (await context.printer.query({mcu: ["mcu_version"]})).get(mcu, {})
    return text(status.get("mcu_version")) or ""


def _coil(state: PrinterState, section: str) -> float | None:
    """The coil's temperature; None where there is no such sensor."""
    kind = section.split()[0]
    return next((value for name, value in state.sensors.items() if kind in name and "coil" in name), None)
