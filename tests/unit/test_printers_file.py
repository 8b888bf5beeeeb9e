"""The file of `--printers`: what it may hold, and how a wrong one is refused."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zcal_tui.config import ConfigError
from zcal_tui.printers_file import ListedPrinter, read_printers

FARM = """\
[[printer]]
name = "bay-1"
address = "http://10.0.0.11:7125"
api_key = "0123"
ca_file = "bay.pem"
lease = 30

[printer.accuracy]
samples = 20
lift-speed = 4.5
home = false

[[printer]]
name = "bay 2"
address = "/run/klippy-2.sock"
"""


def read(tmp_path: Path, text: str) -> tuple[ListedPrinter, ...]:
    path = tmp_path / "farm.toml"
    path.write_text(text, encoding="utf-8")
    return read_printers(path, lease=45.0)


def test_each_printer_has_its_own_address_credentials_and_settings(tmp_path: Path) -> None:
    first, second = read(tmp_path, FARM)
    assert (first.name, first.address, first.api_key, first.ca_file, first.lease) == (
        "bay-1",
        "http://10.0.0.11:7125",
        "0123",
        "bay.pem",
        30.0,
    )
    assert first.checks == {"accuracy": {"samples": "20", "lift_speed": "4.5", "home": "no"}}
    assert second == ListedPrinter("bay 2", "/run/klippy-2.sock", lease=45.0)


def test_a_credential_is_not_in_its_text(tmp_path: Path) -> None:
    assert "0123" not in repr(read(tmp_path, FARM))


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "", "it has no printer"),
        ("printer = 3", "", "it has no printer"),
        ("[[printer]\n", "", "line 1"),
        ('theme = "x"\n' + FARM, ":1: ", "unknown key 'theme'"),
        (FARM + 'adress = "x"\n', ":16: ", "printer 2: unknown key 'adress'; did you mean 'address'?"),
        (FARM + '[[printer]]\nname = "c"\n', ":16: ", "printer 3: it has no address"),
        (FARM + '[[printer]]\naddress = "c"\n', ":16: ", "printer 3: it has no name"),
        (FARM + '[[printer]]\nname = "c"\naddress = 7\n', ":18: ", "address must be text"),
        (FARM + '[[printer]]\nname = "c"\naddress = "ftp://x"\n', ":18: ", "does not support ftp://"),
        (FARM + '[[printer]]\nname = "bay-1"\naddress = "c"\n', ":17: ", "the same as that of printer 1"),
        (FARM + '[[printer]]\nname = "bay-2"\naddress = "c"\n', ":17: ", "same folder as 'bay 2'"),
        (FARM + '[[printer]]\nname = "c"\naddress = "10.0.0.11"\n', ":18: ", "also the address of 'bay-1'"),
        (FARM + '[[printer]]\nname = "a\\u001b[2J"\naddress = "c"\n', ":17: ", "printable"),
        (FARM + "lease = 1\n", ":16: ", "from 2 to 600"),
        (FARM + "lease = [1]\n", ":16: ", "from 2 to 600"),
        (FARM + "[printer.acuracy]\n", ":16: ", "there is no check 'acuracy'; did you mean accuracy?"),
        (FARM + "[printer.accuracy]\nsamples = 1\n", ":17: ", "out of range"),
        (FARM + "[printer.accuracy]\nsample = 5\n", ":17: ", "there is no parameter 'sample'"),
        (FARM + "[printer.accuracy]\nlift-speed = [1]\n", ":17: ", "must be a text, a number"),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_key(tmp_path: Path, text: str, where: str, what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    message = str(refused.value)
    assert f"farm.toml{where}" in message
    assert what in message


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_printers(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_printers(tmp_path / "bytes.toml")


def test_one_nested_too_deep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nested too deep"):
        read(tmp_path, "a = " + "[" * 20_000)


PIECES = (
    "[[printer]]",
    "[printer]",
    "[printer.accuracy]",
    "name",
    "address",
    "=",
    '"x"',
    "3",
    "[",
    "]",
    "\n",
    "# c",
)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_whatever_is_in_it_only_a_config_error_leaves(pieces: list[str]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        try:
            read(Path(folder), " ".join(pieces))
        except ConfigError as error:
            assert "farm.toml" in str(error)
