"""Errors of the bed mesh, of levelling and of the axis twist compensation."""

from zcal_tui.printer.errors.entry import ErrorEntry

MESH: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"bed_mesh: Unknown profile \[(?P<profile>[^\]]*)\]",
        what="There is no saved bed mesh named {profile}.",
        cause="It was never saved with SAVE_CONFIG, was removed, or has another name.",
        remedy=(
            "Run BED_MESH_CALIBRATE, then BED_MESH_PROFILE SAVE={profile} and SAVE_CONFIG. Or load a name that "
            "BED_MESH_PROFILE lists."
        ),
    ),
    ErrorEntry(
        pattern=r"Mesh extends outside of the fade range|fade_target lies outside of mesh z range",
        what="The bed mesh does not fit the fade options.",
        cause="The bed is less even than fade_start to fade_end can take out, or fade_target is not within the mesh.",
        remedy="Level the bed first. Then correct fade_start, fade_end or fade_target in [bed_mesh].",
    ),
    ErrorEntry(
        pattern=r"zero reference position at .* (located )?within a faulty region|Probing within a faulty area",
        what="A point of the mesh is in a faulty region.",
        cause="faulty_region_… in [bed_mesh] covers the zero_reference_position.",
        remedy="Move zero_reference_position in [bed_mesh] out of that region.",
    ),
    ErrorEntry(
        pattern=r"No mesh has been loaded",
        what="No bed mesh is loaded.",
        cause="It was cleared, or none was made since Klipper started.",
        remedy="Load one (BED_MESH_PROFILE LOAD=default) or run BED_MESH_CALIBRATE.",
    ),
    ErrorEntry(
        pattern=r"Maximum slope \(|Mesh deviation \(",
        what="The bed mesh is steeper or less even than allowed.",
        cause="The bed is tilted or bent, or a sample was wrong.",
        remedy="Level the bed and run Repeatability (`accuracy`), then make the mesh again.",
    ),
    ErrorEntry(
        pattern=(
            r"bed_mesh: .*(position list size|table length|number of points sampled|point mismatch)"
            r"|Mesh has missing points|Mesh (X,Y|Leveling Probed Z)"
        ),
        what="The samples of the mesh do not form a grid.",
        cause="Some points were not probed, or the probe's offsets changed in between.",
        remedy="Run BED_MESH_CALIBRATE again. If it fails again, check mesh_min, mesh_max and probe_count.",
    ),
    ErrorEntry(
        pattern=(
            r"Mesh Leveling: Error splitting move|bed_mesh: Slice distance is negative"
            r"|bed_mesh: Error finding [xy] control points"
        ),
        what="Klipper could not apply the bed mesh to a move.",
        cause="The loaded mesh does not fit the configuration that runs now.",
        remedy="Run BED_MESH_CLEAR, then make the mesh again.",
    ),
    ErrorEntry(
        pattern=(
            r"bed_mesh: (malformed|probe_count must be|invalid (min/max|probe_count)|Unknown algorithm|cannot exceed"
            r"|Existing faulty_region|Added faulty_region|min/max points|Unable to generate"
            r"|relative reference index|Cannot probe zero)"
            r"|in section bed_mesh must have|relative_reference_index: "
        ),
        what="An option of [bed_mesh] is not valid.",
        cause="The message names the option: mesh_min, mesh_max, probe_count, algorithm or a faulty_region.",
        remedy="Correct it in [bed_mesh], then RESTART.",
    ),
)

TILT: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Retries aborting",
        what="The levelling was stopped: the corrections get larger instead of smaller.",
        cause="Z motors or corners are swapped, or the probe does not repeat.",
        remedy="Check the order of the Z motors and of the points. Run Repeatability (`accuracy`).",
    ),
    ErrorEntry(
        pattern=r"Too many retries",
        what="The levelling did not get within retry_tolerance in the allowed retries.",
        cause=(
            "The samples scatter by more than retry_tolerance, or something moves between them: play at a Z drive, a "
            "loose bed or gantry joint. Or it was still improving when the retries ended."
        ),
        remedy=(
            "Compare the range that each retry printed. If it still shrank, run the levelling once more or raise "
            "retries. If it stayed, run Repeatability (`accuracy`), then look for play. Do not raise retry_tolerance "
            "first."
        ),
    ),
    ErrorEntry(
        pattern=(
            r"Aborting quad_gantry_level required adjustment (?P<needed>[-\d.]+) is greater than max_adjust "
            r"(?P<most>[-\d.]+)"
        ),
        what="The gantry would have to be moved by {needed} mm at a corner; max_adjust allows {most} mm.",
        cause=(
            "The gantry is far out of level, as after the motors were off. Or a sample was wrong, or a Z motor turns "
            "the wrong way."
        ),
        remedy=(
            "Switch the motors off and bring the gantry level by hand, the same distance to the frame at each corner. "
            "Then home and level again. Do not raise max_adjust first."
        ),
    ),
    ErrorEntry(
        pattern=r"Aborting quad_gantry_level",
        what="The levelling did not converge.",
        cause="The gantry is far out of level, or a sample was wrong.",
        remedy="Bring the gantry level by hand, then home and level again. Run Repeatability (`accuracy`).",
    ),
    ErrorEntry(
        pattern=(
            r"z_positions needs exactly \d+ items|requires multiple z steppers|Need (exactly|at least) \S+ probe points"
            r"|requires at least two gantry_corners|Error: fewer than 2 points used"
        ),
        what="The points or motors of the levelling do not fit this printer.",
        cause="There must be one z_positions entry a Z motor, and enough probe points.",
        remedy="Correct points, z_positions or gantry_corners in that section, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"bed level exceeds configured limits \((?P<limit>[^)]*)\)",
        what="A bed screw is off by more than MAX_DEVIATION ({limit}).",
        cause="The bed is tilted.",
        remedy="Turn the screws as SCREWS_TILT_CALCULATE shows, then run it again.",
    ),
    ErrorEntry(
        pattern=r"screws_tilt_adjust: Must have at least three screws|DIRECTION must be either CW or CCW",
        what="SCREWS_TILT_CALCULATE cannot be used like this.",
        cause="[screws_tilt_adjust] needs three screws or more, and DIRECTION is CW or CCW.",
        remedy="Correct the section or the parameter.",
    ),
)

TWIST: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"AXIS_TWIST_COMPENSATION for (?P<axis>[XY]) axis requires",
        what="[axis_twist_compensation] lacks its options for the {axis} axis.",
        cause="It needs the start, the end and the line along which it measures (calibrate_…).",
        remedy="Add the options that the message names, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"(?P<list>zy?_compensations) requires compensation_start_(?P<axis>[xy])",
        what="Klipper does not start: {list} has no start and end.",
        cause="compensation_start and compensation_end of the {axis} axis belong to the list of values.",
        remedy="Add both, or remove {list}, then RESTART.",
    ),
    ErrorEntry(
        pattern=(
            r"AXIS_TWIST_COMPENSATION requires \[probe\]|SAMPLE_COUNT to probe must be at least"
            r"|AXIS_TWIST_COMPENSATION_CALIBRATE: Invalid axis|twist compensation is not supported"
            r"|not supported for twist compensation|Invalid axis '"
        ),
        what="AXIS_TWIST_COMPENSATION_CALIBRATE cannot be run like this.",
        cause="It needs a probe, AXIS=X or Y as far as this Klipper has it, and two samples or more.",
        remedy="Correct the parameters. Location bias (`bias`) measures the same without it.",
    ),
)
