"""The whole calibration on every profile, and faults that have to be found: verdicts compared with the truth."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import program
from tests.e2e.klippers import KALICO
from zcal_tui.stats.verdicts.z_zero import MOST_TESTS

PROFILES = Path(__file__).parents[2] / "zcal_tui" / "sim" / "profiles"
FAULTS = sorted((Path(__file__).parent / "faults").glob("*.toml"))
PASSED_OVER = "none"
WANTED = {
    "any": {"pass", "warn", "fail", "unknown"},
    "not fail": {"pass", "warn", "unknown"},
    "warn or fail": {"warn", "fail"},
    "pass or unknown": {"pass", "unknown"},
    "fail or unknown": {"fail", "unknown"},
    "pass": {"pass"},
    "warn": {"warn"},
    "fail": {"fail"},
}
TRUE_SPREAD = 0.018
"""mm: of z_offset over voron's bed, inside the zone about the limit in which a warning is right (docs/limits.md)."""
Z_TRUTH = {"voron": 6.372, "bedslinger": 2.080, "corexy": 1.461, "delta": 1.866}
"""mm: what an unbiased person's paper test gives at the zero reference, by `zcal-tui sim --control … report`."""
Z_CONFIGURED = {"voron": 6.400, "bedslinger": 2.100, "corexy": 1.500, "delta": 1.900}
"""mm: what each profile's configuration says."""
UNDECIDED = ("The result holds for up to", "The data do not decide.")
"""Why a temperature run may stay undecided: slow parts, or an interval across the limit."""


@pytest.mark.parametrize("profile", sorted(Z_TRUTH))
def test_a_whole_calibration_says_what_is_so(profile: str, tmp_path: Path) -> None:
    running = program.start(tmp_path, "--demo", profile, "--sim-speed", "40", "all", "--autopilot")
    ended = running.end(longest=600.0)
    record = ended.record
    assert record["check"] == "all"
    assert record["outcome"] == "finished", record["problem"]
    said = {part["check"].replace("-", "_"): part["level"] for part in record["parts"]}
    expected = tomllib.loads((PROFILES / profile / "truth.toml").read_text())["verdicts"]
    if KALICO:
        expected["ready"] = "warn"  # it names the faults that Kalico is known to have
    wrong = {
        check: (said.get(check), wanted)
        for check, wanted in expected.items()
        if (wanted == PASSED_OVER and check in said)
        or (wanted != PASSED_OVER and said.get(check) not in WANTED[wanted])
    }
    assert not wrong, (wrong, [part["summary"] for part in record["parts"]])
    (measured,) = (
        event for event in ended.events if event["event"] == "record" and event["check"] == "z-offset"
    )
    found = measured["estimates"]["z_offset"]
    assert found["value"] == pytest.approx(Z_TRUTH[profile], abs=0.015)
    within = found["low"] <= Z_CONFIGURED[profile] <= found["high"]
    assert bool(measured["changes"]) != within, (
        "a change exactly where the difference is more than measurement error"
    )
    for change in measured["changes"]:
        (kept,) = (
            one
            for one in record["changes"]
            if (one["option"], one["new"]) == (change["option"], change["new"])
        )
        assert kept["state"] == "saved", "with its group, after the check's own record"
        assert float(change["old"]) == Z_CONFIGURED[profile]
        assert float(change["new"]) == pytest.approx(Z_TRUTH[profile], abs=0.015)
    assert_undecided_for_a_reason(ended.events, said)


def assert_undecided_for_a_reason(events: list[dict[str, Any]], said: Mapping[str, str]) -> None:
    """The truth allows these two to stay undecided, but only after what they can do was done. A warning of `bias` is a
    spread about the limit, and its interval holds the true one."""
    records = {event["check"]: event for event in events if event["event"] == "record"}
    if said.get("bias") == "warn":
        bias = records["bias"]
        assert bias["verdict"]["summary"].startswith("Borderline"), bias["verdict"]
        spread = bias["estimates"]["spread"]
        assert spread["low"] <= TRUE_SPREAD <= spread["high"], spread
    if said.get("first_layer") == "unknown":
        assert len(records["first-layer"]["samples"]) == MOST_TESTS
    if said.get("temperature") == "unknown":
        reasons = " ".join(records["temperature"]["verdict"]["reasons"])
        assert any(words in reasons for words in UNDECIDED), reasons


def toml(table: dict[str, Any], path: str = "") -> str:
    """A truth as TOML."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    lines = [f"[{path}]"] if path and plain else []
    for key, value in plain.items():
        text = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
        lines.append(f"{key} = {text}")
    parts = ["\n".join(lines)]
    parts += [
        toml(value, f"{path}.{key}" if path else key)
        for key, value in table.items()
        if isinstance(value, dict)
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """`base` with the values of `more` over it."""
    return {
        key: merged(base.get(key, {}), more[key])
        if isinstance(more.get(key), dict)
        else more.get(key, base.get(key))
        for key in {**base, **more}
    }


@pytest.mark.parametrize("fault", FAULTS, ids=lambda path: path.stem)
def test_a_fault_is_found_and_named(fault: Path, tmp_path: Path) -> None:
    wanted = tomllib.loads(fault.read_text())
    truth = tomllib.loads((PROFILES / wanted["profile"] / "truth.toml").read_text())
    truth.pop("verdicts")
    path = tmp_path / "truth.toml"
    path.write_text(toml(merged(truth, wanted["truth"])))
    ended = program.run(
        tmp_path,
        *("--demo", wanted["profile"], "--truth", str(path), "--sim-speed", "40"),
        *("--autopilot", "--save", "never"),
        *wanted["check"],
    )
    record = ended.record
    assert record["verdict"] is not None, record["problem"]
    verdict = record["verdict"]
    assert verdict["level"] in WANTED[wanted["verdict"]], verdict
    told = "\n".join([verdict["summary"], *verdict["reasons"], *record["advice"]]).lower()
    missing = [words for words in wanted["words"] if not re.search(words.lower(), told)]
    assert not missing, told
