"""Settings: which source wins, and what a wrong file is told."""

import json
from pathlib import Path

import pytest

from zcal_tui import cli
from zcal_tui.config import ConfigError, Settings, data_folder, lease_seconds, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('printer = "http://file:7125"\napi_key = "k"\n')
    return path


def test_flags_beat_environment_beats_file(file: Path) -> None:
    environ = {"ZCAL_PRINTER": "http://env"}
    assert load({}, {}, file).printer == "http://file:7125"
    assert load({}, environ, file).printer == "http://env"
    assert load({"printer": "http://flag"}, environ, file).printer == "http://flag"
    assert load({"printer": None}, environ, file).api_key == "k"


def test_the_usual_file_may_be_missing_but_a_named_one_may_not(tmp_path: Path) -> None:
    assert load({}, {"XDG_CONFIG_HOME": str(tmp_path)}).printer is None
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load({}, {}, tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('pritner = "x"', "did you mean 'printer'"),
        ("zzz = 1", "known are"),
        ("printer = 5", "must be text in quotes"),
        ("printer = ", "invalid TOML"),
    ],
)
def test_a_wrong_file_names_itself_and_the_key(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        load({}, {}, path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_text_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        load({}, {}, path)


def test_the_data_folder_can_be_set(tmp_path: Path) -> None:
    assert data_folder(load({}, {"ZCAL_DATA": str(tmp_path), "XDG_CONFIG_HOME": "/nowhere"})) == tmp_path


def test_keys_are_read_from_their_table(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "zcal-light"\n[keymap]\nplan.next = "f2"\n"paper.lower" = "j,space"\n')
    assert load({}, {}, path).keymap == {"plan.next": "f2", "paper.lower": "j,space"}


@pytest.mark.parametrize("text", ['keymap = "x"', "[keymap]\nplan.next = 2", "[keymap]\nplan = []"])
def test_keys_that_are_not_text_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match="keymap"):
        load({}, {}, path)


@pytest.mark.parametrize(("text", "seconds"), [(None, 60.0), ("2", 2.0), ("12.5", 12.5), ("600", 600.0)])
def test_how_long_the_printer_waits_for_us(text: str | None, seconds: float) -> None:
    assert lease_seconds(Settings(lease=text)) == seconds


@pytest.mark.parametrize("text", ["1.9", "601", "-5", "nan", "inf", "soon", ""])
def test_a_lease_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="2 to 600"):
        lease_seconds(Settings(lease=text))


def test_the_lease_comes_from_the_environment_too() -> None:
    assert lease_seconds(load({}, {"ZCAL_LEASE": "30", "XDG_CONFIG_HOME": "/nowhere"})) == 30.0


@pytest.mark.parametrize("text", ["  key \n", "'key'", '"key"\r', "key\r\n", '" key "'])
def test_a_login_is_trimmed(tmp_path: Path, text: str) -> None:
    for name, field in (("ZCAL_API_KEY", "api_key"), ("ZCAL_TOKEN", "token")):
        settings = load({}, {"XDG_CONFIG_HOME": str(tmp_path), name: text})
        assert getattr(settings, field) == "key"
    file = tmp_path / "config.toml"
    file.write_text(f"api_key = {json.dumps(text)}\n")
    assert load({}, {}, file).api_key == "key"


@pytest.mark.parametrize(
    "text", ["two words", "kéy", "k\x00ey", "k\r\nX-Other: 1", "k" * 5000, '""', "\x1b[2J"]
)
def test_a_login_that_no_header_can_hold_is_refused_and_never_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"token = {json.dumps(text)}\n")
    for environ, named in (({"ZCAL_API_KEY": text}, None), ({}, file)):
        with pytest.raises(ConfigError) as refused:
            load({}, {"XDG_CONFIG_HOME": str(tmp_path / "none"), **environ}, named)
        assert "ZCAL_API_KEY" in str(refused.value) or "token" in str(refused.value)
        assert text.strip('"') == "" or text not in str(refused.value)


def test_settings_do_not_show_a_login() -> None:
    assert "hidden" not in repr(Settings(api_key="hidden", token="hidden"))


@pytest.mark.parametrize(
    "text",
    [
        "printer = " + "[" * 100_000,
        "keymap = " + "{a=" * 50_000,
        "[keymap]\n" + ".".join("a" * 3_000) + ' = "x"\n',
    ],
)
def test_a_file_that_is_nested_too_deep_is_a_usage_error(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load({}, {}, file)
    assert cli.run(["--headless", "accuracy", "--config", str(file)]) == 2
    said = capsys.readouterr().err
    assert "config.toml" in said
    assert len(said) < 1000
