"""A report as plain data, and as one HTML file that needs nothing else: no script, no font, no request.

``paper.py`` makes the same document a PDF, ``workbook.py`` a workbook.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cgn_core.figures.tokens import LIGHT
from cgn_core.figures.wording import Phrase

if TYPE_CHECKING:
    from jinja2 import Template

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
TEMPLATE = Path(__file__).with_name("document.html.jinja")


@dataclass(frozen=True)
class Amount:
    """A number as it is read, and whole, as a workbook has it; None where it isn't known."""

    words: str
    value: float | None

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Span:
    """An interval as it is read, and its ends."""

    words: str
    low: float | None
    high: float | None

    def __str__(self) -> str:
        return self.words


Entry = str | Amount | Span


@dataclass(frozen=True)
class Fact:
    """A number with its name, and what is to be known of it."""

    name: str
    value: str | Amount
    note: str | Span = ""


@dataclass(frozen=True)
class Table:
    """Cells as they are read; the first column names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True)
class Drawing:
    """A picture as SVG, our own and therefore trusted, and what it shows in words."""

    svg: str
    words: str
    table: Table | None = None
    """The numbers that are drawn, where no table beside the picture has them."""


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
    versions: str = ""
    """The same in a few words, which stand on every page: "data version 3, model 2"."""

    made_on: date | None = None

    @property
    def tone(self) -> str:
        """The colour, or the portal's own where what is stored is none."""
        return self.colour if _COLOUR.fullmatch(self.colour) else LIGHT["accent"]

    def figures(self) -> dict[str, list[str]]:
        """Every number and sentence as it is read, by where it stands: what two reports are compared by."""
        found = {"answer": ["".join(each.text for each in self.answer), self.answer_note]}
        found |= {f"fact: {fact.name}": [str(fact.value), str(fact.note)] for fact in self.facts}
        found["warnings"] = [*self.warnings]
        for section in self.sections:
            found[f"section: {section.title}"] = [*section.sentences]
            drawn = (section.drawing.table,) if section.drawing and section.drawing.table else ()
            for table in (*section.tables, *drawn):
                for row in table.rows:
                    found[f"{section.title}, {table.caption}: {row[0]}"] = [_exact(cell) for cell in row]
        return found


def section_to_json(section: Section) -> dict[str, Any]:
    """A section without a picture, as it is kept."""
    return asdict(section)


def section_from_json(stored: dict[str, Any]) -> Section:
    """The inverse of :func:`section_to_json`."""
    tables = (
        Table(each["caption"], tuple(each["columns"]), tuple(tuple(map(_entry, row)) for row in each["rows"]))
        for each in stored["tables"]
    )
    return Section(stored["title"], tuple(stored["sentences"]), tables=tuple(tables))


def _entry(stored: Any) -> Entry:
    if isinstance(stored, str):
        return stored
    return Amount(**stored) if "value" in stored else Span(**stored)


def to_html(document: Document) -> str:
    """The document as an HTML page of its own; every text in it is escaped."""
    return _template().render(document=document, colours=LIGHT | {"accent": document.tone})


def _exact(entry: Entry) -> str:
    if isinstance(entry, Amount):
        return repr(entry.value)
    return repr((entry.low, entry.high)) if isinstance(entry, Span) else entry


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
