"""The PDF of a document: its words, its letters, its tags and its pages."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
from pypdf import PdfReader

from cgn_core.figures.growth_history import GrowthWeek
from cgn_core.figures.wording import Phrase
from cgn_core.reporting.document import Amount, Document, Drawing, Fact, Section, Span, Table
from cgn_core.reporting.drawings import growth_drawing
from cgn_core.reporting.paper import to_pdf

WEEKS = [GrowthWeek(f"2026-0{month}-05", 100.0 * month, 90.0, 50.0, 130.0 * month) for month in range(1, 9)]
TABLE = Table("Followers", ("", "Followers", "Interval"), (("One reel", Amount("+3", 3.0), Span("1 to 5", 1.0, 5.0)),))
LONG = replace(TABLE, rows=TABLE.rows * 90)
DOCUMENT = Document(
    title="Growth of @länä.moves",
    agency="Nördlicht & Söhne",
    made="Made on 3 May 2026.",
    colour="#9C2A10",
    answer=(
        Phrase("Next week we expect "),
        Phrase("+420", "strong"),
        Phrase("reels", "reels"),
        Phrase("x", "interval"),
    ),
    facts=(Fact("Followers", Amount("24,000", 24_000.0), "more"),),
    warnings=("To know",),
    sections=(Section("Growth", ("A sentence.",), Drawing(growth_drawing(WEEKS), "Weekly growth", LONG), (TABLE,)),),
    sources=(Fact("SHA-256", "a" * 64),),
    versions="Data version 3, model version 2",
    made_on=date(2026, 5, 3),
)


def words_of(content: bytes) -> str:
    """What the pages say, read by another library than the one that the tags are read by."""
    read = pypdfium2.PdfDocument(content)
    return "\n".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in read)


def test_a_pdf_says_what_the_document_says_and_its_versions_and_number_on_every_page() -> None:
    pages = words_of(to_pdf(DOCUMENT)).split("\n")
    for words in ("Growth of @länä.moves", "Nördlicht & Söhne", "+420", "24,000", "1 to 5", "a" * 64, "To know"):
        assert words in pages[0]
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "Data version 3, model version 2" in page


def test_a_pdf_is_tagged_titled_and_in_a_language() -> None:
    read = PdfReader(io.BytesIO(to_pdf(DOCUMENT)))
    root = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert read.metadata is not None
    assert (read.metadata.title, read.metadata.author) == (DOCUMENT.title, DOCUMENT.agency)
    kinds: list[str] = []
    described: list[str] = []

    def walk(node: object) -> None:
        if isinstance(node, list):
            for each in node:
                walk(each)
        elif hasattr(node, "get_object"):
            found = node.get_object()
            if isinstance(found, dict):
                kinds.append(str(found.get("/S", "")))
                described.append(str(found.get("/Alt", "")))
                walk(found.get("/K", []))
            elif isinstance(found, list):
                walk(found)

    walk(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/P", "/Figure", "/Table", "/TH", "/TD"} <= set(kinds)
    assert "Weekly growth" in described


@pytest.mark.parametrize(
    ("handle", "shown"),
    [
        ("Žižek–Łódź", "Žižek–Łódź"),
        ("Привет", "Привет"),
        ("\U0001fae8shaking", "shaking"),
        ("\U000e0001tag\ufffe", "tag"),
        ("a\x00b", "a"),
    ],
)
def test_no_letter_stops_a_report(handle: str, shown: str) -> None:
    assert shown in words_of(to_pdf(replace(DOCUMENT, title=handle)))


@pytest.mark.parametrize("words", ['#panic("x")', "$x$ *b* _c_ `d`", "</svg> \\ // /* */", '#include "/etc/passwd"'])
def test_what_people_typed_is_never_markup(words: str) -> None:
    assert words in words_of(to_pdf(replace(DOCUMENT, warnings=(words,))))


def test_the_same_document_is_the_same_bytes() -> None:
    assert to_pdf(DOCUMENT) == to_pdf(DOCUMENT)


def test_what_there_is_not_is_left_out() -> None:
    assert "Where the numbers" not in words_of(to_pdf(Document("t", "a", "m")))
