"""A report as plain data, and as one HTML file that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cgn_core.figures.tokens import LIGHT
from cgn_core.figures.wording import Phrase

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE = Path(__file__).with_name("document.html.jinja")


@dataclass(frozen=True)
class Fact:
    """A number with its name, and what is to be known of it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Cells as they are read; the first column names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Drawing:
    """A picture as SVG, our own and therefore trusted, and what it shows in words."""

    svg: str
    words: str


@dataclass(frozen=True)
class Section:
    """A part with a heading; what it has not is left out."""

    title: str
    sentences: tuple[str, ...] = ()
    drawing: Drawing | None = None
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Document:
    """A report: who about whom, the answer, the sections, and where every number comes from."""

    title: str
    agency: str
    made: str
    """When, and for which days."""
    colour: str = LIGHT["accent"]
    """The agency's, #RRGGBB, readable on white; its name and the page's edge have it."""
    answer: tuple[Phrase, ...] = ()
    answer_note: str = ""
    facts: tuple[Fact, ...] = ()
    warnings: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    sources: tuple[Fact, ...] = field(default=())
    """Data version, model version and their hashes."""


def to_html(document: Document) -> str:
    """The document as an HTML page of its own; every text in it is escaped."""
    return _template().render(document=document, colours=LIGHT | {"accent": document.colour})


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
