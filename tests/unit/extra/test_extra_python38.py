"""The Klipper modules run on the printer's Python: possibly 3.8, with only the standard library."""

import ast
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "klippy_extra"
FILES = sorted(FOLDER.rglob("*.py"))


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports(node: ast.AST) -> set[str]:
    """The top-level modules that a file imports."""
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if for_types_only(child):
            continue
        if isinstance(child, ast.Import):
            found.update(alias.name.split(".")[0] for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.level == 0 and child.module:
            found.add(child.module.split(".")[0])
        found |= imports(child)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_is_python_3_8(path: Path) -> None:
    ast.parse(path.read_text(), str(path), feature_version=(3, 8))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_imports_the_standard_library_only(path: Path) -> None:
    assert imports(ast.parse(path.read_text())) <= set(sys.stdlib_module_names)


def evaluated_annotations(tree: ast.Module) -> bool:
    return not any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_newer_annotation_is_evaluated(path: Path) -> None:
    """`list[int]` and `int | None` are fine in annotations as long as they are not evaluated."""
    tree = ast.parse(path.read_text())
    annotated = any(isinstance(node, (ast.AnnAssign, ast.arg)) for node in ast.walk(tree))
    assert not (annotated and evaluated_annotations(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):
            base = node.value.value
            assert not (isinstance(base, ast.Name) and base.id in ("list", "dict", "tuple", "set", "type")), (
                f"line {node.lineno}: evaluated when the module is imported"
            )


def test_newer_names_of_the_standard_library_are_not_used() -> None:
    newer = (
        "removeprefix",
        "removesuffix",
        "zip(strict",
        "strict=True",
        "functools.cache\n",
        "math.lcm",
        "pairwise",
    )
    for path in FILES:
        for name in newer:
            assert name not in path.read_text(), f"{path.name}: {name}"
