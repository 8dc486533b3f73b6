"""Meta Business Suite's daily metric files: raw bytes as the platform, or a spreadsheet after it, writes them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from cgn_core.ingest.drops import Drop, read_drop
from cgn_core.ingest.reading import Reading, read_bytes
from cgn_core.tables import Provenance

TODAY = date(2026, 3, 1)
SEEN, NEW, MISSING = Provenance.OBSERVED, Provenance.PROVISIONAL, Provenance.MISSING


def utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def block(title: str, rows: dict[str, int | str], *, date_name: str = "Date", value_name: str = "Primary") -> str:
    lines = [f'"{title}"', f'"{date_name}","{value_name}"', *(f'"{day}T00:00:00","{n}"' for day, n in rows.items())]
    return "\n".join(lines) + "\n"


def days(number: int, *, first: int = 5) -> list[str]:
    return [str(np.datetime64(f"2026-01-{first:02d}") + np.timedelta64(step, "D")) for step in range(number)]


def series(number: int, *, start: int = 10) -> dict[str, int | str]:
    return {day: start + step for step, day in enumerate(days(number))}


def read(data: bytes, name: str = "Follows.csv") -> Reading:
    return read_bytes(data, file_name=name, today=TODAY)


def dropped(*files: tuple[str, bytes]) -> Drop:
    return read_drop(list(files), today=TODAY)


def column(reading: Reading | Drop, name: str) -> list[float | None]:
    (daily,) = reading.creators
    return [None if np.isnan(value) else value for value in daily.frame[name].tolist()]


def sources(reading: Reading | Drop, name: str) -> list[int]:
    (daily,) = reading.creators
    return daily.provenance[name].tolist()


def codes(reading: Reading | Drop) -> list[str]:
    return [finding.code for finding in reading.findings]


def test_a_metric_that_is_not_used_is_refused_alone_and_left_out_beside_others() -> None:
    clicks = utf16(block("Instagram link clicks", series(9)))
    (alone,) = [finding for finding in read(clicks, "Clicks.csv").findings if finding.severity == "error"]
    assert alone.message == ("Clicks.csv: holds no day of a metric that is used here; nothing is taken from it.")
    together = dropped(("Clicks.csv", clicks), ("Follows.csv", utf16(block("Instagram follows", series(9)))))
    assert together.importable
    assert ("info", "no_rows") in {(finding.severity, finding.code) for finding in together.findings}
    assert column(together, "follows") == [float(value) for value in series(9).values()]


def test_utf_16_with_byte_order_mark_a_separator_line_and_a_blank_line_at_the_end() -> None:
    data = utf16(
        'sep=,\n"Instagram follows"\n"Date","Primary"\n"2026-01-05T00:00:00","12"\n"2026-01-06T00:00:00","7"\n'
        '"2026-01-07T00:00:00","1,204"\n\n'
    )
    reading = read(data)
    assert reading.importable
    assert (reading.format, reading.rows) == ("business_suite_metrics", 3)
    assert (reading.first_date, reading.last_date) == (date(2026, 1, 5), date(2026, 1, 7))
    assert reading.columns == {"Instagram follows": "follows"}
    assert column(reading, "follows") == [12, 7, 1204]
    assert sources(reading, "follows") == [SEEN, NEW, NEW]
    (daily,) = reading.creators
    assert daily.frame["date"].dt.strftime("%Y-%m-%d").tolist() == days(3)
    assert list(daily.columns) == ["follows"]


@pytest.mark.parametrize(
    ("title", "date_name", "canonical"),
    [
        ("Instagram follows", "Date", "follows"),
        ("Seguidores no Instagram", "Data", "follows"),
        ("Seguidores de Instagram", "Fecha", "follows"),
        ("Reach", "Date", "reach"),
        ("Instagram reach", "Date", "reach"),
        ("Alcance", "Data", "reach"),
        ("Alcance do Instagram", "Data", "reach"),
        ("Alcance (do Instagram)", "Data", "reach"),
        ("Views", "Date", "views"),
        ("Visualizações", "Data", "views"),
        ("Visualizaciones", "Fecha", "views"),
        ("Content interactions", "Date", "interactions"),
        ("Interações com o conteúdo", "Data", "interactions"),
        ("Interacciones con el contenido", "Fecha", "interactions"),
        ("Instagram profile visits", "Date", "profile_visits"),
        ("Visitas ao perfil do Instagram", "Data", "profile_visits"),
        ("Visitas al perfil de Instagram", "Fecha", "profile_visits"),
    ],
)
def test_every_metric_is_known_by_its_title_in_every_language(title: str, date_name: str, canonical: str) -> None:
    metric = utf16("sep=,\n" + block(title, series(4, start=100), date_name=date_name) + "\n")
    follows = utf16("sep=,\n" + block("Instagram follows", series(4)) + "\n")
    files = [("metric.csv", metric)] + ([("follows.csv", follows)] if canonical != "follows" else [])
    drop = dropped(*files)
    assert drop.importable
    assert column(drop, canonical) == [100, 101, 102, 103]


@pytest.mark.parametrize("title", ["Instagram link clicks", "Cliques no link do Instagram"])
def test_link_clicks_are_recognised_and_left_out(title: str) -> None:
    text = "sep=,\n" + block("Instagram follows", series(3)) + "\n" + block(title, series(3))
    reading = read(utf16(text))
    assert reading.importable
    assert column(reading, "follows") == [10, 11, 12]
    assert any(title in finding.message for finding in reading.findings)


def test_in_2023_the_value_column_repeats_the_metrics_name() -> None:
    text = "sep=,\n" + block("Instagram follows", series(3), value_name="Instagram follows") + "\n"
    assert column(read(utf16(text)), "follows") == [10, 11, 12]


def test_a_facebook_block_before_instagrams_is_left_out_and_said() -> None:
    text = "sep=,\n" + block("Follows", series(3, start=900)) + "\n" + block("Instagram follows", series(3)) + "\n"
    reading = read(utf16(text))
    assert column(reading, "follows") == [10, 11, 12]
    left_out = next(finding for finding in reading.findings if finding.code == "blocks_left_out")
    assert "“Follows” is not a daily metric of an Instagram account" in left_out.message


def test_a_title_without_a_platform_is_instagrams_unless_somebody_says_otherwise() -> None:
    data = utf16(block("Reach", series(9)))
    reading = read_drop([("Reach.csv", data), ("F.csv", utf16(block("Instagram follows", series(9))))], today=TODAY)
    assert reading.importable
    assert column(reading, "reach") == [float(value) for value in series(9).values()]
    (question,) = reading.questions
    assert question.sentence == "Reach.csv: “Reach” names no platform; whose is it?"
    assert question.proposed == "instagram"
    answers = {question.key: "facebook"}
    files = [("Reach.csv", data), ("F.csv", utf16(block("Instagram follows", series(9))))]
    otherwise = read_drop(files, today=TODAY, answers=answers)
    assert otherwise.importable
    assert otherwise.creators[0].columns == ("follows",)
    assert otherwise.answers == answers


def test_a_title_without_a_platform_beside_facebooks_own_is_asked_about() -> None:
    data = utf16("\n".join(block(title, series(9)) for title in ("Follows", "Instagram follows", "Reach")))
    reading = read(data, "Audience.csv")
    assert not reading.importable
    (question,) = reading.questions
    assert question.sentence == (
        "Audience.csv: “Reach” names no platform, and Facebook's numbers are in the same file; whose is it?"
    )
    for answer, columns in (("instagram", ("follows", "reach")), ("facebook", ("follows",))):
        answered = read_bytes(data, file_name="Audience.csv", today=TODAY, answers={question.key: answer})
        assert answered.importable
        assert answered.creators[0].columns == columns


def test_audience_blocks_that_are_no_daily_metric_are_skipped_and_said() -> None:
    text = (
        'sep=,\n"Instagram followers"\n"124310"\n\n"Age & gender"\n"","Women","Men"\n"18-24","10.2%","4.1%"\n\n'
        + block("Instagram follows", series(3))
        + "\n"
    )
    reading = read(utf16(text), "Audience.csv")
    assert reading.importable
    assert column(reading, "follows") == [10, 11, 12]


def test_the_hour_is_noise_and_never_moves_a_day() -> None:
    rows = ['"2026-03-07T00:00:00","1"', '"2026-03-08T00:00:00","2"', '"2026-03-09T01:00:00","3"']
    data = utf16('sep=,\n"Instagram follows"\n"Date","Primary"\n' + "\n".join(rows) + "\n\n")
    reading = read_bytes(data, file_name="a.csv", today=date(2026, 4, 1), time_zone="Pacific/Auckland")
    (daily,) = reading.creators
    assert daily.frame["date"].dt.strftime("%m-%d").tolist() == ["03-07", "03-08", "03-09"]
    assert column(reading, "follows") == [1, 2, 3]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfInstagram follows;\r\nDate;Primary\r\n2026-01-05T00:00:00;10\r\n2026-01-06T00:00:00;11\r\n",
        b"Instagram follows\r\nDate\tPrimary\r\n2026-01-05T00:00:00\t10\r\n2026-01-06T00:00:00\t11\r\n",
        (
            b'"sep=,"\n"""Instagram follows"""\n"""Date"",""Primary"""\n"""2026-01-05T00:00:00"",""10"""\n'
            b'"""2026-01-06T00:00:00"",""11"""\n'
        ),
    ],
    ids=["semicolons and UTF-8 without sep", "tabs with CRLF", "whole rows quoted again"],
)
def test_files_that_a_spreadsheet_saved_again_are_read_all_the_same(data: bytes) -> None:
    reading = read(data)
    assert reading.format == "business_suite_metrics"
    assert column(reading, "follows") == [10, 11]


def test_days_omitted_in_the_middle_become_zeros_where_another_metric_proves_the_export() -> None:
    omitted = {day: n for day, n in series(10).items() if day not in days(10)[3:5]}
    reach = {day: n for day, n in series(10, start=500).items() if day != days(10)[4]}
    drop = dropped(
        ("Follows.csv", utf16("sep=,\n" + block("Instagram follows", omitted))),
        ("Reach.csv", utf16("sep=,\n" + block("Reach", reach))),
    )
    assert column(drop, "follows") == [10, 11, 12, 0, None, 15, 16, 17, 18, 19]
    assert sources(drop, "follows") == [SEEN, SEEN, SEEN, SEEN, MISSING, SEEN, SEEN, SEEN, NEW, NEW]
    # Nobody was reached on the day that both leave out, or it is not known: it stays missing.
    assert column(drop, "reach") == [500, 501, 502, 503, None, 505, 506, 507, 508, 509]
    assert "omitted_zero_days" in codes(drop)


def test_a_follows_file_alone_leaves_omitted_days_missing() -> None:
    omitted = {day: n for day, n in series(6).items() if day != days(6)[3]}
    assert column(read(utf16("sep=,\n" + block("Instagram follows", omitted))), "follows") == [10, 11, 12, None, 14, 15]


def test_the_missing_tail_of_the_follows_is_not_there_yet() -> None:
    drop = dropped(
        ("Follows.csv", utf16("sep=,\n" + block("Instagram follows", series(20)))),
        ("Reach.csv", utf16("sep=,\n" + block("Reach", series(28, start=500)))),
    )
    assert column(drop, "follows")[18:] == [28, 29, *[None] * 8]
    assert sources(drop, "follows")[17:] == [SEEN, NEW, NEW, *[MISSING] * 8]
    (tail,) = [finding for finding in drop.findings if finding.code == "not_there_yet"]
    assert "follows ends on 2026-01-24, 8 days before the other numbers" in tail.message
    assert "empty_cells" not in codes(drop)
    weekly = drop.creators[0].weekly()
    assert weekly["is_target"].tolist() == [True, True, False, False]
    assert np.isnan(weekly["net_growth"].iloc[-1])


def test_a_metric_without_any_growth_asks_for_the_file_that_has_it() -> None:
    reading = read(utf16("sep=,\n" + block("Views", series(5))), "Views.csv")
    assert not reading.importable
    assert "add the file with the account's “Instagram follows”" in reading.findings[0].message


@pytest.mark.parametrize(
    ("row", "code", "sentence"),
    [
        ('"yesterday","3"', "not_a_date", "has no day such as 2026-01-05 in row 4"),
        ('"2026-01-05T00:00:00","many"', "not_a_number", "text where a number belongs"),
        ('"2026-01-05T00:00:00","3"\n"2026-01-05T01:00:00","4"', "duplicate_dates", "a day twice in row 5"),
    ],
)
def test_what_can_not_be_read_is_one_sentence_with_its_row(row: str, code: str, sentence: str) -> None:
    reading = read(utf16(f'sep=,\n"Instagram follows"\n"Date","Primary"\n{row}\n'))
    assert (reading.importable, reading.creators) == (False, ())
    assert reading.findings[0].code == code
    assert sentence in reading.findings[0].message


def test_a_block_without_a_day_says_so() -> None:
    reading = read(utf16('sep=,\n"Instagram follows"\n"Date","Primary"\n\n'))
    assert not reading.importable
    assert "Instagram follows has no day at all" in reading.findings[-1].message
