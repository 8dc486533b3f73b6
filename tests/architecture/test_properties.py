"""Every public function and class of the statistics and of the library stands in a property test that runs it.

Read from the sources: a name counts where a test under ``@given`` uses it in its body, or in a function, a strategy or
a constant of the same file that the test uses. Imports and annotations alone count for nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATS, LIBRARY = "cgn_core.stats", "cgn_core.library"
NOT_CALLED_BY_NAME = {
    # Compiled by numba for rolling_origin(compiled=True), whose property test holds it to the plain path's numbers.
    f"{STATS}.rolling_compiled.fill",
    # A protocol, which only annotations name; every rule of BASELINES is held to it.
    f"{STATS}.baselines.Rule",
}
Definition = ast.FunctionDef | ast.ClassDef


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def public_names(package: str) -> set[str]:
    """Functions and classes without an underscore, as ``package.module.name``, where they are defined."""
    return {
        f"{module_name(path)}.{node.name}"
        for path in (ROOT / package.replace(".", "/")).rglob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, Definition) and not node.name.startswith("_")
    }


def handed_on() -> dict[str, str]:
    """Where the library's own door has its names from."""
    return imported(ast.parse((ROOT / "cgn_core/library/__init__.py").read_text("utf-8")))


def imported(tree: ast.Module) -> dict[str, str]:
    """Names of a file by what they stand for."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def without_annotations(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return tree


def own_definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """Functions, classes, constants and strategies of a file, by name."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, Definition):
            found[node.name] = node
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return found


def is_property(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(each, ast.Name) and each.id == "given"
        for decorator in node.decorator_list
        for each in ast.walk(decorator)
    )


def mentioned(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Every name of a part of a file, with the attribute that is asked of it, if any."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id, ""
        elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name):
            yield each.value.id, each.attr


def exercised(source: str) -> set[str]:
    """What the properties of a test file use, by its full name."""
    tree = without_annotations(ast.parse(source))
    names, own, door = imported(tree), own_definitions(tree), handed_on()
    waiting, seen, found = [node for node in own.values() if is_property(node)], set[str](), set[str]()
    while waiting:
        for name, attribute in mentioned(waiting.pop()):
            if name in own and name not in seen:
                seen.add(name)
                waiting.append(own[name])
            if name in names:
                found.add(f"{names[name]}.{attribute}" if attribute else names[name])
    return found | {
        door[full.removeprefix(f"{LIBRARY}.")] for full in found if full.removeprefix(f"{LIBRARY}.") in door
    }


def sources() -> Iterable[str]:
    return (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


def test_every_public_name_of_the_statistics_and_the_library_is_in_a_property_test() -> None:
    used = set[str]().union(*(exercised(source) for source in sources()))
    public = public_names(STATS) | public_names(LIBRARY)
    assert sorted(public - used - NOT_CALLED_BY_NAME) == []
    assert public >= NOT_CALLED_BY_NAME
    assert not NOT_CALLED_BY_NAME & used


def test_a_name_that_no_property_uses_is_noticed() -> None:
    source = """
from hypothesis import given
from cgn_core import library
from cgn_core.stats.fit import Fit, one_of, truncate
from cgn_core.stats.scores import coverage_share
from cgn_core.stats.viral import size_law

WAYS = (size_law,)

def helped() -> None:
    library.plan()

def unused() -> None:
    truncate()

@given(WAYS)
def test_one(fit: Fit) -> None:
    helped()
    one_of("posts")

def test_other() -> None:
    coverage_share()
"""
    found = exercised(source)
    assert {f"{STATS}.viral.size_law", f"{STATS}.fit.one_of", f"{LIBRARY}.decisions.plan"} <= found
    assert not found & {f"{STATS}.fit.Fit", f"{STATS}.fit.truncate", f"{STATS}.scores.coverage_share"}
