"""What SAVE_CONFIG will make of the files, for a person's eyes."""

import pytest

from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.session.saving.config_diff import Fork, Prediction, Unsavable, predict

BLOCK = """
#*# <---------------------- SAVE_CONFIG ---------------------->
#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.
#*#
#*# [probe]
#*# z_offset = 1.400
"""
STAGED = {"probe": {"z_offset": "1.520"}}


def files(main: str, **others: str) -> ConfigText:
    """printer.cfg and, by their names, files that it includes."""
    texts = {"/etc/printer.cfg": main, **{f"/etc/{name}.cfg": text for name, text in others.items()}}
    included = {("/etc/printer.cfg", f"{name}.cfg"): (f"/etc/{name}.cfg",) for name in others}
    return ConfigText("/etc/printer.cfg", texts, included)


def after(main: str, **others: str) -> Prediction:
    return predict(files(main, **others), STAGED, {}, Fork())


def test_a_value_moves_from_its_section_to_the_block() -> None:
    prediction = after("[probe]\npin: PA1\nz_offset: 1.5  # found in May\nspeed: 5\n")
    assert prediction.conflicts == ()
    (change,) = prediction.changes
    assert change.after == (
        "[probe]\npin: PA1\n#z_offset: 1.5  # found in May\nspeed: 5\n\n"
        "#*# <---------------------- SAVE_CONFIG ---------------------->\n"
        "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n"
        "#*#\n#*# [probe]\n#*# z_offset = 1.520\n"
    )
    assert prediction.diff().split("\n")[:8] == [
        "--- printer.cfg",
        "+++ printer.cfg (after)",
        "@@ -1,4 +1,10 @@",
        " [probe]",
        " pin: PA1",
        "-z_offset: 1.5  # found in May",
        "+#z_offset: 1.5  # found in May",
        " speed: 5",
    ]


def test_a_saved_value_is_replaced_in_place() -> None:
    (change,) = after("[probe]\npin: PA1\n" + BLOCK).changes
    assert change.after == "[probe]\npin: PA1\n" + BLOCK.replace("1.400", "1.520")


def test_a_section_that_is_to_be_removed_goes() -> None:
    text = "[probe]\npin: PA1\n" + BLOCK + "#*#\n#*# [bed_mesh old]\n#*# points =\n#*# \t  0.1, 0.2\n"
    (change,) = predict(files(text), {"bed_mesh old": {}}, {}, Fork()).changes
    assert change.after == "[probe]\npin: PA1\n" + BLOCK


def test_an_included_value_is_a_conflict_with_its_place() -> None:
    prediction = after(
        "[include z.cfg]\n[probe]\npin: PA1\n", z="# z\n[probe]\nspeed: 5\nz_offset = 1.5 ; hm\n"
    )
    (conflict,) = prediction.conflicts
    assert (conflict.file, conflict.line, conflict.value) == ("/etc/z.cfg", 4, "1.5")


def test_kalico_lets_an_equal_value_stand_and_may_edit_included_files() -> None:
    config = files("[include z.cfg]\n[probe]\npin: PA1\n", z="[probe]\nz_offset: 1.520\n")
    assert predict(config, STAGED, {}, Fork(equal_may_stay=True)).conflicts == ()
    prediction = predict(config, STAGED, {}, Fork(equal_may_stay=True, edits_includes=True))
    assert prediction.conflicts == ()
    assert prediction.changes[1].after == "[probe]\n#z_offset: 1.520\n"
    assert "+++ z.cfg (after)" in prediction.diff()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[probe]\npin: PA1\n" + BLOCK + "z_offset: 3\n", "edited by hand"),
        ("[probe]\npin: PA1\n#*# [probe]\n", "edited by hand"),
        ("[probe]\npin: PA1\n" + BLOCK + BLOCK, "edited by hand"),
        ("pin: PA1\n[probe]\n", "cannot read its configuration"),
        ("[probe]\npin: PA1\n" + BLOCK.replace("[probe]", "probe"), "cannot be read"),
    ],
)
def test_what_klippy_would_stumble_over_is_not_saved_into(text: str, what: str) -> None:
    with pytest.raises(Unsavable, match=what) as raised:
        after(text)
    assert raised.value.remedy


def test_edits_that_klippy_has_not_read_yet_are_listed() -> None:
    running = {"probe": {"pin": "PA1", "speed": "5", "z_offset": "1.400"}, "fan": {"pin": "PA2"}}
    text = "[probe]\npin: PA3\nsamples: 2\n[printer]\n" + BLOCK
    assert predict(files(text), STAGED, running, Fork()).edited == (
        "[probe] pin: PA3 (was PA1)",
        "[probe] samples: 2 (was unset)",
        "[probe] speed was removed",
        "[printer] was added",
        "[fan] was removed",
    )
    same = {"probe": {"pin": "PA1", "z_offset": "1.400"}}
    assert predict(files("[probe]\npin: PA1\n" + BLOCK), STAGED, same, Fork()).edited == ()


def test_bytes_that_are_no_text_are_preserved_and_shown_as_such() -> None:
    odd = b"[probe]\nz_offset: 1.5 # \xb5m\n".decode("utf-8", "surrogateescape")
    prediction = after(odd)
    assert (
        prediction.changes[0]
        .after.encode("utf-8", "surrogateescape")
        .startswith(b"[probe]\n#z_offset: 1.5 # \xb5m\n")
    )
    assert "+#z_offset: 1.5 # ?m" in prediction.diff()


INDENTED = {
    "an empty section above": "[zcal]\n  [tool_probe T1]\nz_offset: -1.2\n",
    "a section that ends in a comment": "[zcal]\n# of the second tool\n\t[probe old]\nspeed: 5\nz_offset = 2\n",
    "in an included file's place": "[include z.cfg]\n[zcal]\n [stepper_z]\nposition_endstop: 1\nz_offset: 3\n",
}


@pytest.mark.parametrize("text", INDENTED.values(), ids=INDENTED)
def test_a_line_of_an_indented_section_is_not_lost(text: str) -> None:
    config = files("[probe]\npin: PA1\n" + text, z="")
    with pytest.raises(Unsavable, match="would also change z_offset of"):
        predict(config, {"zcal": {"z_offset": "1.520"}}, {}, Fork())
    assert predict(config, {"probe": {"z_offset": "1.520"}}, {}, Fork()).conflicts == ()
