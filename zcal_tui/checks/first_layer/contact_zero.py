"""Which Z 0 is tested, where a print finds its own by nozzle contact: that of homing, or the contact's."""

from zcal_tui.checks.base import Context
from zcal_tui.model.events import Notice
from zcal_tui.model.questions import Choose, Option
from zcal_tui.printer.contact_homing import contact_at_homing, contact_at_start

KEY = "zero-in-force"


async def contact_in_force(context: Context, *, homed_before: bool) -> str:
    """The command by which nozzle contact gave the Z 0 in force; empty where homing gave it. `homed_before`: this check
    has not homed. Raises CheckCancelled, NeedsPerson."""
    state = context.printer.state
    if (command := contact_at_homing(state)) is not None:
        return command
    found = contact_at_start(state)
    if found is None:
        return ""
    if homed_before:
        answer = await context.operator.choose(
            Choose(
                KEY,
                f"{found.macro} finds Z 0 by nozzle contact. Which Z 0 is tested?",
                (
                    Option("homing", "That of homing (G28)", "nothing has set Z 0 since"),
                    Option("contact", "That of the contact", f"after homing you ran {found.command}"),
                ),
                f"A print runs {found.command} after homing. This check does not run it.",
            )
        )
        if answer == "contact":
            return found.command
    context.emit(
        Notice(
            f"The Z 0 of homing is tested. {found.macro} finds another by nozzle contact before each print "
            f"({found.command}). To test that one, home, run this command, then start this check."
        )
    )
    return ""
