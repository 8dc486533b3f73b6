"""The files of creators as the platform writes them, byte by byte, against every cell of the table they become."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.ingest.drops import Drop, read_drop
from cgn_core.ingest.reading import read_bytes
from cgn_core.tables import Daily, Provenance

TODAY = date(2026, 3, 1)
MARKS = {Provenance.MISSING: "-", Provenance.OBSERVED: "", Provenance.IMPUTED: "i", Provenance.PROVISIONAL: "p"}
MONDAY = np.datetime64("2026-01-05")


def cells(daily: Daily) -> dict[str, list[str]]:
    """Every cell as its number and the mark of its provenance: ``12``, ``12p`` provisional, ``12i`` imputed, ``-``."""
    told = {"date": daily.frame["date"].dt.strftime("%m-%d").tolist()}
    for name in daily.columns:
        marks = [MARKS[Provenance(code)] for code in daily.provenance[name]]
        numbers = daily.frame[name].tolist()
        assert [np.isnan(number) for number in numbers] == [mark == "-" for mark in marks]
        told[name] = [
            mark if mark == "-" else f"{number:.10g}{mark}" for number, mark in zip(numbers, marks, strict=True)
        ]
    return told


def suite(title: str, values: list[int | None], *, first: int = 0, header: str = '"Date","Primary"') -> bytes:
    """A daily metric file: UTF-16LE with its mark, LF, ``sep=,``, a blank line at the end; None: a day left out."""
    rows = "".join(
        f'"{MONDAY + np.timedelta64(first + step, "D")}T00:00:00","{value}"\n'
        for step, value in enumerate(values)
        if value is not None
    )
    return b"\xff\xfe" + f'sep=,\n"{title}"\n{header}\n{rows}\n'.encode("utf-16-le")


def drop_of(*files: tuple[str, bytes], answers: dict[str, str] | None = None) -> Drop:
    return read_drop(files, today=TODAY, answers=answers or {})


def one(drop: Drop) -> dict[str, list[str]]:
    assert drop.importable, drop.findings
    (daily,) = drop.creators
    return cells(daily)


DAYS = ["01-05", "01-06", "01-07", "01-08", "01-09"]
CONTENT = (
    '\ufeff"Post ID","Account ID","Account username","Account name",Description,"Duration (sec)","Publish time",'
    'Permalink,"Post type","Data comment",Date,Views,Reach,Likes,Shares,Follows,Comments,Saves\n'
    '1,178,luna,"Luna, the one","Two\nlines",0,01/05/2026 18:05,https://x.example/1,IG image,,Lifetime,9,8,7,6,5,4,3\n'
    '2,178,luna,"Luna, the one",,12,01/07/2026 23:59,https://x.example/2,IG reel,,Lifetime,9,,7,,5,,3\n'
    '3,178,luna,"Luna, the one",Hello,0,01/07/2026 00:00,https://x.example/3,IG carousel,,Lifetime,9,8,7,6,5,4,3\n'
).encode()
FIVE = (
    ("Follows.csv", suite("Instagram follows", [12, None, 7])),
    ("Reach.csv", suite("Instagram reach", [100, 101, 102, 103, 104])),
    ("Views.csv", suite("Views", [200, 201, 202, 203, 204])),
    ("Interactions.csv", suite("Content interactions", [30, 31, 32, 33, 34])),
    ("Visits.csv", suite("Instagram profile visits", [40, 41, 42, 43, 44])),
)
JOINED = {
    "date": DAYS,
    "follows": ["12p", "0", "7p", "-", "-"],
    "reach": ["100", "101", "102", "103p", "104p"],
    "views": ["200", "201", "202", "203p", "204p"],
    "profile_visits": ["40", "41", "42", "43p", "44p"],
    "interactions": ["30", "31", "32", "33p", "34p"],
}


def test_five_files_of_one_account_need_no_answer_and_are_one_table_in_any_order() -> None:
    drop = drop_of(*FIVE)
    assert one(drop) == JOINED
    assert all(question.proposed is not None for question in drop.questions)
    for number, files in enumerate(permutations(FIVE)):
        if number % 24 == 7:
            again = drop_of(*files)
            assert one(again) == JOINED
            assert sorted(each.message for each in again.findings) == sorted(each.message for each in drop.findings)
    (account,) = drop.accounts
    named = {name: [account.sources[at] if at >= 0 else "" for at in places] for name, places in account.places.items()}
    assert named["follows"] == ["Follows.csv"] * 3 + ["", ""]
    assert named["views"] == ["Views.csv"] * 5


def test_the_content_file_beside_them_gives_the_activity_of_each_day() -> None:
    assert one(drop_of(*FIVE, ("Content.csv", CONTENT))) == JOINED | {
        "posts": ["1", "0", "1", "0", "0"],
        "reels": ["0", "0", "1", "0", "0"],
    }


@pytest.mark.parametrize(
    ("title", "header", "canonical"),
    [
        ("Seguidores no Instagram", '"Data","Primary"', "follows"),
        ("Seguidores de Instagram", '"Fecha","Primary"', "follows"),
        ("Instagram follows", '"Date","Instagram follows"', "follows"),
        ("Alcance do Instagram", '"Data","Primary"', "reach"),
        ("Alcance", '"Fecha","Primary"', "reach"),
        ("Visualizações", '"Data","Primary"', "views"),
        ("Visualizaciones", '"Fecha","Primary"', "views"),
        ("Interações com o conteúdo", '"Data","Primary"', "interactions"),
        ("Interacciones con el contenido", '"Fecha","Primary"', "interactions"),
        ("Visitas ao perfil do Instagram", '"Data","Primary"', "profile_visits"),
        ("Visitas al perfil de Instagram", '"Fecha","Primary"', "profile_visits"),
    ],
)
def test_daily_metrics_in_every_language(title: str, header: str, canonical: str) -> None:
    files = [("m.csv", suite(title, [5, 6, 7], header=header))]
    told = {canonical: ["5", "6p", "7p"]}
    if canonical != "follows":
        files.append(("f.csv", suite("Instagram follows", [1, 2, 3])))
        told = {"follows": ["1", "2p", "3p"]} | told
    assert one(drop_of(*files)) == {"date": DAYS[:3]} | told


def test_days_between_two_exports_of_follows_are_not_there_yet_and_no_zeros() -> None:
    drop = drop_of(
        ("January.csv", suite("Instagram follows", [9, 8])),
        ("Later.csv", suite("Instagram follows", [7], first=4)),
        ("Reach.csv", suite("Instagram reach", [50, 51, 52, 53, 54])),
    )
    assert one(drop)["follows"] == ["9p", "8p", "-", "-", "7p"]


def test_somebodys_own_follower_counts_prove_nothing_of_what_the_platform_exported() -> None:
    own = b"date,followers\n" + b"".join(b"2026-01-%02d,%d\n" % (day, 100 + day) for day in range(5, 10))
    drop = drop_of(("Follows.csv", suite("Instagram follows", [9, None, 8, 7, 6])), ("Own.csv", own))
    assert one(drop)["follows"] == ["9", "-", "8", "7p", "6p"]


def test_what_audience_stacks_beside_daily_blocks_is_named_as_left_out() -> None:
    text = (
        'sep=,\n"Instagram followers"\n"124310"\n\n"Age & gender"\n"","Women","Men"\n"18-24","10.2%","4.1%"\n\n'
        '"Top cities"\n"Lisbon, Portugal","Porto, Portugal"\n"11.2","8.1"\n\n'
        '"Instagram follows"\n"Date","Primary"\n"2026-01-05T00:00:00","3"\n"2026-01-06T01:00:00","4"\n\n'
    )
    reading = read_bytes(b"\xff\xfe" + text.encode("utf-16-le"), file_name="Audience.csv", today=TODAY)
    assert cells(reading.creators[0]) == {"date": DAYS[:2], "follows": ["3p", "4p"]}
    (said,) = [each.message for each in reading.findings if each.code == "blocks_left_out"]
    assert said.startswith(
        "Audience.csv: “Instagram followers”, “Age & gender” and “Top cities” are not a daily metric"
    )


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffInstagram follows;\r\nDate;Primary\r\n2026-01-05T00:00:00;3\r\n2026-01-06T00:00:00;4\r\n".encode(),
        b"Instagram follows\r\nDate\tPrimary\r\n2026-01-05T00:00:00\t3\r\n2026-01-06T00:00:00\t4\r\n",
        b'"Date,""Primary"""\n"2026-01-05T00:00:00,""3"""\n"2026-01-06T00:00:00,""4"""\n',
    ],
    ids=["semicolons", "tabs with CRLF", "rows quoted again"],
)
def test_daily_metrics_that_a_spreadsheet_saved_again(data: bytes) -> None:
    data = b"Instagram follows\n" + data if data.startswith(b'"Date,') else data
    reading = read_bytes(data, file_name="f.csv", today=TODAY)
    assert cells(reading.creators[0]) == {"date": DAYS[:2], "follows": ["3p", "4p"]}


def test_a_nameless_title_beside_facebooks_own_file_is_asked_about() -> None:
    files = (
        ("Facebook.csv", suite("Follows", [900, 901, 902])),
        ("Follows.csv", suite("Instagram follows", [1, 2, 3])),
        ("Reach.csv", suite("Reach", [10, 11, 12])),
    )
    drop = drop_of(*files)
    assert not drop.importable
    (question,) = [each for each in drop.questions if each.proposed is None]
    assert (
        "Reach.csv: “Reach” names no platform, and other files beside it have Facebook's numbers" in question.sentence
    )
    follows = {"date": DAYS[:3], "follows": ["1", "2p", "3p"]}
    assert one(drop_of(*files, answers={question.key: "facebook"})) == follows
    assert one(drop_of(*files, answers={question.key: "instagram"})) == follows | {"reach": ["10", "11p", "12p"]}


def test_two_files_of_one_metric_that_tell_every_day_otherwise_are_asked_about_one_by_one() -> None:
    files = (
        ("Follows.csv", suite("Instagram follows", list(range(8)))),
        ("Reach.csv", suite("Reach", list(range(10, 18)))),
        ("Reach (1).csv", suite("Reach", list(range(70, 78)))),
    )
    open_ = [each for each in drop_of(*files).questions if each.proposed is None]
    assert len({each.key for each in open_}) == 2
    answers = {each.key: "facebook" if "(1)" in each.sentence else "instagram" for each in open_}
    told = one(drop_of(*files, answers=answers))
    assert told["reach"] == ["10", "11", "12", "13", "14", "15", "16p", "17p"]


def test_files_of_one_name_that_disagree_are_told_apart() -> None:
    files = [
        ("Follows.csv", suite("Instagram follows", [1, 2, 3])),
        ("Follows.csv", suite("Instagram follows", [9, 4], first=2)),
    ]
    drop = drop_of(*files)
    assert one(drop)["follows"] == ["1", "2p", "9p", "4p"]
    (said,) = [each.message for each in drop.findings if each.code == "files_disagree"]
    assert "“Follows.csv”" in said
    assert "“Follows.csv [2]”" in said
    assert one(drop_of(*files[::-1])) == one(drop)


@settings(max_examples=25, deadline=None)
@given(
    columns=st.permutations(["reach", "views", "profile_visits"]),
    cut=st.integers(1, 9),
    order=st.randoms(use_true_random=False),
)
def test_metrics_split_by_days_and_columns_are_the_table_of_their_blocks_in_one_file(
    columns: list[str], cut: int, order: Any
) -> None:
    titles = {"reach": "Instagram reach", "views": "Instagram views", "profile_visits": "Instagram profile visits"}
    values: dict[str, list[int | None]] = {name: [40 * at + day for day in range(12)] for at, name in enumerate(titles)}
    follows = suite("Instagram follows", [5, None, None, 3, None, 8, 1, 1, 2, 3])
    split = columns[0]
    parts = [suite(titles[split], values[split][:cut]), suite(titles[split], values[split][cut:], first=cut)]
    files = [follows, *parts, *(suite(titles[name], values[name]) for name in columns[1:])]
    whole = [follows, *(suite(titles[name], values[name]) for name in titles)]
    order.shuffle(files)
    (found,) = drop_of(*((f"{at}.csv", data) for at, data in enumerate(files))).creators
    (wanted,) = drop_of(*((f"{at}.csv", data) for at, data in enumerate(whole))).creators
    pd.testing.assert_frame_equal(found.frame, wanted.frame)
    # The newest days of an export that ends earlier may still have been corrected.
    older = found.provenance[split].to_numpy() != wanted.provenance[split].to_numpy()
    assert set(np.flatnonzero(older)) <= {cut - 1, cut - 2}


def second(day: int, hour: int) -> int:
    return int(datetime(2026, 1, day, hour, tzinfo=UTC).timestamp())


def follower(name: str, stamp: int) -> dict[str, Any]:
    held = [{"href": f"https://x.example/{name}", "value": name, "timestamp": stamp}]
    return {"title": "", "media_list_data": [], "string_list_data": held}


@pytest.mark.parametrize("folders", ["today's", "older"])
def test_a_whole_download_with_carousels_stories_reels_and_two_follower_files(folders: str) -> None:
    is_old = folders == "older"
    media, circle = (
        ("content/", "followers_and_following/")
        if is_old
        else ("your_instagram_activity/media/", "connections/followers_and_following/")
    )
    newest_first = [follower("a", second(7, 9)), follower("b", second(5, 23))]
    older = [follower("c", second(5, 1))]
    broken = "OlÃ¡ ðŸŽ‰"
    members: dict[str, Any] = {
        f"{circle}followers_1.json": {"relationships_followers": newest_first} if is_old else newest_first,
        f"{circle}followers_2.json": {"relationships_followers": older} if is_old else older,
        f"{media}posts_1.json": [
            {"media": [{"uri": "m/1.jpg", "creation_timestamp": second(6, 8), "title": broken}]},
            {
                "media": [{"uri": f"m/2{at}.jpg", "creation_timestamp": second(5, 8), "title": ""} for at in range(3)],
                "title": broken,
                "creation_timestamp": second(7, 8),
            },
        ],
        f"{media}stories.json": {"ig_stories": [{"uri": "s", "creation_timestamp": second(6, 7), "title": broken}]},
        f"{media}reels.json": {"ig_reels_media": [{"media": [{"uri": "r", "creation_timestamp": second(7, 1)}]}]},
        "logged_information/past_instagram_insights/posts.json": {"Visão": []},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"instagram-luna/{name}", json.dumps(content))
    reading = read_bytes(packed.getvalue(), file_name="luna.zip", today=TODAY)
    assert cells(reading.creators[0]) == {
        "date": DAYS[:3],
        "follows": ["2", "0", "1"],
        "posts": ["0", "1", "1"],
        "reels": ["0", "0", "1"],
        "stories": ["0", "1", "0"],
    }
    assert "remaining_followers_only" in {each.code for each in reading.findings}
    # A quarter of a day to the west, some of it was the evening before.
    west = read_bytes(packed.getvalue(), file_name="luna.zip", today=TODAY, time_zone="America/Sao_Paulo")
    assert cells(west.creators[0])["follows"][:2] == ["1", "1"]
    assert west.creators[0].frame["date"].iloc[0] == pd.Timestamp("2026-01-04")


def test_social_blade_in_latin_1_with_month_first_and_thousands() -> None:
    data = 'date,followers,following,media\n1/12/2026,"237,224",310,"1,204"\n1/13/2026,"237,301",310,"1,206"\n'
    reading = read_bytes(data.encode("latin-1"), file_name="sb.csv", today=TODAY)
    told = cells(reading.creators[0])
    assert (told["date"], told["followers"]) == (["01-12", "01-13"], ["237224", "237301"])


def test_sprout_with_a_byte_order_mark() -> None:
    data = (
        "\ufeffDate,Profile,Network,Published Posts,Followers,Net Follower Growth\n"
        '01-05-2026,luna,Instagram,2,"1,200",4\n01-06-2026,luna,Instagram,0,"1,207",7\n01-13-2026,luna,Instagram,1,,\n'
    )
    told = cells(read_bytes(data.encode(), file_name="sprout.csv", today=TODAY).creators[0])
    assert told["followers"] == ["1200", "1207", *["-"] * 7]
    assert told["date"][-1] == "01-13"


SPANISH = (
    "\ufeffIdentificador de la publicación,Nombre de usuario de la cuenta,Hora de publicación,Enlace permanente,"
    "Tipo de publicación,Fecha,Visualizaciones,Alcance,Me gusta,Veces que se ha compartido,Seguidores,Veces guardado\n"
    "1,luna,01/06/2026 10:00,https://x.example/1,Reel de Instagram,Total,9,8,7,6,5,4\n"
    "2,luna,01/05/2026 10:00,https://x.example/2,Imagen de Instagram,Total,9,,,6,5,\n"
)
PORTUGUESE = (
    "\ufeffHorário de publicação,Tipo de publicação,Identificação da publicação,Nome de usuário da conta,Data,Curtidas,"
    "Compartilhamentos,Salvamentos,Alcance,Seguimentos\n"
    "01/06/2026 10:00,Reel do Instagram,1,luna,Vitalício,1,2,,4,5\n"
    "01/05/2026 10:00,Carrossel do Instagram,2,luna,Vitalício,1,,3,4,\n"
)


@pytest.mark.parametrize("text", [SPANISH, PORTUGUESE], ids=["es", "pt"])
def test_content_in_other_languages_and_orders_with_blank_cells_and_no_date_in_its_date_column(text: str) -> None:
    drop = drop_of(("Content.csv", text.encode()), ("F.csv", suite("Instagram follows", [1, 2, 3])))
    assert one(drop) == {
        "date": DAYS[:3],
        "follows": ["1", "2p", "3p"],
        "posts": ["1", "0", "0"],
        "reels": ["0", "1", "0"],
    }
    assert drop.creators[0].creator == "luna"


@pytest.mark.parametrize("kind", ["xlsx", "json", "json lines"])
def test_excel_and_json_hold_the_same_cells(kind: str) -> None:
    rows = [("2026-01-05", 100, 2, None), ("2026-01-06", None, 0, 1.5), ("2026-01-08", 104, 1, 0)]
    names = ("date", "followers", "posts", "minutes_spent")
    records = [dict(zip(names, row, strict=True)) for row in rows]
    if kind == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for cells_ in (("Numbers of January",), (), names, *rows):
            sheet.append(cells_)
        saved = io.BytesIO()
        book.save(saved)
        data = saved.getvalue()
    else:
        lines = "\n".join(json.dumps(each) for each in records)
        data = (json.dumps({"data": records}) if kind == "json" else lines).encode()
    # Its name says nothing of what a file is.
    reading = read_bytes(data, file_name="numbers.csv", today=TODAY)
    assert cells(reading.creators[0]) == {
        "date": DAYS[:4],
        "followers": ["100", "-", "-", "104"],
        "posts": ["2", "0", "-", "1"],
        "minutes_spent": ["-", "1.5", "-", "0"],
    }


def test_weeks_between_two_exports_are_unknown_and_no_collapse_of_growth() -> None:
    drop = drop_of(
        ("January.csv", suite("Instagram follows", [10] * 14)),
        ("February.csv", suite("Instagram follows", [10] * 14, first=28)),
        ("Reach.csv", suite("Instagram reach", [500] * 48)),
    )
    weekly = drop.creators[0].weekly()
    growth = weekly["net_growth"].where(weekly["is_target"])
    # The newest two days of each export are provisional, so their weeks aren't settled either.
    assert growth.dropna().tolist() == [70, 70]
    assert weekly["is_target"].tolist() == [True, False, False, False, True, False]
    assert weekly["net_growth"].iloc[2:4].isna().all()
