"""A kept part is what would be drawn anew from the same content, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from dash import Dash
from dash.development.base_component import Component

from cgn_core.access import Actor
from cgn_core.figures.locales import written_as
from webapp import request_scope
from webapp.components import kept as module
from webapp.components.drawn import as_text
from webapp.components.kept import kept
from webapp.components.markup import html
from webapp.components.numbers import count
from webapp.plain_json import to_json as bytes_of


@dataclass(frozen=True)
class Week:
    """What a service would answer."""

    day: date
    gained: float | None
    counts: dict[str, float]


def to_json(value: Any) -> str:
    return bytes_of(value).decode()


WEEK = Week(date(2026, 11, 23), 1234.5, {"posts": 2.0})


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    module.forget()
    yield
    module.forget()


@pytest.fixture
def drawings() -> list[Week]:
    """What was drawn, in order."""
    return []


@pytest.fixture
def part(drawings: list[Week]) -> Callable[..., Component]:
    @kept
    def drawn(week: Week, *, may_edit: bool = False) -> Component:
        drawings.append(week)
        return html.Div([count(week.gained, decimals=1), html.P("for editors") if may_edit else None])

    return drawn


def test_the_same_content_is_drawn_once_and_is_the_same_json(
    part: Callable[..., Component], drawings: list[Week]
) -> None:
    first, second = part(WEEK), part(Week(date(2026, 11, 23), 1234.5, {"posts": 2.0}))
    assert drawings == [WEEK]
    anew = html.Div(["1,234.5", None])
    assert to_json([first]) == to_json([second]) == to_json([anew])
    assert as_text(html.P(second)) == as_text(html.P(anew))
    assert second.to_plotly_json()["props"]["children"] == ["1,234.5", None]


@pytest.mark.parametrize(
    "other",
    [
        replace(WEEK, gained=1234.6), replace(WEEK, gained=None), replace(WEEK, day=date(2026, 11, 30)),
        replace(WEEK, counts={"posts": 3.0}), replace(WEEK, counts={"reels": 2.0}),
    ],
)  # fmt: skip
def test_other_content_is_drawn_anew_however_deep_it_differs(
    part: Callable[..., Component], drawings: list[Week], other: Week
) -> None:
    part(WEEK)
    part(other)
    assert drawings == [WEEK, other]


def test_what_changed_inside_of_the_same_object_shows(part: Callable[..., Component], drawings: list[Week]) -> None:
    week = replace(WEEK, counts={"posts": 2.0})
    part(week)
    week.counts["posts"] = 5.0
    part(week)
    assert len(drawings) == 2


def test_each_reader_gets_their_own_numbers_and_rights(part: Callable[..., Component]) -> None:
    english, editors = to_json(part(WEEK)), to_json(part(WEEK, may_edit=True))
    with written_as("de"):
        german = to_json(part(WEEK))
    assert ["1,234.5" in english, "1.234,5" in german] == [True, True]
    assert ["for editors" in each for each in (english, editors, german)] == [False, True, False]
    assert to_json(part(WEEK)) == english


def test_another_day_is_drawn_anew(
    part: Callable[..., Component], drawings: list[Week], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2099, 1, 1, tzinfo=tz or UTC)

    part(WEEK)
    monkeypatch.setattr(module, "datetime", Tomorrow)
    part(WEEK)
    assert len(drawings) == 2


@pytest.mark.parametrize("ask", [request_scope.actor, request_scope.db, lambda: request_scope.g.get("actor")])
def test_nothing_of_the_request_is_within_reach(portal: Dash, owner: Actor, ask: Callable[[], Any]) -> None:
    @kept
    def leaks() -> Component:
        return html.P(str(ask()))

    with portal.server.test_request_context("/"):
        request_scope.g.actor = owner
        with pytest.raises(RuntimeError, match="outside of"):
            leaks()
        assert request_scope.actor() == owner


def test_content_that_cannot_be_written_is_drawn_each_time(drawings: list[Week]) -> None:
    @kept
    def drawn(number: int) -> Component:
        drawings.append(WEEK)
        return html.P(str(number))

    assert str(2**70) in to_json(drawn(2**70))
    assert str(2**70) in to_json(drawn(2**70))
    assert len(drawings) == 2


def test_those_not_asked_for_the_longest_go_first_when_room_is_short(
    part: Callable[..., Component], drawings: list[Week], monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks = [replace(WEEK, gained=float(number)) for number in range(3)]
    content = len(orjson.dumps(((weeks[0],), {}), option=module.OPTIONS))
    monkeypatch.setattr(module, "KEPT_BYTES", 2 * (content + len(to_json(part(weeks[0])))))
    for week in (weeks[1], weeks[0], weeks[2], weeks[0], weeks[1]):
        part(week)
    assert [int(week.gained or 0) for week in drawings] == [0, 1, 2, 1]
