"""A real Moonraker for the simulated printer: its configuration and how it is started."""

import os
import socket
from pathlib import Path

from zcal_tui.sim.host import environments, pins
from zcal_tui.sim.host.environments import BOOT, Progress
from zcal_tui.sim.host.run_folder import RunFolder

HOST = "127.0.0.1"


def prepare(progress: Progress) -> Path:
    """The Python of an environment with Moonraker. Raises SimulatorError."""
    return environments.virtual_environment("Moonraker", (pins.MOONRAKER,), progress)


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def configuration(folder: RunFolder, port: int, *, login: bool) -> str:
    """The text of moonraker.conf. With `login` nobody is trusted without an API key or a user's token."""
    trusted = "force_logins: True" if login else f"trusted_clients:\n    {HOST}"
    return f"""\
[server]
host: {HOST}
port: {port}
klippy_uds_address: {folder.klippy_socket}

[authorization]
{trusted}

[file_manager]
queue_gcode_uploads: False
check_klipper_config_path: False

# Nothing of the machine it happens to run on, and nothing from the network.
[machine]
provider: none
validate_service: False
validate_config: False

[announcements]
enable_moonlight: False
"""


def command(python: Path, folder: RunFolder, config: Path) -> list[str]:
    """The command that runs it as a child of this process."""
    return [
        *(str(python), str(BOOT), str(os.getpid()), "module", "moonraker"),
        *("--datapath", str(folder.path), "--configfile", str(config)),
        *("--unixsocket", str(folder.moonraker_socket), "--logfile", str(folder.moonraker_log)),
    ]
