"""The whole examination: what is judged of everything together."""

from tests.unit.fakes import examined as seen
from zcal_tui.checks.ready.finding import fine
from zcal_tui.tools.doctor.examine import Facts, judge
from zcal_tui.tools.doctor.finding import Grade, Group
from zcal_tui.tools.doctor.link import DEFAULT
from zcal_tui.tools.system import SocketFile


def test_a_machine_that_is_well_has_only_good_findings() -> None:
    module = fine("extra", "The [zcal] module is installed.")
    facts = Facts(
        seen.program(),
        seen.terminal(),
        seen.storage(),
        seen.link(seen.tried(), seen.url(origin=DEFAULT)),
        seen.printer(module=module, module_loaded=True),
        klipper=seen.klipper(),
    )
    by_group = judge(facts)
    assert list(by_group) == list(Group)
    configuration = [
        finding.key for finding in by_group[Group.CONFIGURATION] if finding.grade is not Grade.OK
    ]
    assert configuration == ["probe"]  # this printer has none
    others = [one for group, own in by_group.items() if group is not Group.CONFIGURATION for one in own]
    assert {finding.grade for finding in others} == {Grade.OK}
    assert not any(finding.fix or finding.commands for finding in others)
    assert all(own for own in by_group.values())


def test_what_is_to_be_typed_names_the_program_as_the_shell_finds_it() -> None:
    nothing = seen.tried(answer="refused", file=SocketFile("missing"))
    for called in ("zcal-tui", "/home/pi/zcal-tui/.venv/bin/zcal-tui"):
        facts = Facts(
            seen.program(called=called),
            seen.terminal(),
            seen.storage(unfinished=1),
            seen.link(nothing),
        )
        typed = [command for own in judge(facts).values() for finding in own for command in finding.commands]
        assert {f"{called} resume", f"{called} --demo", "systemctl status klipper"} <= set(typed)
