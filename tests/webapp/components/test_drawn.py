"""What the browser draws by itself says the same as components would, and no more than its reader may see."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest

from cgn_core.access import ALLOWED, Role
from cgn_core.figures.glossary import TERMS
from cgn_core.figures.locales import retold, written_as
from webapp import routes
from webapp.components.drawn import TABLE, TREE, as_text
from webapp.components.explain import Source, trail, what
from webapp.components.markup import html
from webapp.components.shell import Frame, framed
from webapp.components.tables import Column, drawn_table

TWICE = 2
"""The second time the text may have been kept."""


def links(node: Any) -> set[str]:
    """Where a tree leads to, what the browser draws included."""
    if isinstance(node, list):
        return set().union(*map(links, node))
    if not isinstance(node, dict):
        return set()
    props = node["props"]
    inside = json.loads(props[TREE]) if TREE in props else props.get("children")
    return links(inside) | ({props["href"]} if "href" in props else set())


def frame(role: Role, *, workspaces: tuple[tuple[Any, str], ...], **more: Any) -> Any:
    shown = Frame("Agency", "Name", "e@mail", "N", workspaces, ALLOWED[role], **more)
    return json.loads(as_text(framed(html.P("content"), shown)))


def test_a_navigation_leads_where_its_reader_may_go_whoever_was_here_before() -> None:
    mine, others = (uuid4(), "mine"), (uuid4(), "others")
    for _ in range(TWICE):
        owner = links(frame(Role.OWNER, workspaces=(mine, others), workspace_id=mine[0], handle="mine"))
        assert {routes.TEAM, routes.AUDIT, routes.home(mine[0]), routes.data(mine[0]), routes.home(others[0])} <= owner
        viewer = links(frame(Role.VIEWER, workspaces=(mine,), workspace_id=mine[0], handle="mine"))
        assert {routes.home(mine[0]), routes.data(mine[0])} <= viewer
        assert not viewer & {routes.AUDIT, routes.AGENCY, routes.home(others[0])}
        elsewhere = links(frame(Role.OWNER, workspaces=(others,), workspace_id=others[0], handle="others"))
        assert not {each for each in elsewhere if str(mine[0]) in each}


def test_the_page_that_one_is_on_is_marked() -> None:
    for current in ("portfolio", "jobs", "portfolio"):
        shown = Frame("A", "N", "e", "N", (), ALLOWED[Role.OWNER], current=current)
        parts = json.loads(as_text(framed(html.P(), shown)))["props"]["children"]
        (around,) = (each["props"]["children"] for each in parts if "frame" in str(each["props"].get("className")))
        side = around[0]
        here = [each for each in json.loads(side["props"][TREE])["props"]["children"] if "is-here" in str(each)]
        assert len(here) == 1
        assert routes.JOBS in str(here) if current == "jobs" else routes.JOBS not in str(here)


def test_a_trail_says_what_its_number_was_made_from_each_time() -> None:
    first = Source(uuid4(), 3, "a" * 64, 2, "huber", datetime(2026, 11, 1), "1.0.0")  # noqa: DTZ001 - the day counts
    for source in (first, Source(first.workspace_id, 4), first):
        told = as_text(trail(source, "growth", of="Growth <b>", note="of a plan"))
        (tree,) = (json.loads(each) for each in [json.loads(told)["props"][TREE]])
        assert f"version {source.data_version}" in str(tree)
        assert ("version 2" in str(tree)) is (source.model_number == 2)
        assert ("1 Nov 2026" in str(tree)) is (source.trained_at is not None)
        assert "of a plan" in str(tree)
        assert "Growth <b>" in str(tree)


def test_a_trail_writes_its_day_as_its_reader_chose_whoever_asked_before() -> None:
    source = Source(uuid4(), 3, "", 2, "huber", datetime(2026, 11, 1), "1.0.0")  # noqa: DTZ001 - the day counts
    for _ in range(TWICE):
        with written_as("de"):
            assert "01.11.2026" in as_text(trail(source, "growth", of="Growth"))
        assert "1 Nov 2026" in as_text(trail(source, "growth", of="Growth"))


def test_a_term_that_nobody_explains_is_refused() -> None:
    term = next(iter(TERMS))
    for _ in range(TWICE):
        assert (
            retold(TERMS[term].words)
            in json.loads(json.loads(as_text(what(term)))["props"][TREE])[1]["props"]["children"][1]["props"][
                "children"
            ]
        )
        with pytest.raises(KeyError):
            what("no such term")


def test_a_drawn_table_carries_its_cells_in_the_order_of_its_columns() -> None:
    columns = [Column("week", "Week", primary=True), Column("gained", "Gained", numeric=True), Column("more", "")]
    rows = [{"gained": "+5", "week": "9 Nov", "more": html.Span("<i>", className="words")}, {"week": "2 Nov"}]
    told = json.loads(as_text(drawn_table(columns, rows, caption="Weeks")))["props"]
    assert json.loads(told[TABLE]) == {
        "caption": "Weeks",
        "columns": [["Week", False, True], ["Gained", True, False], ["", False, False]],
        "rows": [
            ["9 Nov", "+5", json.loads(as_text(html.Span("<i>", className="words")))],
            ["2 Nov", None, None],
        ],
    }
    assert (told["aria-label"], told["role"], told["tabIndex"]) == ("Weeks", "region", "0")


@pytest.mark.parametrize("strange", [date, object(), {1, 2}])
def test_what_nobody_could_draw_is_refused(strange: Any) -> None:
    with pytest.raises(TypeError):
        as_text([strange])
