"""Instagram's "Download your information": counts per day out of a ZIP, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from cgn_core.ingest.drops import Drop, read_drop
from cgn_core.ingest.reading import Reading, read_bytes

TODAY = date(2026, 3, 1)


def second(day: int, hour: int = 12) -> int:
    return int(datetime(2026, 1, day, hour, tzinfo=UTC).timestamp())


def packed(members: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content if isinstance(content, (str, bytes)) else json.dumps(content))
    return buffer.getvalue()


def follower(name: str, stamp: int) -> dict[str, Any]:
    href = f"https://www.instagram.com/{name}"
    return {"title": "", "media_list_data": [], "string_list_data": [{"href": href, "value": name, "timestamp": stamp}]}


def post(*media: int, stamp: int | None = None, title: str = "Ol\u00c3\u00a1") -> dict[str, Any]:
    entry: dict[str, Any] = {
        "media": [
            {"uri": f"media/posts/{at}_{n}.jpg", "creation_timestamp": at, "title": title} for n, at in enumerate(media)
        ]
    }
    return entry if stamp is None else {**entry, "title": title, "creation_timestamp": stamp}


FOLLOWERS = [follower("ana.privada", second(7)), follower("b", second(5, 23)), follower("c", second(5))]
MEDIA = "your_instagram_activity/media/"
CIRCLE = "connections/followers_and_following/"


def read(members: dict[str, Any], *, zone: str = "UTC") -> Reading:
    return read_bytes(packed(members), file_name="download.zip", today=TODAY, time_zone=zone)


def column(reading: Reading | Drop, name: str) -> list[float | None]:
    (daily,) = reading.creators
    return [None if np.isnan(value) else value for value in daily.frame[name].tolist()]


def test_followers_who_still_follow_are_counted_by_day_and_the_bias_is_said() -> None:
    reading = read({CIRCLE + "followers_1.json": FOLLOWERS})
    assert reading.importable
    assert (reading.format, reading.file_type) == ("instagram_download", "zip")
    assert column(reading, "follows") == [2, 0, 1]
    assert [finding.severity for finding in reading.findings if finding.code == "remaining_followers_only"] == [
        "warning"
    ]


def test_followers_go_on_in_a_second_file_and_older_downloads_wrap_them() -> None:
    reading = read({CIRCLE + "followers_1.json": FOLLOWERS, CIRCLE + "followers_2.json": [follower("d", second(6))]})
    assert column(reading, "follows") == [2, 1, 1]
    older = read({"followers_and_following/followers.json": {"relationships_followers": FOLLOWERS}})
    assert column(older, "follows") == [2, 0, 1]


@pytest.mark.parametrize("folder", [MEDIA, "content/", "instagram-luna-2026/your_instagram_activity/media/"])
def test_folders_move_and_posts_are_found_by_their_path_s_end(folder: str) -> None:
    reading = read(
        {CIRCLE + "followers_1.json": FOLLOWERS, folder + "posts_1.json": [post(second(6)), post(second(7))]}
    )
    assert column(reading, "posts") == [0, 1, 1]


def test_a_carousel_is_one_post_with_its_own_time() -> None:
    carousel = post(second(5), second(5), second(5), stamp=second(6))
    reading = read({CIRCLE + "followers_1.json": FOLLOWERS, MEDIA + "posts_1.json": [carousel]})
    assert column(reading, "posts") == [0, 1, 0]


def test_stories_and_reels_have_files_of_their_own() -> None:
    story = {"uri": "media/stories/1.jpg", "creation_timestamp": second(5), "title": ""}
    other = {"uri": "media/stories/2.jpg", "creation_timestamp": second(5, 13), "title": ""}
    reading = read(
        {
            CIRCLE + "followers_1.json": FOLLOWERS,
            MEDIA + "stories.json": {"ig_stories": [story, other]},
            MEDIA + "reels.json": {"ig_reels_media": [post(second(7))]},
        }
    )
    assert column(reading, "stories") == [2, 0, 0]
    assert column(reading, "reels") == [0, 0, 1]
    assert "posts" not in reading.creators[0].columns


def test_days_are_cut_in_the_workspace_s_time_zone() -> None:
    reading = read({CIRCLE + "followers_1.json": FOLLOWERS}, zone="Europe/Madrid")
    assert column(reading, "follows") == [1, 1, 1]


def test_names_captions_and_links_are_dropped_at_the_door() -> None:
    reading = read({CIRCLE + "followers_1.json": FOLLOWERS, MEDIA + "posts_1.json": [post(second(6))]})
    (daily,) = reading.creators
    kept = json.dumps(reading.to_json()) + daily.frame.to_csv() + daily.creator
    for text in ("ana.privada", "instagram.com", "Ol\u00c3\u00a1", "Olá", "media/posts"):
        assert text not in kept


def test_insight_files_and_all_others_are_not_read() -> None:
    reading = read(
        {CIRCLE + "followers_1.json": FOLLOWERS, "past_instagram_insights/posts.json": "{broken", "x/y.json": "{broken"}
    )
    assert reading.importable


def test_business_suite_s_follows_win_over_the_followers_who_are_left() -> None:
    text = 'sep=,\n"Instagram follows"\n"Date","Primary"\n"2026-01-05T00:00:00","40"\n"2026-01-06T00:00:00","41"\n'
    drop = read_drop(
        [
            ("follows.csv", b"\xff\xfe" + text.encode("utf-16-le")),
            (
                "download.zip",
                packed({CIRCLE + "followers_1.json": FOLLOWERS, MEDIA + "posts_1.json": [post(second(5))]}),
            ),
        ],
        today=TODAY,
    )
    assert column(drop, "follows") == [40, 41, 1]
    assert column(drop, "posts") == [1, 0, 0]


@pytest.mark.parametrize(
    ("members", "code", "sentence"),
    [
        ({CIRCLE + "followers_1.json": "[{"}, "damaged_file", "has a damaged followers_1.json"),
        ({CIRCLE + "followers_1.html": "<html>"}, "web_pages", "choose JSON instead of HTML"),
        ({CIRCLE + "followers_1.json": []}, "no_rows", "holds no day of a metric that is used here"),
        ({"notes.txt": "hello"}, "archive", "without an Excel workbook"),
        ({CIRCLE + "followers_1.json": b" " * 60_000_000}, "too_large_unpacked", "unpacks to far more"),
    ],
    ids=["broken JSON", "web pages", "empty", "another archive", "bomb"],
)
def test_a_zip_that_can_not_be_used_is_one_sentence(members: dict[str, Any], code: str, sentence: str) -> None:
    reading = read(members)
    assert (reading.importable, reading.creators) == (False, ())
    assert reading.findings[0].code == code
    assert sentence in reading.findings[0].message


def test_paths_that_climb_out_of_the_archive_write_nothing_and_are_read_by_their_end() -> None:
    reading = read({"../../etc/followers_1.json": FOLLOWERS})
    assert column(reading, "follows") == [2, 0, 1]


def test_values_of_the_wrong_kind_are_passed_over() -> None:
    odd = [None, 3, {"string_list_data": "x"}, {"string_list_data": [{"timestamp": True}, {"timestamp": 10**30}, 7]}]
    reading = read({CIRCLE + "followers_1.json": [*odd, *FOLLOWERS], MEDIA + "posts_1.json": [None, {"media": 3}, {}]})
    assert column(reading, "follows") == [2, 0, 1]
