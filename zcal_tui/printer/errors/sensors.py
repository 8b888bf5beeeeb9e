"""Errors of eddy current sensors, scanners, load cells and analog triggers."""

from zcal_tui.printer.errors.entry import ErrorEntry

_COIL_REMEDY = (
    "Run LDC_CALIBRATE_DRIVE_CURRENT and PROBE_EDDY_CURRENT_CALIBRATE, at the temperature at which you probe. Start "
    "each probing a few millimetres above the bed."
)

EDDY: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Failed calibration - (no usable data|frequency not increasing)",
        what="The eddy current sensor's readings cannot be turned into heights.",
        cause=(
            "Its frequency does not fall steadily while it is lifted. It is mounted too high, is not over metal "
            "(x_offset, y_offset), has the wrong drive current, or is noisy."
        ),
        remedy=(
            "Mount the coil 2 to 3 mm above the nozzle tip, and bring it over the bed. Run "
            "LDC_CALIBRATE_DRIVE_CURRENT and SAVE_CONFIG, then calibrate again."
        ),
    ),
    ErrorEntry(
        pattern=r"Failed calibration - incomplete sensor data",
        what="Readings of the eddy current sensor were lost during the calibration.",
        cause="The link to its board or the I2C wiring is disturbed, or the host was too busy.",
        remedy="Check klippy.log for sensor errors, check the wiring, then calibrate again.",
    ),
    ErrorEntry(
        pattern=r"Invalid ldc1612 id|ldc1612 intb_pin must be on same mcu",
        what="The eddy current sensor's chip does not answer correctly.",
        cause="Its I2C wires are loose or swapped, i2c_bus is wrong, or the chip is faulty.",
        remedy="Check the wiring, and i2c_bus and i2c_address in its section, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Probe did not clear safe (height|time)",
        what="The eddy current sensor was too near the bed for homing to start safely.",
        cause="The toolhead began too low, or the link to the sensor's board was too slow.",
        remedy="Raise Z by 10 mm or more, then home. If it happens again, check the board's link (USB, CAN).",
    ),
    ErrorEntry(
        pattern=r"Must calibrate probe_eddy_current first|Must complete PROBE_EDDY_CURRENT_CALIBRATE first",
        what="The eddy current sensor is not calibrated.",
        cause="Without a table of frequencies and heights (option calibrate) it cannot measure.",
        remedy="Run Z offset (`z-offset`), which calibrates it, and save the result.",
    ),
    ErrorEntry(
        pattern=r"probe_eddy_current sensor not in valid range|Invalid probe_eddy_current height",
        what="The eddy current sensor is outside its calibrated range.",
        cause="It is too high above the bed, beside the bed, or was calibrated with another drive current.",
        remedy="Bring it over the bed and lower it. If that does not help, run Z offset (`z-offset`).",
    ),
    ErrorEntry(
        pattern=r"Eddy current sensor error|Trigger analog error: .*(sensor|frequency|amplitude|watchdog|conversion)",
        what="The eddy current sensor reported an error while it homed or probed.",
        cause=(
            "The coil is too high above the bed, too low, or beside it, or its drive current is not calibrated. Heat "
            "changes the coil too."
        ),
        remedy=_COIL_REMEDY,
    ),
    ErrorEntry(
        pattern=r"Unable to obtain probe_eddy_current sensor readings|probe_eddy_current sensor outage",
        what="The eddy current sensor gave no valid readings.",
        cause="The coil is too high or beside the bed, or the sensor's chip does not answer.",
        remedy=f"Check in klippy.log whether the chip reports errors, and its I2C wires. {_COIL_REMEDY}",
    ),
    ErrorEntry(
        pattern=r"Eddy: (Gaps in the data|CLKIN frequency too low)",
        what="The eddy current sensor's readings have gaps or a wrong clock.",
        cause="Readings were lost on the way, or the frequency in its section is not that of its crystal.",
        remedy="Check the wiring and the host's load. Check frequency in the sensor's section.",
    ),
    ErrorEntry(
        pattern=(
            r"Unable to detect tap|Tap detected too close to start|Tap not configured|valid 'tap' probe"
            r"|TAP parameter|'refine' step"
        ),
        what="The eddy current sensor did not detect the nozzle's touch.",
        cause="The tap threshold is not set or does not fit, the move began too low, or filament cushions the nozzle.",
        remedy="Clean the nozzle, begin higher, and calibrate the tap threshold again.",
    ),
)

LOAD_CELL: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=(
            r"Load Cell not calibrated|Invalid counts per gram|Missing tare counts"
            r"|counts_per_gram value is too large"
        ),
        what="The load cell is not calibrated.",
        cause="counts_per_gram or reference_tare_counts is missing in its section, or is wrong.",
        remedy="Run LOAD_CELL_CALIBRATE, then SAVE_CONFIG.",
    ),
    ErrorEntry(
        pattern=r"Already Calibrating a Load Cell",
        what="The calibration of the load cell is already open.",
        cause="Another screen or program opened it, or it was left open.",
        remedy="Finish it there, or send ABORT.",
    ),
    ErrorEntry(
        pattern=r"Tare and Calibration readings|Sensor is saturated|Some samples are saturated|exceeds sensor range",
        what="The load cell's readings do not fit the force.",
        cause="The force is too small or too large for the sensor's gain, or a wire of the load cell is loose.",
        remedy="Check the wiring with READ_LOAD_CELL or LOAD_CELL_DIAGNOSTIC, and the gain, then calibrate again.",
    ),
    ErrorEntry(
        pattern=r"exceeds force_safety_limit|force_safety_limit|drift_safety_limit",
        what="The load cell measured more force than allowed.",
        cause="The nozzle already pressed on something before probing, a cable pulls, or the tare is old.",
        remedy="Raise the toolhead, check that nothing pulls on it, then try again.",
    ),
    ErrorEntry(
        pattern=(
            r"No samples returned from sensor|Sensor reported \S+ errors|LoadCellSampleCollector timed out"
            r"|Load cell sensor reported errors|sample error|Forced sensor restart|no response reading reg"
            r"|(MODE )?reg \S* ?write failed|Failed to set ADS|Invalid ads1220 reset state|Test timeout out"
        ),
        what="The load cell's converter lost readings or does not answer.",
        cause="Its wires are loose, disturbed or too long, or the board was too busy.",
        remedy="Check the converter's wiring and power. LOAD_CELL_DIAGNOSTIC shows the readings.",
    ),
    ErrorEntry(
        pattern=r"TAP_(CHRONOLOGY|SHAPE|BREAK|PULLBACK)|(LOW|TOO)_\w*(TAP|COMPRESSION|PROBING)\w*|COASTING_MOVE",
        what="The load cell's sample was rejected.",
        cause="The force curve is not that of a clean touch: filament on the nozzle, a soft bed or vibration.",
        remedy="Clean the nozzle cold, check that the bed is steady, then try again.",
    ),
    ErrorEntry(
        pattern=(
            r"requires? the (NumPy|SciPy) module|Could not load `scipy`|scipy[\w.]* is (required|installed)"
        ),
        what="A Python library of this probe is missing.",
        cause="Filters and fits of this probe need numpy or scipy in Klipper's own Python environment.",
        remedy="Install it there: `~/klippy-env/bin/pip install numpy scipy`. Then restart the Klipper service.",
    ),
    ErrorEntry(
        pattern=r"(Trigger analog error|Load Cell Probe Error): (?P<reason>.+)",
        what="The probe's sensor stopped the move: {reason}.",
        cause="The sensor reported a fault while it watched for the trigger.",
        remedy="Check the sensor's wiring and calibration, then home again.",
    ),
    ErrorEntry(
        pattern=r"config error: (SPI|All pins|AIN)|channels must (be in range|contain)|same MCU",
        what="Klipper does not start: the pins of the load cell's converter do not fit.",
        cause="All its pins must be on one board, and each input is used once.",
        remedy="Correct its section, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"min_tap_quality must be|decompression_angle must be|has maximum length",
        what="An option of [load_cell_probe] is out of range.",
        cause="The message names the option and its range.",
        remedy="Correct it in printer.cfg, then RESTART.",
    ),
)

SCANNER: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=(
            r"No Beacon model loaded|calibrate your model first|No model currently selected|model not loaded"
            r"|model \S+ not found|Unknown model|Invalid f_count"
        ),
        what="The scanner has no calibrated model.",
        cause="It was never calibrated, or the saved model has another name.",
        remedy="Run the scanner's calibration (CARTOGRAPHER_SCAN_CALIBRATE or BEACON_CALIBRATE), then SAVE_CONFIG.",
    ),
    ErrorEntry(
        pattern=(
            r"out-of-range distance|below calibrated model range|outside model range|stopped below model range"
            r"|measurements are infinite|No finite measurements|Not all samples are valid|convergence error"
        ),
        what="The scanner is outside the range of its calibrated model.",
        cause="It is too high above the bed or too low, or not over the bed.",
        remedy="Move it over the bed, 1 to 3 mm above it. If it fails there too, calibrate it again.",
    ),
    ErrorEntry(
        pattern=r"coil is shorted or not connected|coil (expected|frequency)|Check coil connection|hardware issue",
        what="The scanner's coil does not read correctly.",
        cause="The coil or its connector is damaged, or metal is too close to it.",
        remedy="Check the coil's connector and what is next to it. If it stays, the coil is faulty.",
    ),
    ErrorEntry(
        pattern=(
            r"(Beacon|Cartographer) (sensor not receiving data|MCU (is disconnected|not initialized|reconnect failed))"
            r"|Could not determine serial port|MCU is not connected"
        ),
        what="The scanner's board does not answer.",
        cause="Its USB or CAN cable, its power or its serial path failed.",
        remedy="Check the cable and the path in its section, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"temperature sensor faulty",
        what="The scanner's temperature sensor reads an impossible value.",
        cause="It is broken or overheated. Without it heights drift with temperature.",
        remedy="Check the scanner's mount and cooling. If it stays, the scanner is faulty.",
    ),
    ErrorEntry(
        pattern=r"is outside touch boundaries|Probing within a faulty area|Calibrating within a faulty area",
        what="The scanner must not measure at this place.",
        cause="It is outside the area that its plugin allows.",
        remedy="Use a place inside the bed's mesh area.",
    ),
    ErrorEntry(
        pattern=(
            r"hotend temperature \S+ exceeds maximum|Contact triggered while accelerating"
            r"|Timeout getting contact time"
        ),
        what="The scanner could not touch the bed with the nozzle.",
        cause="The nozzle is too hot to touch the bed, or the touch came before the speed was constant.",
        remedy="Let the nozzle cool below 150 °C, start higher, then try again.",
    ),
    ErrorEntry(
        pattern=r"Sample spread too large|sample_tolerance",
        what="The scanner's samples are too far apart.",
        cause="The nozzle is dirty, the bed vibrates or is warm.",
        remedy="Clean the nozzle, wait until the bed is steady, then run Repeatability (`accuracy`).",
    ),
    ErrorEntry(
        pattern=r"Temperature .* phase exceeded maximum time|Temperature .* stalled for",
        what="The scanner did not reach the temperature of its calibration.",
        cause="The bed heats it too slowly, or a fan cools it.",
        remedy="Switch the fans off, close the chamber, or choose a lower MAX_TEMP.",
    ),
    ErrorEntry(
        pattern=(
            r"Insufficient samples for calibration|(MAX|BED_TEMP|MAX_TEMP|MAX_VERIFY_RANGE) \([^)]*\) must be"
            r"|Grid resolution must be"
        ),
        what="The scanner's command was refused.",
        cause="A parameter is out of range, or too few readings came.",
        remedy="Correct the parameter that the message names.",
    ),
)
