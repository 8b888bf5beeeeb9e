"""The values in a record's context that its check's result depends on."""

from collections.abc import Iterator, Mapping
from typing import Any

from zcal_tui.model.check_info import info_of
from zcal_tui.model.check_info.info import PROBE, PROBE_MODELS, STEPPERS, CheckInfo
from zcal_tui.results.context import config_of


def values(context: Mapping[str, Any], check: str) -> dict[str, Any]:
    """The config values in a record's context that a check's result depends on, by `[section] option`."""
    config, info = config_of(context), info_of(check)
    if config is None or info is None:
        return {}
    found = {}
    for named, options in info.depends_on.items():
        for section in _sections(named, context, config):
            own = config.get(section, {})
            wanted = options or tuple(own)
            found.update({f"[{section}] {option}": own[option] for option in wanted if option in own})
    return found


def probe_option(context: Mapping[str, Any], option: str) -> Any:
    """One option of the probe's section in a record's context; None if it is not set."""
    config, section = config_of(context), context.get("probe_section")
    return (config or {}).get(str(section), {}).get(option)


def probe_or_rail_option(context: Mapping[str, Any], option: str) -> Any:
    """An option of the probe's section, else of the first stepper or carriage that has it; None if none has."""
    if (value := probe_option(context, option)) is not None:
        return value
    config = config_of(context) or {}
    rails = (config[section] for section in _sections(STEPPERS, context, config))
    return next((rail[option] for rail in rails if option in rail), None)


def needs_in_effect(info: CheckInfo, section: str, option: str, probe_section: str | None) -> bool:
    """Whether a check needs the value of an option (its section in lower case) to be in effect when it runs: its
    result depends on it, or its moves and comparisons use it."""
    for wanted in (info.depends_on, info.plans_with):
        for named, options in wanted.items():
            if _is_meant(named, section, probe_section) and (not options or option in options):
                return True
    return False


def is_model(section: str, probe_section: str | None) -> bool:
    """Whether this is the section of one of the probe's models."""
    return probe_section is not None and section.startswith(f"{probe_section} ")


def _is_meant(named: str, section: str, probe_section: str | None) -> bool:
    if named == PROBE:
        return section == probe_section
    if named == PROBE_MODELS:
        return is_model(section, probe_section)
    return _is_rail(section) if named == STEPPERS else section == named


def _is_rail(section: str) -> bool:
    return section.startswith(("stepper", "carriage "))


def _sections(named: str, context: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    if named in (PROBE_MODELS, STEPPERS):
        probe = str(context.get("probe_section"))
        yield from (section for section in config if _is_meant(named, section, probe))
    else:
        yield str(context.get("probe_section")) if named == PROBE else named
