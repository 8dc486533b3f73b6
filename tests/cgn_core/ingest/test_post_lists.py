"""Meta Business Suite's content export: what was published on which day, in every language."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import numpy as np
import openpyxl
import pytest

from cgn_core.ingest.drops import Drop, read_drop
from cgn_core.ingest.reading import Reading, read_bytes
from cgn_core.tables import Provenance

TODAY = date(2026, 3, 1)
ENGLISH = (
    '\ufeff"Post ID","Account ID","Account username","Account name",Description,"Duration (sec)","Publish time",'
    'Permalink,"Post type","Data comment",Date,Views,Reach,Likes,Shares,Follows,Comments,Saves\n'
)
SPANISH = (
    '\ufeff"Identificador de la publicación","Nombre de usuario de la cuenta","Tipo de publicación",'
    '"Hora de publicación","Enlace permanente",Visualizaciones,"Me gusta",'
    '"Veces que se ha compartido",Seguidores,"Veces guardado"\n'
)
PORTUGUESE = (
    '\ufeff"Horário de publicação","Tipo de publicação","Identificação da publicação",Curtidas,Compartilhamentos,'
    "Salvamentos,Alcance,Seguimentos\n"
)


def piece(number: int, time: str, kind: str, account: str = "luna") -> str:
    return (
        f'{number},178,{account},"Luna, the one","Hello ""there"",\nsecond line",0,{time},https://x.example/{number},{kind},'
        ",Lifetime,100,90,8,1,2,3,4\n"
    )


def follows(first: str, number: int) -> tuple[str, bytes]:
    days = [np.datetime64(first) + np.timedelta64(step, "D") for step in range(number)]
    text = 'sep=,\n"Instagram follows"\n"Date","Primary"\n' + "".join(f'"{day}T00:00:00","9"\n' for day in days)
    return "Follows.csv", b"\xff\xfe" + text.encode("utf-16-le")


def dropped(content: str, *, first: str = "2026-01-05", number: int = 7) -> Drop:
    return read_drop([("Content.csv", content.encode()), follows(first, number)], today=TODAY)


def counts(drop: Drop, name: str) -> list[float | None]:
    (daily,) = drop.creators
    return [None if np.isnan(value) else value for value in daily.frame[name].tolist()]


def alone(content: str) -> Reading:
    return read_bytes(content.encode(), file_name="Content.csv", today=TODAY)


def test_pieces_are_counted_by_day_and_kind_and_days_between_are_zeros() -> None:
    content = ENGLISH + "".join(
        [
            piece(1, "01/05/2026 18:05", "IG image"),
            piece(2, "01/05/2026 23:59", "IG carousel"),
            piece(3, "01/07/2026 00:01", "IG reel"),
            piece(4, "01/10/2026 09:00", "IG image"),
        ]
    )
    drop = dropped(content)
    assert drop.importable
    assert drop.creators[0].creator == "luna"
    assert drop.readings[0].format == "business_suite_content"
    assert drop.readings[0].rows == 4
    assert counts(drop, "posts") == [2, 0, 0, 0, 0, 1, 0]
    assert counts(drop, "reels") == [0, 0, 1, 0, 0, 0, 0]
    assert counts(drop, "follows") == [9, 9, 9, 9, 9, 9, 9]
    # The file lists no stories, so nothing is known of them.
    assert "stories" not in drop.creators[0].columns
    assert set(drop.creators[0].columns) == {"follows", "posts", "reels"}


def test_lifetime_numbers_names_and_captions_are_not_taken() -> None:
    drop = dropped(ENGLISH + piece(1, "01/05/2026 18:05", "IG image"))
    assert not {"likes", "views", "reach", "saves", "shares", "comments"} & set(drop.creators[0].columns)
    kept = repr(drop.readings[0].fragments) + repr(drop.findings)
    for text in ("Luna, the one", "Hello", "x.example"):
        assert text not in kept


def test_publish_time_has_the_month_first_in_every_language() -> None:
    spanish = SPANISH + "1,luna,Reel de Instagram,01/05/2026 18:05,https://x.example/1,10,1,0,0,0\n"
    portuguese = PORTUGUESE + "01/05/2026 18:05,Carrossel do Instagram,1,1,,,,\n"
    assert counts(dropped(spanish), "reels") == [1, 0, 0, 0, 0, 0, 0]
    assert counts(dropped(portuguese), "posts") == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("IG image", "posts"), ("IG carousel", "posts"), ("IG reel", "reels"), ("IG story", "stories"),
        ("Reel de Instagram", "reels"), ("Imagem do Instagram", "posts"), ("Reel do Instagram", "reels"),
        ("Carrossel do Instagram", "posts"), ("Imagen de Instagram", "posts"), ("Historia de Instagram", "stories"),
    ],
)  # fmt: skip
def test_every_post_type_is_known(kind: str, column: str) -> None:
    assert counts(dropped(ENGLISH + piece(1, "01/06/2026 12:00", kind)), column) == [0, 1, 0, 0, 0, 0, 0]


def test_an_unknown_post_type_is_left_out_and_said() -> None:
    drop = dropped(ENGLISH + piece(1, "01/06/2026 12:00", "IG image") + piece(2, "01/06/2026 12:00", "IG hologram"))
    assert counts(drop, "posts") == [0, 1, 0, 0, 0, 0, 0]
    (finding,) = [each for each in drop.findings if each.code == "unknown_post_type"]
    assert finding.severity == "warning"
    assert "“IG hologram”" in finding.message


def test_a_post_that_is_listed_twice_counts_once() -> None:
    twice = piece(7, "01/06/2026 12:00", "IG image")
    assert counts(dropped(ENGLISH + twice + twice), "posts") == [0, 1, 0, 0, 0, 0, 0]
    first, second = ENGLISH + twice, ENGLISH + twice + piece(8, "01/08/2026 12:00", "IG image")
    drop = read_drop([("a.csv", first.encode()), ("b.csv", second.encode()), follows("2026-01-05", 7)], today=TODAY)
    assert counts(drop, "posts") == [0, 1, 0, 1, 0, 0, 0]


def test_a_list_that_ends_long_before_the_metrics_leaves_the_rest_open_and_says_so() -> None:
    drop = dropped(ENGLISH + piece(1, "01/06/2026 12:00", "IG image"), number=30)
    posts = counts(drop, "posts")
    assert posts[:2] == [0, 1]
    assert posts[2:] == [None] * 28
    assert sum(finding.code == "activity_ends" for finding in drop.findings) == 1


def test_two_accounts_in_one_export_ask_whose_the_nameless_file_is() -> None:
    content = ENGLISH + piece(1, "01/05/2026 12:00", "IG image") + piece(2, "01/05/2026 12:00", "IG image", "mara")
    drop = dropped(content)
    assert not drop.importable
    (finding,) = [each for each in drop.findings if each.severity == "error"]
    assert finding.code == "question"
    assert "“luna” and “mara”" in finding.message
    (question,) = drop.questions
    assert (question.key, question.proposed) == ("creator", None)
    assert question.sentence == (
        "2 files: “Follows.csv” names no account, and the other files belong to “luna” and “mara”; whose numbers are "
        "they?"
    )
    files = [("Content.csv", content.encode()), follows("2026-01-05", 7)]
    answered = read_drop(files, today=TODAY, answers={"creator": "mara", "unknown": "x"})
    assert (answered.importable, answered.answers) == (True, {"creator": "mara"})
    assert [daily.creator for daily in answered.creators] == ["mara"]
    assert counts(answered, "posts") == [1, 0, 0, 0, 0, 0, 0]
    assert "“luna” has neither daily followers nor new followers" in " ".join(
        each.message for each in answered.findings
    )


def test_a_content_export_alone_says_which_file_is_missing() -> None:
    reading = alone(ENGLISH + piece(1, "01/05/2026 12:00", "IG image"))
    assert not reading.importable
    assert "“Instagram follows”" in reading.findings[0].message


def test_an_unreadable_publish_time_names_its_row() -> None:
    reading = alone(ENGLISH + piece(1, "yesterday", "IG image"))
    assert not reading.importable
    assert "Publish time is no time such as 01/31/2026 18:05 in row 2" in reading.findings[0].message


@pytest.mark.parametrize("how", ["rows quoted again", "rows quoted again under sep", "semicolons", "tabs", "Excel"])
def test_a_content_export_that_a_spreadsheet_saved_again_is_read_all_the_same(how: str) -> None:
    header = ENGLISH.removeprefix("\ufeff").strip()
    # The first title lost its quotes when the row was quoted as a whole.
    header = header.replace('"Post ID"', "Post ID") if "quoted" in how else header
    rows = [
        f'{n},178,luna,"Luna, the one",Hello,0,01/{day} 12:00,https://x.example/{n},{kind},,Lifetime,1,,3,,5,6,'
        for n, day, kind in ((1, "05/2026", "IG image"), (2, "07/2026", "IG reel"))
    ]
    lines = [header, *rows]
    if "quoted" in how:
        lines = ['"' + line.replace('"', '""') + '"' for line in lines]
        data = ("sep=,\n" * ("sep" in how) + "\n".join(lines)).encode("utf-8-sig")
    elif how == "Excel":
        book = openpyxl.Workbook()
        for number, cells in enumerate(csv.reader(lines)):
            if number:
                moment = datetime.strptime(cells[6], "%m/%d/%Y %H:%M")  # noqa: DTZ007 - Excel's times have no zone
                book.active.append([*cells[:6], moment, *cells[7:]])
            else:
                book.active.append(cells)
        saved = io.BytesIO()
        book.save(saved)
        data = saved.getvalue()
    else:
        mark = ";" if how == "semicolons" else "\t"
        written = io.StringIO()
        csv.writer(written, delimiter=mark, lineterminator="\r\n").writerows(csv.reader(lines))
        data = written.getvalue().encode("utf-8" if mark == ";" else "utf-8-sig")
    drop = read_drop([("Content.csv", data), follows("2026-01-05", 4)], today=TODAY)
    assert drop.importable, drop.findings
    assert drop.creators[0].creator == "luna"
    assert counts(drop, "posts") == [1, 0, 0, 0]
    assert counts(drop, "reels") == [0, 0, 1, 0]
    assert drop.creators[0].provenance["posts"].tolist() == [Provenance.OBSERVED] * 4
