"""Parts of a page that are drawn once for the same content: components, figures and JSON are not made again.

What a page draws follows from what the services told it and from what its reader chose. A function that draws a part of
it from such arguments alone is marked ``@kept``: the JSON that it was drawn as is kept by the *content* of all its
arguments, the reader's way of writing numbers and days, and today's date. Whoever hands over the same content gets what
would be drawn anew, byte for byte; other content is another key, so nothing stale and nothing of anybody else can show.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, date, datetime
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec

import orjson
from dash.development.base_component import Component

from cgn_core.figures import locales

KEPT_BYTES = 64 * 1024 * 1024
"""Of keys and parts together, in each process that serves pages."""
OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY

P = ParamSpec("P")
_Key = tuple[Callable[..., Component], str, date, bytes]


class Kept(Component):
    """A part of a page as the JSON that the browser gets."""

    __module__ = "builtins"  # else Dash has browsers load a package of the name that the class's own begins with

    def __init__(self, text: bytes) -> None:
        self.fragment = orjson.Fragment(text)
        self.text = text

    def to_plotly_json(self) -> dict[str, Any]:
        """As Dash knows it, for whatever can't take it as it is; :func:`plain` can."""
        return dict(orjson.loads(self.text))


class _Parts:
    """Parts by the content that they were drawn from; those not asked for the longest go first."""

    def __init__(self) -> None:
        self._found: OrderedDict[_Key, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: _Key) -> bytes | None:
        with self._lock:
            text = self._found.get(key)
            if text is not None:
                self._found.move_to_end(key)
            return text

    def put(self, key: _Key, text: bytes) -> None:
        with self._lock:
            if key not in self._found:  # two threads may have drawn it at once
                self._found[key] = text
                self._bytes += _size(key, text)
            while self._bytes > KEPT_BYTES:
                self._bytes -= _size(*self._found.popitem(last=False))

    def forget(self) -> None:
        with self._lock:
            self._found.clear()
            self._bytes = 0


_parts = _Parts()


def kept(draw: Callable[P, Component]) -> Callable[P, Component]:
    """Draw anew only what was not drawn before from the same content.

    The function sees nothing but its arguments and how its reader writes numbers: it runs in a context of its own, in
    which there is no request, no actor and no session, so that using one of them fails at once instead of being kept.
    Its arguments are values, results of services and what they consist of; never components, which are not content.
    """

    @wraps(draw)
    def part(*arguments: P.args, **options: P.kwargs) -> Component:
        try:
            content = orjson.dumps((arguments, options), default=_content, option=OPTIONS)
        except TypeError:  # an integer beyond 64 bits, which JSON's writer doesn't take
            return draw(*arguments, **options)
        way = locales.in_use()
        key = (draw, way, datetime.now(UTC).date(), content)
        text = _parts.get(key)
        if text is None:
            text = Context().run(_written, way, draw, *arguments, **options)
            _parts.put(key, text)
        return Kept(text)

    return part


def forget() -> None:
    """Draw everything anew from here on."""
    _parts.forget()


def plain(value: Any) -> Any:
    """A component as orjson writes it.

    Raises:
        TypeError: it is none.
    """
    if type(value) is Kept:
        return value.fragment
    try:
        return value.to_plotly_json()
    except AttributeError:  # asked for, since most are components: looking first costs as much as writing one
        raise TypeError from None


def _written(way: str, draw: Callable[P, Component], /, *arguments: P.args, **options: P.kwargs) -> bytes:
    locales.use(way)
    return orjson.dumps(draw(*arguments, **options), default=plain, option=OPTIONS)


def _content(value: Any) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no content that a part can be kept by.")


def _size(key: _Key, text: bytes) -> int:
    return len(key[-1]) + len(text)
