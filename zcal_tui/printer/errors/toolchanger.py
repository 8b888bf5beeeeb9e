"""Errors of toolchangers (klipper-toolchanger, tools_calibrate) and of manual rails."""

from zcal_tui.printer.errors.entry import ErrorEntry

TOOLCHANGER: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=(
            r"No active tool probe|no active tool probe|Cannot (start probe crash detection"
            r"|test tool).*no active tool"
        ),
        what="No tool is selected, so no probe is active.",
        cause=(
            "Each tool has a probe of its own. The toolchanger detects no tool, or more than one, or none was "
            "selected."
        ),
        remedy="Run INITIALIZE_TOOLCHANGER or select a tool, and check the tool's detection pin.",
    ),
    ErrorEntry(
        pattern=r"expected tool not active|Expected tool .* but active is|mismatch after wait time|no tool present",
        what="Another tool is mounted than the toolchanger expects.",
        cause="A tool was not picked up or fell off, or a detection pin reads wrong.",
        remedy="Check which tool is on the carriage and its detection pin, then run INITIALIZE_TOOLCHANGER.",
    ),
    ErrorEntry(
        pattern=r"Multiple tools detected: (?P<tools>.+)",
        what="Several tools report that they are mounted: {tools}.",
        cause="The probe or detection pin of a docked tool reads as mounted: inverted, or its wire is loose.",
        remedy="Check the detection pin of each tool in its dock, then run INITIALIZE_TOOLCHANGER.",
    ),
    ErrorEntry(
        pattern=r"no tool probe for tool (?P<tool>-?\d+)|Some tools (are missing tool_probe|missing detection pin)",
        what="A tool has no probe or no detection pin.",
        cause="Its section [tool_probe …] is missing, or has another tool number.",
        remedy="Add it to printer.cfg, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Cannot perform toolchange, .*not homed|Cannot (initialize|recover)|ADJUST_Z_AFTER_TOOL_NOZZLE_HOME",
        what="The tool cannot be changed now.",
        cause="An axis is not homed, or a tool change has not ended.",
        remedy="Home the printer (G28), then run INITIALIZE_TOOLCHANGER.",
    ),
    ErrorEntry(
        pattern=r"toolchanger (status is|not ready)|failed to initialize|Docking test requires|docking mode",
        what="The toolchanger is not ready.",
        cause="It was not initialised, or stopped with an error that is shown above.",
        remedy="Fix that error, then run INITIALIZE_TOOLCHANGER.",
    ),
    ErrorEntry(
        pattern=(
            r"Select tool: |SET_TOOL_TEMPERATURE: |Tool does not have parameter|Tool #\S+ is not assigned"
            r"|Missing TOOL=|VERIFY_TOOL_DETECTED"
        ),
        what="A command names a tool that does not exist.",
        cause="The parameter TOOL or T is missing or wrong.",
        remedy="Correct it, or assign that number to a tool.",
    ),
    ErrorEntry(
        pattern=(
            r"Cannot have both \[probe\] and \[tool_probe_endstop\]|Duplicate tool(s with number| probe nr)"
            r"|Cannot use tool fans together"
        ),
        what="Klipper does not start: sections of the toolchanger contradict each other.",
        cause="The message names them.",
        remedy="Remove one of them, then RESTART.",
    ),
    ErrorEntry(
        pattern=(
            r"No recorded sensor location|No offset result, please run|Tools calibrate only works"
            r"|Wrong value for DIRECTION"
        ),
        what="The tool's offset cannot be measured now.",
        cause="tools_calibrate needs TOOL_LOCATE_SENSOR with the first tool, and cartesian kinematics.",
        remedy="Run TOOL_LOCATE_SENSOR, then TOOL_CALIBRATE_TOOL_OFFSET.",
    ),
)
