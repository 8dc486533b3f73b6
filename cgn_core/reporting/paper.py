"""A report as PDF, set by Typst: tagged for screen readers, with page numbers, without a browser."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cgn_core.figures.tokens import LIGHT
from cgn_core.reporting.document import Document, Drawing, Section, Table

if TYPE_CHECKING:
    import typst

TEMPLATE = Path(__file__).with_name("document.typ")
ACCESSIBLE: Final = "ua-1"
"""PDF/UA-1 (ISO 14289-1): every part is tagged, every picture described, every letter has a font."""
MISSING = "\N{WHITE SQUARE}"
"""Stands for a letter that no font has."""
BAND = "#E4E7F9"
"""The interval's ground; LIGHT's is half transparent, which Typst writes another way."""


def to_pdf(document: Document) -> bytes:
    """The document on A4, one file with its fonts in it; the same document gives the same bytes.

    Letters that no font here has, as of scripts that this machine has no font for, are shown as a square.
    """
    import typst

    said = _as_json(document)
    try:
        return _set(said, document.made_on)
    except typst.TypstError:
        return _set(_shown(said), document.made_on)


def _set(said: dict[str, Any], made_on: date | None) -> bytes:
    import typst

    colours = {role: colour for role, colour in LIGHT.items() if colour.startswith("#")}
    inputs = {
        "document": json.dumps(said),
        "colours": json.dumps(colours | {"accent": said["colour"], "band": BAND}),
    }
    made = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs=inputs,
        pdf_standards=ACCESSIBLE,
        timestamp=datetime.combine(made_on or date(1970, 1, 1), time.min, UTC),
    )
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    """DejaVu Sans, which Matplotlib brings and measures the pictures in; for other scripts the machine's own."""
    import typst

    return typst.Fonts(include_embedded_fonts=False, font_paths=[_folder()])


def _folder() -> Path:
    from matplotlib import get_data_path

    return Path(get_data_path()) / "fonts" / "ttf"


def _as_json(document: Document) -> dict[str, Any]:
    drawn = [section.drawing.table for section in document.sections if section.drawing and section.drawing.table]
    return {
        "title": document.title,
        "agency": document.agency,
        "made": document.made,
        "colour": document.tone,
        "versions": document.versions,
        "answer": [{"text": each.text, "role": each.role} for each in document.answer],
        "answer_note": document.answer_note,
        "facts": [{"name": each.name, "value": str(each.value), "note": str(each.note)} for each in document.facts],
        "warnings": [*document.warnings],
        "sections": [_section(each) for each in document.sections],
        "sources": [{"name": each.name, "value": str(each.value)} for each in document.sources],
        "appendix": [_table(each) for each in drawn],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "sentences": [*section.sentences],
        "drawing": _drawing(section.drawing) if section.drawing else None,
        "tables": [_table(each) for each in section.tables],
    }


def _drawing(drawing: Drawing) -> dict[str, Any]:
    return {"svg": drawing.svg, "words": drawing.words}


def _table(table: Table) -> dict[str, Any]:
    rows = [[str(cell) for cell in row] for row in table.rows]
    return {"caption": table.caption, "columns": [*table.columns], "rows": rows}


def _shown(said: Any) -> Any:
    """The same with a square for each letter that DejaVu Sans lacks."""
    if isinstance(said, str):
        known = _letters()
        return "".join(letter if ord(letter) in known or letter.isspace() else MISSING for letter in said)
    if isinstance(said, dict):
        return {name: _shown(each) for name, each in said.items()}
    return [_shown(each) for each in said] if isinstance(said, list) else said


@cache
def _letters() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(_folder() / "DejaVuSans.ttf")).get_charmap())
