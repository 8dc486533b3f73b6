from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.figures.growth_history import GrowthWeek
from cgn_core.figures.returns import ReturnBar
from cgn_core.figures.wording import Phrase
from cgn_core.reporting.document import Document, Drawing, Fact, Section, Table, to_html
from cgn_core.reporting.drawings import growth_drawing, returns_drawing
from cgn_core.reporting.paper import to_pdf
from cgn_core.reporting.workbook import to_xlsx

VOID = {"meta", "br", "hr", "img", "link"}


class Balanced(HTMLParser):
    """Notes every element that was opened, and that each is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def read(text: str) -> Balanced:
    reader = Balanced()
    reader.feed(text)
    assert reader.open == []
    return reader


WORDS = st.text(min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, WORDS)
def test_any_words_stay_words(one: str, other: str, third: str) -> None:
    plain = read(to_html(document("a", "b", "c")))
    strange = read(to_html(document(one, other, third)))
    assert strange.seen == plain.seen


def document(one: str, other: str, third: str) -> Document:
    table = Table(one, ("", other), ((third, one),))
    return Document(
        title=one,
        agency=other,
        made=third,
        answer=(Phrase(one), Phrase(other, "reels"), Phrase(third, "interval"), Phrase(one, "strong")),
        answer_note=other,
        facts=(Fact(one, other, "n" + third),),
        warnings=(one,),
        sections=(Section(other, (third,), Drawing("<svg></svg>", one), (table,)),),
        sources=(Fact(one, other),),
    )


def test_what_there_is_not_is_left_out() -> None:
    shown = read(to_html(Document("t", "a", "m")))
    assert "section" not in shown.seen
    assert "Where the numbers come from" not in shown.words


WEEKS = [GrowthWeek(f"2026-0{month}-05", 100.0 * month, 90.0, 50.0, 130.0 * month) for month in range(1, 9)]


def test_a_picture_is_the_same_bytes_each_time_and_marks_viral_weeks() -> None:
    viral = [*WEEKS, GrowthWeek("2026-09-07", 50_000.0, 90.0, 50.0, 130.0, viral=True)]
    drawn = growth_drawing(viral)
    assert drawn == growth_drawing(viral)
    assert drawn.startswith("<svg")
    assert "+50,000" in drawn
    assert "+50,000" not in growth_drawing(WEEKS)


@pytest.mark.parametrize(
    "weeks",
    [
        WEEKS[:1],
        [GrowthWeek("2026-01-05", None)],
        [GrowthWeek("2026-01-05", None, 1.0, 0.0, 2.0)],
        [GrowthWeek("2026-01-05", -3.0), GrowthWeek("2026-01-12", None), GrowthWeek("2026-01-19", -9.0)],
    ],
)
def test_weeks_with_little_in_them_are_drawn(weeks: list[GrowthWeek]) -> None:
    assert growth_drawing(weeks).rstrip().endswith("</svg>")


def test_bars_are_named_and_those_that_say_nothing_are_pale() -> None:
    clear, unclear = ReturnBar("reels", 20.0, 15.0, 25.0), ReturnBar("posts", 3.0, -2.0, 8.0)
    drawn = returns_drawing([clear, unclear], unit="followers")
    assert "Reels" in drawn
    assert "Posts" in drawn
    assert "opacity: 0.35" in drawn
    assert "opacity: 0.35" not in returns_drawing([clear], unit="followers")


@pytest.mark.parametrize("colour", ["", "red; }", "#12345", "#GGGGGG"])
def test_a_colour_that_is_none_stops_no_report(colour: str) -> None:
    painted = Document("t", "a", "m", colour=colour)
    assert "border-top: 6px solid #4C5FD5" in to_html(painted)
    assert to_pdf(painted).startswith(b"%PDF")
    assert to_xlsx(painted).startswith(b"PK")
