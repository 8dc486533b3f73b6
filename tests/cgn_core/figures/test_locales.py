"""Numbers and days in the ways that a reader may choose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from threading import Thread

import pytest

from cgn_core.figures.competitors import PeerGrowth, peer_growth_figure
from cgn_core.figures.data_calendar import DayState, data_calendar_figure
from cgn_core.figures.frame import axis, layout, share_ticks
from cgn_core.figures.locales import HOUSE, OFFERED, in_use, month, of_browser, plain, retold, use, written_as
from cgn_core.figures.wording import count, day_month_year, level_interval, moment, percent, plural, short_day, signed

DAY = date(2026, 11, 2)
NARROW, FIXED = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def afterwards() -> Iterator[None]:
    yield
    use(HOUSE)


@pytest.mark.parametrize(
    ("code", "number", "growth", "share", "day"),
    [
        ("en", "1,234.5", "−12,345", f"90{FIXED}%", "2 Nov 2026"),
        ("de", "1.234,5", "−12.345", f"90{FIXED}%", "02.11.2026"),
        ("es", "1.234,5", "−12.345", f"90{FIXED}%", "2/11/2026"),
        ("fr", f"1{NARROW}234,5", f"−12{NARROW}345", f"90{FIXED}%", "02/11/2026"),
        ("sv", f"1{FIXED}234,5", f"−12{FIXED}345", f"90{FIXED}%", "2026-11-02"),
    ],
)
def test_each_way_has_its_own_marks_and_its_own_order_of_days(
    code: str, number: str, growth: str, share: str, day: str
) -> None:
    with written_as(code):
        assert count(1234.5, decimals=1) == number
        assert signed(-12345.2) == growth
        assert percent(0.9) == share
        assert short_day(DAY) == day
    assert in_use() == HOUSE


@pytest.mark.parametrize("code", OFFERED)
def test_every_way_that_is_offered_writes_years_whole_and_only_digits(code: str) -> None:
    with written_as(code):
        assert "2026" in short_day(DAY)
        assert code == HOUSE or short_day(DAY) == day_month_year("2026-11-02")
        assert code == HOUSE or not any(letter.isalpha() for letter in short_day(DAY))
        assert moment(datetime(2026, 11, 2, 14, 5)).endswith(", 14:05")  # noqa: DTZ001 - a local time, as it is shown


def test_words_around_a_number_stay_and_plurals_count_in_the_same_way() -> None:
    with written_as("de"):
        assert plural(1234, "week") == "1.234 weeks"
        assert plural(1, "week") == "1 week"
        assert level_interval(0.9, -1200.0, 1500.0) == f"90{FIXED}%: −1.200 to 1.500"
        assert plain(0.5) == "0,5"
        assert plain(12.0) == "12"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("It brings 1,234.5 (90%: -12.5 to 1,500).", f"It brings 1.234,5 (90{FIXED}%: −12,5 to 1.500)."),
        ("Off by 56, not by 1.5.", "Off by 56, not by 1,5."),
        ("p = 0.031; the weeks are 26, 27, 28.", "p = 0,031; the weeks are 26, 27, 28."),
        ("+1,204 on 2026-11-23 at 10:30, v1.5.csv, 1.0.0.", "+1.204 on 23.11.2026 at 10:30, v1.5.csv, 1.0.0."),
        ("@creator.1.5 has 12 345 things", "@creator.1.5 has 12 345 things"),
        ("Trained 4 %", f"Trained 4{FIXED}%"),
        ("Text in 1,204 rows (row 7: “1,500.5 mio”).", "Text in 1.204 rows (row 7: “1,500.5 mio”)."),
        ("Insights 1.5 x.csv: 1,204 rows of 2.5", "Insights 1.5 x.csv: 1.204 rows of 2,5"),
        ("Cut off amid “1,204 and 2.5", "Cut off amid “1,204 and 2.5"),
        ("Usual until 2026-11-23, then 2-3 odd days.", "Usual until 23.11.2026, then 2-3 odd days."),
        ("a.b-report-2026-11-30.pdf is ready", "a.b-report-2026-11-30.pdf is ready"),
        ("'1,204.5' is no zone, 1,204.5 isn't one", "'1,204.5' is no zone, 1.204,5 isn't one"),
        ("On 2026-13-45 and “2026-11-23”", "On 2026-13-45 and “2026-11-23”"),
    ],
)  # fmt: skip
def test_a_kept_sentence_has_its_numbers_rewritten_and_nothing_else(said: str, written: str) -> None:
    with written_as("de"):
        assert retold(said) == written


def test_a_kept_sentence_has_the_houses_minus_space_and_names_of_months_too() -> None:
    said = "It brings 1,234.5 (90%: -12.5 to +1,500) from 2026-11-02 on, p-values aside: -x, (-3), 2-3."
    assert retold(said) == (
        f"It brings 1,234.5 (90{FIXED}%: −12.5 to +1,500) from 2 Nov 2026 on, p-values aside: -x, (−3), 2-3."
    )


def test_a_way_that_nobody_offers_is_the_houses() -> None:
    use("tlh")
    assert in_use() == HOUSE


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (["de-AT", "en"], "de"),
        (["pt-br"], "pt-BR"),
        (["pt-PT", "en"], "pt-BR"),
        (["DE-de"], "de"),
        (["fr_FR"], "fr"),
        (["ja", "sv-SE"], "sv"),
        (["*", ""], HOUSE),
    ],
)
def test_a_browser_gets_the_first_way_that_it_asks_for_however_it_spells_it(wanted: list[str], code: str) -> None:
    assert of_browser(wanted) == code


def test_what_one_thread_chose_is_not_anothers() -> None:
    use("de")
    elsewhere = []
    thread = Thread(target=lambda: elsewhere.append(in_use()))
    thread.start()
    thread.join()
    assert elsewhere == [HOUSE]


def test_the_axes_of_a_chart_have_the_marks_too() -> None:
    assert "separators" not in layout(height=100)
    with written_as("de"):
        assert layout(height=100)["separators"] == ",."


@pytest.mark.parametrize(
    ("code", "days", "months", "written"),
    [
        ("de", "%d.%m.%Y", "%m.%Y", "11.2026"),
        ("es", "%-d/%-m/%Y", "%-m/%Y", "11/2026"),
        ("nl", "%d-%m-%Y", "%m-%Y", "11-2026"),
        ("sv", "%Y-%m-%d", "%Y-%m", "2026-11"),
    ],
)
def test_an_axis_of_days_has_them_in_the_readers_order_without_names_of_months(
    code: str, days: str, months: str, written: str
) -> None:
    assert "tickformatstops" not in axis(type="date")
    with written_as(code):
        assert "tickformatstops" not in axis(title="followers")
        assert [stop["value"] for stop in axis(type="date")["tickformatstops"]] == [days, months, "%Y"]
        assert month(DAY) == written


@pytest.mark.parametrize("code", OFFERED)
def test_every_way_that_is_offered_has_months_in_digits_for_an_axis(code: str) -> None:
    with written_as(code):
        assert "2026" in month(DAY)
        assert code == HOUSE or month(DAY).replace("2026", "").strip("./- ") == "11"


def test_the_months_of_the_calendar_of_days_are_the_readers() -> None:
    states = [DayState.OBSERVED] * 40
    assert data_calendar_figure(DAY, states)["layout"]["xaxis"]["ticktext"] == ["Dec<br>2026"]
    with written_as("de"):
        assert data_calendar_figure(DAY, states)["layout"]["xaxis"]["ticktext"] == ["12.2026"]


def test_shares_on_an_axis_have_the_readers_percent_sign() -> None:
    assert share_ticks(0.5, 1)["ticktext"] == [f"50{FIXED}%", f"100{FIXED}%"]
    assert peer_growth_figure([PeerGrowth("a", 0.0123, 0.01, 0.02, own=True)])["layout"]["xaxis"]["ticksuffix"] == (
        f"{FIXED}%"
    )
