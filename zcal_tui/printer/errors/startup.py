"""Errors with which Klipper does not start: configuration, Python, modules."""

from zcal_tui.printer.errors.entry import ErrorEntry

STARTUP: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"'RawConfigParser' object has no attribute 'readfp'",
        what="This Klipper is too old for the Python it runs on.",
        cause="Python 3.12 removed what a Klipper from before 2024 uses to read its configuration.",
        remedy="Update Klipper, or run it with Python 3.11 or older.",
    ),
    ErrorEntry(
        pattern=r"Option 'z_offset' in section '(?P<section>[^']+)' must have minimum of",
        what="Klipper does not start: z_offset of [{section}] is negative.",
        cause=(
            "z_offset is the distance from nozzle to bed at the trigger, a positive number. A negative one is "
            "usually a "
            "sign mistake. Newer versions of Klipper accept it."
        ),
        remedy="Remove the minus sign, then RESTART and run Z offset (`z-offset`).",
    ),
    ErrorEntry(
        pattern=r"position_endstop in section '(?P<section>[^']+)' must be between",
        what="Klipper does not start: position_endstop of [{section}] is outside the axis limits.",
        cause="It must not be below position_min nor above position_max.",
        remedy="Lower position_min below it, by 0.5 mm or more, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Include file '(?P<file>[^']+)' does not exist",
        what="Klipper does not start: the included file {file} does not exist.",
        cause="It was renamed or deleted, or its path is wrong. Paths begin in the folder of the including file.",
        remedy="Put the file back, or remove its include line, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Recursive include of config file '(?P<file>[^']+)'",
        what="Klipper does not start: {file} includes itself.",
        cause="An include line with a * also finds printer.cfg, or a copy of it, such as the backups of SAVE_CONFIG.",
        remedy="Move the copies of printer.cfg to another folder, or narrow the include line, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Option '(?P<option>[^']+)' is not valid in section '(?P<section>[^']+)'",
        what="Klipper does not start: it does not know the option {option} of [{section}].",
        cause="It is misspelled, belongs to another section, or to another version of Klipper or of a plugin.",
        remedy="Correct or remove that line in printer.cfg, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Option '(?P<option>[^']+)' in section '?(?P<section>[^' ]+[^']*?)'? must be specified",
        what="Klipper does not start: [{section}] needs the option {option}.",
        cause="It has no default.",
        remedy="Add {option} to [{section}], then RESTART.",
    ),
    ErrorEntry(
        pattern=(
            r"Option '(?P<option>[^']+)' in section '(?P<section>[^']+)' must (have|be)"
            r"|Choice '[^']*' for option '(?P<choice>[^']+)'"
            r"|Unable to parse option '(?P<parsed>[^']+)' in section|is not a valid literal"
        ),
        what="Klipper does not start: an option's value is not valid.",
        cause="It is out of range, not one of the choices, or not a number.",
        remedy="Correct the option that the message names, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Section '(?P<section>zcal|z_calibration)' is not a valid config section",
        what="Klipper does not start: it has no module for [{section}].",
        cause="The module's link is missing: an update or a recovery of Klipper can remove it.",
        remedy="Run `zcal-tui install` on the printer's host, then restart the Klipper service.",
    ),
    ErrorEntry(
        pattern=r"Section '(?P<section>[^']*)' is not a valid config section",
        what="Klipper does not start: it has no module for [{section}].",
        cause="The name is misspelled, or the plugin for it is not installed in this Klipper.",
        remedy="Correct the section's name, install its plugin, or remove the section, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Unknown (pin )?chip name 'probe'",
        what="Klipper does not start: Z homes with a probe, but no probe is configured.",
        cause=(
            "endstop_pin is probe:z_virtual_endstop, and no section of a probe is read. It is missing, in a file that "
            "is not included, or its plugin is not installed."
        ),
        remedy=(
            "Add or include the probe's section. Without a probe, name the Z switch's pin as endstop_pin and set "
            "position_endstop. Then RESTART."
        ),
    ),
    ErrorEntry(
        pattern=r"Unknown (pin )?chip name '(?P<driver>tmc\w+?)_(?P<stepper>\w+)'",
        what="Klipper does not start: a virtual endstop names the driver of {stepper}, which is not configured.",
        cause="There is no section [{driver} {stepper}], or it is in a file that is not included.",
        remedy="Add or include that section, or correct the name before the colon, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Unknown (pin )?chip name '(?P<chip>[^']*)'",
        what="Klipper does not start: a pin is on the board {chip}, which is not configured.",
        cause=(
            "Pins written as {chip}:… need a section [mcu {chip}]. It is missing, in a file that is not included, or "
            "spelled otherwise. Upper and lower case count."
        ),
        remedy="Add or include that section, or correct the name before the colon, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Duplicate chip name '(?P<chip>[^']*)'",
        what="Klipper does not start: two sections define the board or chip {chip}.",
        cause="Two sections have that name, often one of them in an included file.",
        remedy="Remove or rename one of them, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"pin (?P<pin>\S+) used multiple times",
        what="Klipper does not start: the pin {pin} is used by two sections.",
        cause=(
            "Where the probe is the Z endstop, endstop_pin of [stepper_z] has to be probe:z_virtual_endstop, not the "
            "probe's own pin. Else a section was copied, or an included file has it as well."
        ),
        remedy=(
            "Search all files for {pin} and remove one of them, then RESTART. Where two sections have to share it, "
            "[duplicate_pin_override] allows that."
        ),
    ),
    ErrorEntry(
        pattern=r"pin (?P<pin>\S+) (is )?reserved for (?P<owner>[^\n]+)",
        what="Klipper does not start: the pin {pin} is reserved for {owner}.",
        cause="The board's firmware uses that pin itself, or [board_pins] reserves it. Nothing else can use it.",
        remedy="Use another pin, or correct the pin's name, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"pin (?P<pin>\S+) is an alias for (?P<other>\S+)|Alias (?P<alias>\S+) mapped to",
        what="Klipper does not start: one pin is named in two ways.",
        cause="[board_pins] gives it another name, and both names are used.",
        remedy="Use the same name in all sections, or correct [board_pins], then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Shared pin (?P<pin>\S+) must have same polarity",
        what="Klipper does not start: the sections that share the pin {pin} write it differently.",
        cause="One has ^, ~ or ! before the pin, and another has not.",
        remedy="Write the pin in the same way everywhere, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Invalid pin (description|alias) '(?P<pin>[^']*)'",
        what="Klipper does not start: “{pin}” is not how a pin is written.",
        cause=(
            "It is written as ^!board:pin, without spaces. ^ or ~ and ! come first, before the board's name."
        ),
        remedy="Correct that pin, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"contains parsing errors: '(?P<file>[^']*)'\s*\[line\s*(?P<line>\d+)\]: (?P<text>[^\n]*)",
        what="Klipper does not start: it cannot read a line of {file}: {text}.",
        cause=(
            "The line is neither a section, nor an option with : or =, nor the indented rest of a value. Klipper "
            "counts it as line {line}: from the last [include …] above it, or from the top of the file."
        ),
        remedy="Correct that line, then RESTART.",
    ),
    ErrorEntry(
        pattern=(
            r"Unable to load module|Unable to open config file|Include file .* does not exist|non-existent file"
            r"|Recursive include|Malformed config|Missing section"
            r"|File contains no section headers|contains illegal whitespace"
            r"|Constant '[^']*' is unused|Section '[^']*' is invalid|already exists"
            r"|full_steps_per_rotation invalid|homing_positive_dir|must specify the same pullup"
            r"|Stepper dir pin must be|heaters are unknown|steppers are unknown"
        ),
        what="Klipper does not start: its configuration has an error.",
        cause="The message names the file, the section or the pin.",
        remedy="Correct printer.cfg, then RESTART.",
    ),
    ErrorEntry(
        pattern=(
            r"probe attachment verification method|DockableProbe cannot be used as Z endstop|Unable to parse \S+ in \S+"
            r"|_move_avoiding_dock|control_pin must be set in \[smart_effector\]"
        ),
        what="The section of the probe lacks something.",
        cause=(
            "A dock needs its positions and a pin that shows whether the probe is attached. A sensitivity needs "
            "control_pin."
        ),
        remedy="Add what the message names to the probe's section, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"No (nozzle|switch) position configured|A probe is needed for|No z-endstop found",
        what="Klipper does not start: [z_calibration] lacks something.",
        cause="It needs the positions of the nozzle and the switch on the endstop, a probe and a Z endstop.",
        remedy="Add what the message names to [z_calibration], then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Internal error during (connect|ready callback): (?P<reason>[^\n]+)",
        what="Klipper does not start: a module failed with “{reason}”.",
        cause="A module of Klipper or a plugin does not match this version of Klipper or of Python.",
        remedy="Find the traceback in klippy.log, update the module it names, then restart the Klipper service.",
    ),
)
