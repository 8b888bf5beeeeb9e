"""The error texts in the sources of Klipper, of a fork or of a plugin, and whether each has an explanation.

`python -m zcal_tui.printer.errors.source_texts FOLDER` lists them; FOLDER is a checkout or a plugin's folder.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.errors.unexplained import reason_unexplained

MODULES = re.compile(
    r"(probe|homing|homing_override|safe_z_home|manual_probe|bltouch|smart_effector|dockable_probe|probe_eddy_current"
    r"|ldc1612|load_cell\w*|trigger_analog|bed_mesh|z_tilt\w*|quad_gantry_level|screws_tilt_adjust"
    r"|axis_twist_compensation|endstop_phase|z_calibration|tools_calibrate|configfile|tmc\w*|mcu|gcode_macro)\.py"
)
"""The files of a klippy that count. In a plugin's folder every file does."""
_NAMED = "stepper_z"
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+#0]*\d*(?:\.\d+)?(?P<kind>[a-zA-Z%])|\{[^{}]*\}")
_NUMBERS = {"d": "3", "i": "3", "x": "3", "f": "1.250", "g": "1.25", "%": "%"}
_RAISERS = re.compile(r"(error|shutdown|cmderr|cmd_err)$", re.IGNORECASE)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SKIPPED_FILES = frozenset({"update_firmware.py", "setup.py"})
_SKIPPED_FOLDERS = frozenset({"tests", "test", "scripts", "typings", "docs", "display", "kinematics"})


@dataclass(frozen=True, order=True)
class SourceText:
    """An error text in a source file; its placeholders are filled with examples."""

    file: str
    line: int
    text: str

    @property
    def explained(self) -> bool:
        """Whether the tables have an entry for it."""
        return explain(self.text).known

    @property
    def reason(self) -> str:
        """Why it has no explanation; empty where it has one, or where neither is recorded."""
        return "" if self.explained else reason_unexplained(self.text)


def source_texts(folder: Path) -> tuple[SourceText, ...]:
    """Every error text below a folder. Raises OSError."""
    found: set[SourceText] = set()
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        with_lines = _texts(path.read_text(encoding="utf-8", errors="replace"))
        found.update(SourceText(name, line, text) for line, text in with_lines)
    return tuple(sorted(found))


def _files(folder: Path) -> Iterator[Path]:
    klippy = next(
        (found for found in (folder / "klippy", folder) if (found / "configfile.py").is_file()), None
    )
    for path in sorted((klippy or folder).rglob("*.py")):
        if path.name in _SKIPPED_FILES:
            continue
        if _SKIPPED_FOLDERS.intersection(path.relative_to(folder).parts[:-1]):
            continue
        if klippy is None or MODULES.fullmatch(path.name) or path.parent.name == "load_cell":
            yield path


def _texts(source: str) -> Iterator[tuple[int, str]]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # Python 2 code
        return
    yield from _texts_in(tree, {})


def _texts_in(scope: ast.AST, outside: Mapping[str, list[str]]) -> Iterator[tuple[int, str]]:
    """The texts of a module or a function; a text may be assigned to a name first."""
    own = list(_own_nodes(scope))
    assigned = {**outside, **_assigned(own)}
    raised = {id(node.exc) for node in own if isinstance(node, ast.Raise)}
    for node in own:
        if isinstance(node, _SCOPES):
            yield from _texts_in(node, assigned)
        elif isinstance(node, ast.Call) and (id(node) in raised or _RAISERS.search(_name(node.func))):
            for text in _literals(node.args[0], assigned) if node.args else ():
                if re.search(r"[A-Za-z]{3}", _PLACEHOLDER.sub("", text)):
                    yield node.lineno, _filled(text)


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Every node of a scope, without those of the functions inside it."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, _SCOPES):
            yield from _own_nodes(node)


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, list[str]]:
    """The texts that are assigned to each name."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).extend(_literals(node.value, {}))
    return found


def _literals(node: ast.expr, assigned: Mapping[str, list[str]]) -> list[str]:
    """The texts that an expression can be, with their placeholders."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in values)
            return ["".join(map(str, parts))]
        case ast.BinOp(left=left, op=ast.Mod()):
            return _literals(left, assigned)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            ends = _literals(right, assigned) or ["{}"]
            return [start + end for start in _literals(left, assigned) or ["{}"] for end in ends]
        case ast.Call(func=ast.Attribute(value=inner, attr="format" | "strip" | "dedent")):
            return _literals(inner, assigned)
        case ast.IfExp(body=one, orelse=other):
            return [*_literals(one, assigned), *_literals(other, assigned)]
        case ast.Name(id=name):
            return assigned.get(name, [])
        case _:
            return []


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _filled(text: str) -> str:
    filled = _PLACEHOLDER.sub(lambda found: _NUMBERS.get(found["kind"] or "", _NAMED), text)
    return " ".join(filled.split())


def lines_of(texts: Iterable[SourceText]) -> Iterator[str]:
    """One line a text: where it is, what it is, and its explanation or why it has none."""
    for found in texts:
        explanation = explain(found.text)
        answer = explanation.what if explanation.known else found.reason or "MISSING"
        yield f"{found.file}:{found.line}: {found.text}\n    {answer}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the texts of a folder; returns 1 where one has neither an explanation nor a reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--missing", action="store_true", help="only texts with neither explanation nor reason"
    )
    options = parser.parse_args(argv)
    texts = source_texts(options.folder)
    missing = tuple(found for found in texts if not found.explained and not found.reason)
    print(*lines_of(missing if options.missing else texts), sep="\n")
    print(f"{len(texts)} texts, {len(missing)} without explanation or reason", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
