"""Small marks beside words and numbers: what a term means, and where a number comes from.

``what("interval")`` explains a term of :mod:`cgn_core.figures.glossary`. ``trail(source, "expected")`` leads from a
number to its data version, its model version and its formula of :mod:`cgn_core.figures.formulas`: one click opens it,
a second one follows it. ``formula_mark`` is for numbers of several creators or versions. They go anywhere but into a
``<p>``: their sheet holds blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from dash.development.base_component import Component

from cgn_core.figures.formulas import FORMULAS
from cgn_core.figures.glossary import TERMS
from cgn_core.figures.wording import model_name
from cgn_core.services.models import ModelView
from webapp import routes
from webapp.components.attributes import aria
from webapp.components.drawn import as_text, inside
from webapp.components.icons import icon
from webapp.components.markup import dcc, html
from webapp.components.numbers import retold, short_day

SHOWN_OF_HASH = 12
MARKS_KEPT = 1024
"""Marks whose text is kept, a kilobyte each."""


@dataclass(frozen=True)
class Source:
    """What numbers were made from."""

    workspace_id: UUID
    data_version: int
    data_hash: str = ""
    """SHA-256 over the table; "" where the page doesn't know it."""
    model_number: int | None = None
    """None for numbers that are counted in the data, without a model."""
    model: str = ""
    trained_at: datetime | None = None
    code_version: str = ""


def source_of(model: ModelView, workspace_id: UUID) -> Source:
    """What the numbers of a model were made from."""
    return Source(
        workspace_id=workspace_id,
        data_version=model.data_version,
        data_hash=model.data_hash,
        model_number=model.number,
        model=model.training.chosen,
        trained_at=model.trained_at,
        code_version=model.code_version,
    )


def what(term: str) -> Component:
    """What a statistical term means.

    Raises:
        KeyError: the glossary doesn't know it.
    """
    return _mark(_meaning(term, retold(TERMS[term].words)))


@lru_cache(MARKS_KEPT)
def _meaning(term: str, words: str) -> str:
    name = TERMS[term].name
    label = f"What does \N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK} mean?"
    return _text("?", label, html.Strong(name), html.P(words))


def trail(source: Source, formula: str, *, of: str, note: str = "") -> Component:
    """Where a number comes from.

    Args:
        source: what it was made from.
        formula: its key in the formulas.
        of: the number's name, for those who hear the page.
        note: what else it depends on, such as settings.

    Raises:
        KeyError: there is no such formula.
    """
    trained = short_day(source.trained_at.date()) if source.trained_at else ""
    return _mark(_origin(source, retold(FORMULAS[formula]), of, note, trained))


@lru_cache(MARKS_KEPT)
def _origin(source: Source, formula: str, of: str, note: str, trained: str) -> str:
    # Day and formula come in words: they are their reader's, as everything else here is what the sheet says.
    facts: list[Component] = [
        html.Dt("Data"),
        html.Dd(
            [
                dcc.Link(f"version {source.data_version}", href=routes.data(source.workspace_id)),
                html.Span(
                    f" SHA-256 {source.data_hash[:SHOWN_OF_HASH]}\N{HORIZONTAL ELLIPSIS}",
                    title=source.data_hash,
                    className="muted",
                )
                if source.data_hash
                else None,
            ]
        ),
    ]
    if source.model_number is not None:
        when = f", trained {trained}" if trained else ""
        by = f" by version {source.code_version}" if source.code_version else ""
        facts += [
            html.Dt("Model"),
            html.Dd(
                [
                    dcc.Link(f"version {source.model_number}", href=routes.model_health(source.workspace_id)),
                    html.Span(f" {model_name(source.model)}{when}{by}", className="muted"),
                ]
            ),
        ]
    return _text(
        icon("info"),
        f"Where this comes from: {of}",
        html.Strong(of),
        html.P(formula),
        html.P(note, className="muted") if note else None,
        html.Dl(facts, className="explain-facts"),
    )


def formula_mark(formula: str, *, of: str, note: str) -> Component:
    """How numbers are worked out that come from several data versions; ``note`` says where each is named.

    Raises:
        KeyError: there is no such formula.
    """
    return _mark(_working(retold(FORMULAS[formula]), of, note))


@lru_cache(MARKS_KEPT)
def _working(formula: str, of: str, note: str) -> str:
    sheet = (html.Strong(of), html.P(formula), html.P(note, className="muted"))
    return _text(icon("info"), f"Where this comes from: {of}", *sheet)


def _text(sign: Component | str, label: str, *content: Component | None) -> str:
    summary = html.Summary(sign, className="explain-mark", title=label, **aria(label=label))
    return as_text([summary, html.Div(list(content), className="menu-sheet explain-sheet")])


def _mark(text: str) -> Component:
    return html.Details(className="menu explain", **inside(text))
