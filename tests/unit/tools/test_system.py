"""Questions to the operating system, and its refusals."""

import socket
import sys
from pathlib import Path

from zcal_tui.tools.system import attempt, exists, output_of, socket_file, tail, user_name


def test_a_refusal_is_none_and_another_error_is_not() -> None:
    assert attempt(lambda: Path("/nowhere").stat()) is None
    assert attempt(lambda: int("x"), ValueError) is None
    assert attempt(lambda: 0) == 0
    try:
        attempt(lambda: int("x"))
    except ValueError:
        return
    raise AssertionError("an error that was not named must be raised")


def test_what_a_program_prints() -> None:
    def python(code: str, seconds: float = 30.0) -> str | None:
        return output_of(sys.executable, "-c", code, seconds=seconds)

    assert python("print(' yes ')") == "yes"
    assert python("") == ""
    assert python("print('no'); raise SystemExit(1)") is None
    assert python("import time; time.sleep(60)", 0.2) is None
    assert output_of("no-such-program-of-that-name") is None


def test_files_and_users(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"first\xff\nlast\n")
    assert tail(file, 5) == "last\n"
    assert tail(file, 1000) == "first�\nlast\n"
    assert tail(tmp_path / "none", 5) is None
    assert exists(file) and not exists(tmp_path / "none")
    assert user_name(0) == "root"
    assert user_name(2**31 - 7) == str(2**31 - 7)


def test_what_is_at_the_path_of_a_socket(tmp_path: Path) -> None:
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(dead))
    assert socket_file(dead).kind == "socket"
    assert socket_file(tmp_path / "none").kind == "missing"
    assert socket_file(tmp_path).kind == "folder"
    assert socket_file(Path("/dev/null")).kind == "terminal"
    (tmp_path / "file").touch()
    assert socket_file(tmp_path / "file").kind == "other"
