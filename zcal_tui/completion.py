"""Shell completion: scripts for bash, zsh and fish, made from the declared checks, commands and options."""

import sys
from collections.abc import Mapping

from zcal_tui.arguments import PROGRAMS, make_parser
from zcal_tui.checks.full_calibration import DECLARED
from zcal_tui.checks.parameters import specs
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.profile_names import PROFILES

SHELLS = ("bash", "zsh", "fish")
USAGE = """\
usage: zcal-tui completion bash|zsh|fish

Prints the completion of a shell. To use it:
  bash: zcal-tui completion bash > ~/.local/share/bash-completion/completions/zcal-tui
  zsh:  zcal-tui completion zsh > a folder of $fpath, in a file named _zcal-tui
  fish: zcal-tui completion fish > ~/.config/fish/completions/zcal-tui.fish"""


def words() -> Mapping[str, str]:
    """Every check and command, and what it does."""
    checks = {name: check.info.learn for name, check in DECLARED.items()}
    return {**checks, **PROGRAMS}


def common_flags() -> Mapping[str, str]:
    """The options of every check, and what each is for."""
    return {
        option: (action.help or "").replace("%%", "%")
        for action in make_parser([])._actions
        for option in action.option_strings
        if option.startswith("--")
    }


def check_flags() -> Mapping[str, Mapping[str, str]]:
    """Each check's own options."""
    return {
        name: {spec.flag: spec.help for spec in specs(check.parameters)} for name, check in DECLARED.items()
    }


def values() -> Mapping[str, tuple[str, ...]]:
    """The options that take one of a few words."""
    found: dict[str, tuple[str, ...]] = {"--demo": tuple(PROFILES), "--save": ("ask", "never", "always")}
    for check in DECLARED.values():
        for spec in specs(check.parameters):
            if spec.choices:
                found[spec.flag] = tuple(spec.choices)
            elif spec.kind is bool:
                found[spec.flag] = ("yes", "no")
    return found


def bash() -> str:
    """The script for bash."""
    cases = "\n".join(
        f'    {name}) flags="$flags {" ".join(flags)}" ;;' for name, flags in check_flags().items() if flags
    )
    choices = "\n".join(
        f'    {flag}) COMPREPLY=($(compgen -W "{" ".join(few)}" -- "$cur")); return ;;'
        for flag, few in values().items()
    )
    return f"""\
# bash completion of zcal-tui
_zcal_tui() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" prev="${{COMP_WORDS[COMP_CWORD-1]}}" word
  local flags="{" ".join(common_flags())}"
  case "$prev" in
{choices}
  esac
  for word in "${{COMP_WORDS[@]:1}}"; do
    case "$word" in
{cases}
    esac
  done
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "{" ".join(words())}" -- "$cur") $(compgen -f -- "$cur"))
  fi
}}
complete -F _zcal_tui zcal-tui
"""


def zsh() -> str:
    """The script for zsh."""
    listed = "\n".join(f"    {_zsh_quoted(name, text)}" for name, text in words().items())
    flags = "\n".join(f"    {_zsh_quoted(name, text)}" for name, text in common_flags().items())
    cases = "\n".join(
        f"    {name}) flags+=({' '.join(_zsh_quoted(flag, text) for flag, text in own.items())}) ;;"
        for name, own in check_flags().items()
        if own
    )
    return f"""\
#compdef zcal-tui
_zcal_tui() {{
  local word
  local -a commands flags
  commands=(
{listed}
  )
  flags=(
{flags}
  )
  for word in "${{words[@]:1}}"; do
    case "$word" in
{cases}
    esac
  done
  if [[ "$PREFIX" == -* ]]; then
    _describe -o option flags
  else
    _describe command commands
    _files
  fi
}}
_zcal_tui "$@"
"""


def fish() -> str:
    """The script for fish."""
    none = f"not __fish_seen_subcommand_from {' '.join(words())}"
    lines = ["# fish completion of zcal-tui"]
    lines += [
        f"complete -c zcal-tui -f -n {_quoted(none)} -a {name} -d {_quoted(text)}"
        for name, text in words().items()
    ]
    few = values()
    for flag, text in common_flags().items():
        lines.append(_fish_flag("", flag, text, few.get(flag, ())))
    for name, own in check_flags().items():
        for flag, text in own.items():
            lines.append(_fish_flag(f"__fish_seen_subcommand_from {name}", flag, text, few.get(flag, ())))
    return "\n".join(lines) + "\n"


def _fish_flag(condition: str, flag: str, text: str, few: tuple[str, ...]) -> str:
    where = f" -n {_quoted(condition)}" if condition else ""
    choices = f" -x -a {_quoted(' '.join(few))}" if few else ""
    return f"complete -c zcal-tui{where} -l {flag.removeprefix('--')}{choices} -d {_quoted(text)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _zsh_quoted(name: str, text: str) -> str:
    """A word and its description, as _describe takes them."""
    return "'" + f"{name}:{text}".replace("'", "'\\''") + "'"


def main(arguments: list[str]) -> int:
    """Print the script of the shell that is named; returns the exit code."""
    scripts = {"bash": bash, "zsh": zsh, "fish": fish}
    if arguments in (["--help"], ["-h"]):
        print(USAGE)
        return ExitCode.OK
    if len(arguments) != 1 or arguments[0] not in scripts:
        print(USAGE, file=sys.stderr)
        return ExitCode.USAGE
    print(scripts[arguments[0]](), end="")
    return ExitCode.OK
