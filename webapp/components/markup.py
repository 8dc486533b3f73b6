"""Dash's components at a tenth of their cost: pages take ``html`` and ``dcc`` from here.

A page is up to a thousand components. Dash validates each of them anew, by loops over its eighty names, and looks for
all of those again when it writes it. Here Dash validates the first component of each kind and set of names; what it
took once is taken from then on, and anything else goes to Dash, which says what is wrong with it. Each is an instance
of Dash's own class, with the same attributes and the same JSON.
"""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

import dash
from dash.development.base_component import Component

if TYPE_CHECKING:
    from dash import dcc, html

__all__ = ["Quick", "dcc", "html"]

if TYPE_CHECKING:
    Dashs = Component
else:
    Dashs = object  # Dash lists the package of each class that inherits Component among those a browser has to load

OF_A_KIND = ("_prop_names", "_valid_wildcard_attributes", "available_properties", "available_wildcard_properties")
"""What Dash stores with every component though it is the same for all of a kind."""
IN_IDS = frozenset({str, int, float, bool})
"""What an id of several parts consists of."""
CHILDREN = "children"

_no_components: set[type] = {str, int, float, bool, type(None), dict, list, tuple}
"""Types of values that were looked at: components belong into ``children`` alone."""


class Quick(Dashs):
    """A component whose kind and names Dash took before."""

    _taken: ClassVar[set[tuple[str, ...]]]
    """Names that Dash took together; as many as there are places in the code that make such a component."""

    def to_plotly_json(self) -> dict[str, Any]:
        """As Dash writes it."""
        return {"props": self.__dict__, "type": self._type, "namespace": self._namespace}

    def _have_dash_take(self, props: dict[str, Any]) -> None:
        """Become what Dash makes of it.

        Raises:
            TypeError: as Dash raises it.
        """
        super().__init__(**props)  # type: ignore[no-untyped-call]  # Dash's; it has no types
        kind = type(self)
        for name in OF_A_KIND:
            setattr(kind, name, self.__dict__.pop(name))
        props.pop(CHILDREN, None)
        kind._taken.add(tuple(props))  # noqa: SLF001 - its own
        _no_components.update(each for each in map(type, props.values()) if not issubclass(each, Component))


class _Kinds:
    """The components of one of Dash's modules; each is made when it is first asked for."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, type) and issubclass(found, Component):
            found = _quick(found)
        setattr(self, name, found)
        return found


def _quick(dashs: type[Component]) -> type[Component]:
    taken: set[tuple[str, ...]] = set()

    def with_children(self: Quick, children: Any = None, **props: Any) -> None:
        if tuple(props) in taken and _no_components.issuperset(map(type, props.values())) and _has_good_id(props):
            props[CHILDREN] = children
            self.__dict__ = props
        else:
            self._have_dash_take({CHILDREN: children, **props})

    def alone(self: Quick, **props: Any) -> None:
        if tuple(props) in taken and _no_components.issuperset(map(type, props.values())) and _has_good_id(props):
            self.__dict__ = props
        else:
            self._have_dash_take(props)

    has_children = CHILDREN in inspect.signature(dashs).parameters
    of_dashs = {name: vars(dashs)[name] for name in ("__module__", "__doc__", "_children_props", "_base_nodes")}
    of_dashs |= {name: vars(dashs)[name] for name in ("_namespace", "_type")}
    own = {"__init__": with_children if has_children else alone, "_taken": taken}
    return type(dashs.__name__, (Quick, dashs), {**of_dashs, **own})


def _has_good_id(props: dict[str, Any]) -> bool:
    identity = props.get("id", "")
    if isinstance(identity, str):
        return True
    return (
        isinstance(identity, dict)
        and IN_IDS.issuperset(map(type, identity.values()))
        and {*map(type, identity)} == {str}
    )


if not TYPE_CHECKING:
    html, dcc = _Kinds(dash.html), _Kinds(dash.dcc)
