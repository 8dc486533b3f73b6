"""Ways to take a wall down: every filter, check and use of a filter in the source, each removed on its own."""

from __future__ import annotations
import __future__

import ast
import copy
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import CodeType, FunctionType, ModuleType
from typing import Any

from sqlalchemy import Select, true

SELECTS = re.compile(r"(readable|editable|removed|own)_[a-z_]+")
SEARCHED = ("cgn_core.db", "cgn_core.services", "webapp")
UNFILTERED = "_with_its_filter_removed"
"""The name under which a mutated function finds :func:`unfiltered`."""


class Wall(StrEnum):
    FILTER = "filters of selects"
    CONDITION = "conditions in them"
    CHECK = "checks of roles"
    USE = "uses of selects"


@dataclass(frozen=True)
class Mutant:
    """One wall, taken down in one function."""

    wall: Wall
    module: str
    function: str
    line: int
    was: str
    becomes: str
    code: CodeType

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.function}: {self.was} -> {self.becomes}"

    def apply(self) -> None:
        """Put the changed code into the living function, wherever that was imported to."""
        module = importlib.import_module(self.module)
        vars(module).update({UNFILTERED: unfiltered, "true": true})
        put(getattr(module, self.function), self.code)


def code_of(living: Callable[..., Any]) -> CodeType:
    """What a function does, within whatever keeps its answers."""
    function = inspect.unwrap(living)
    assert isinstance(function, FunctionType), living
    return function.__code__


def put(living: Callable[..., Any], code: CodeType) -> None:
    """Have it do that, and forget the answers that were kept."""
    function = inspect.unwrap(living)
    assert isinstance(function, FunctionType), living
    function.__code__ = code
    if function is not living:
        forget: Any = living
        forget.cache_clear()


def unfiltered(select: Select[Any]) -> Select[Any]:
    """The same select of every row there is."""
    opened = select._generate()
    opened._where_criteria = ()
    return opened


def every_mutant() -> list[Mutant]:
    """All of them, in the order of the source."""
    return [mutant for module in _modules() for mutant in mutants_of(module)]


def _modules() -> Iterator[ModuleType]:
    for name in SEARCHED:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            if ".migrations" not in found.name and found.name != "webapp.wsgi":
                yield importlib.import_module(found.name)


def mutants_of(module: ModuleType) -> Iterator[Mutant]:
    """Every mutant of one module's functions."""
    for function in ast.parse(inspect.getsource(module)).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        is_select = module.__name__.startswith("cgn_core.db.") and _selects_for_an_actor(function)
        changes: list[tuple[Wall, Change]] = [(Wall.CHECK, _pass_check)]
        if not is_select:
            changes.append((Wall.USE, _open_use))
        else:
            changes.append((Wall.CONDITION, _drop_condition))
            if SELECTS.fullmatch(function.name):
                changes.append((Wall.FILTER, _open_return))
        for wall, change in changes:
            for place, node in enumerate(ast.walk(function)):
                for other in change(node):
                    code = _compiled(function, place, other)
                    line = getattr(node, "lineno", function.lineno)
                    yield Mutant(wall, module.__name__, function.name, line, _short(node), _short(other), code)


Change = Callable[[ast.AST], list[ast.AST]]
"""What may stand in a node's place; nothing where the node is no such wall."""


def _compiled(function: ast.FunctionDef, place: int, other: ast.AST) -> CodeType:
    """The function's code with another node in this place."""
    whole = copy.deepcopy(function)
    old = list(ast.walk(whole))[place]
    _Replace(old, other).visit(whole)
    whole.decorator_list = []
    module = ast.fix_missing_locations(ast.Module([whole], type_ignores=[]))
    flag = __future__.annotations.compiler_flag
    compiled = compile(module, f"<mutant of {function.name}>", "exec", dont_inherit=True, flags=flag)
    return next(each for each in compiled.co_consts if isinstance(each, CodeType) and each.co_name == function.name)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> Any:
        return ast.copy_location(self._new, node) if node is self._old else self.generic_visit(node)


def _selects_for_an_actor(function: ast.FunctionDef) -> bool:
    gives = function.returns is not None and ast.unparse(function.returns).startswith("Select[")
    return gives and [each.arg for each in function.args.args] == ["actor"]


def _open_return(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Return) and node.value is not None:
        return [ast.Return(_call(UNFILTERED, node.value))]
    return []


def _drop_condition(node: ast.AST) -> list[ast.AST]:
    """A condition on who acts, or on where a row belongs, that holds for every row."""
    if isinstance(node, ast.Compare) and re.search(r"== actor\.", ast.unparse(node)):
        return [_call("true")]
    if isinstance(node, ast.Call) and re.match(r"\w+\.(workspace_id|id)\.(in_|is_)\(", ast.unparse(node)):
        return [_call("true")]
    return []


def _pass_check(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Expr) and re.match(r"actor(\(\))?\.require\(", ast.unparse(node)):
        return [ast.Pass()]
    if isinstance(node, ast.Call) and re.match(r"actor(\(\))?\.may\(", ast.unparse(node)):
        return [ast.Constant(value=True)]
    return []


def _open_use(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and SELECTS.fullmatch(node.func.id):
        return [_call(UNFILTERED, node)]
    return []


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=list(arguments), keywords=[])


def _short(node: ast.AST) -> str:
    return re.sub(r"\s+", " ", ast.unparse(node)).replace(UNFILTERED, "unfiltered")[:110]
