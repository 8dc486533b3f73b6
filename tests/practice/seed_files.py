"""A valid file of every layout, written out by hand; what is mutated in the fuzz tests and read apart in others."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

TODAY = date(2026, 11, 23)
START = date(2026, 1, 5)
DAYS = [START + timedelta(days=step) for step in range(28)]


def own_table() -> list[list[str]]:
    """Header and rows of our own layout."""
    rows = [["date", "followers", "follows", "unfollows", "posts", "reels", "stories", "reach"]]
    for step, day in enumerate(DAYS):
        rows.append([day.isoformat(), *map(str, (1000 + 6 * step, 9, 3, step % 2, int(step % 3 == 0), 2, 400 + step))])
    return rows


def delimited(rows: list[list[str]], *, mark: str = ",", end: str = "\n") -> str:
    """Rows as text, nothing quoted."""
    return "".join(mark.join(row) + end for row in rows)


def many_creators() -> str:
    """Two creators, with days that are provisional or imputed."""
    rows = [["creator", "date", "followers", "posts", "provisional", "imputed"]]
    for name in ("lena.moves", "@north.light"):
        rows += [
            [name, day.isoformat(), str(2000 + step), str(step % 2), "yes" if step > 25 else "", ""]
            for step, day in enumerate(DAYS)
        ]
    return delimited(rows)


def public_set() -> str:
    """The known public set's dates and some of its columns."""
    names = ["username", "date", "followers", "growth", "follows", "unfollows", "posts", "stories", "reels"]
    names += ["ads_posted", "post_time", "reach", "comp_posts", "comp_reels", "comp_stories", "month", "went_viral"]
    rows = [names]
    for step, day in enumerate(DAYS):
        numbers = [1000 + 6 * step, 6, 9, 3, step % 2, 2, int(step % 3 == 0), 0]
        rows.append(
            ["lena.moves", day.strftime("%d-%m-%Y"), *map(str, numbers), "18:30", "500", "1", "0", "3", "1", "0"]
        )
    return delimited(rows)


def social_blade() -> str:
    """Thousands with commas, American dates."""
    rows = ['"date","followers","following","media"']
    rows += [f'"{day.month}/{day.day}/{day.year}","{237224 + 40 * step:,}","310","{500 + step // 2}"' for step, day in enumerate(DAYS)]  # fmt: skip # noqa: E501 - one row
    return "\n".join(rows) + "\n"


def sprout() -> str:
    """Sprout's daily profile report."""
    rows = [["Date", "Profile", "Network", "Published Posts", "Followers", "Net Follower Growth"]]
    rows += [
        [day.strftime("%m/%d/%Y"), "lena.moves", "Instagram", str(step % 2), str(1000 + 6 * step), "6"]
        for step, day in enumerate(DAYS)
    ]
    return delimited(rows)


def suite_metric(title: str, *, first: str = "Date") -> str:
    """One of Business Suite's daily metrics."""
    lines = ["sep=,", f'"{title}"', f'"{first}","Primary"']
    lines += [f'"{day.isoformat()}T00:00:00","{12 + step % 5}"' for step, day in enumerate(DAYS) if step % 9 != 5]
    return "\n".join(lines) + "\n\n"


def suite_content() -> str:
    """Business Suite's list of what was published."""
    names = (
        '"Post ID","Account ID","Account username","Account name",Description,"Duration (sec)","Publish time",'
        'Permalink,"Post type","Data comment",Date,Views,Reach,Likes,Shares,Follows,Comments,Saves'
    )
    kinds = ("IG image", "IG reel", "IG carousel", "IG story")
    rows = [
        f'"18{step:04d}","17","lena.moves","Lena","A walk, ""again""",0,"{day.strftime("%m/%d/%Y")} 11:05",'
        f'"https://www.instagram.com/p/{step}/","{kinds[step % 4]}",,Lifetime,900,700,{step},2,1,,3'
        for step, day in enumerate(DAYS)
    ]
    return "\n".join([names, *rows]) + "\n"


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    """A ZIP, its members packed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def download() -> bytes:
    """Instagram's download as JSON."""
    stamps = [int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) for day in DAYS]
    followers = [
        {"title": "", "media_list_data": [], "string_list_data": [{"href": "", "value": "x", "timestamp": stamp}]}
        for stamp in reversed(stamps)
    ]
    posts = [{"media": [{"uri": f"media/{stamp}.jpg", "creation_timestamp": stamp, "title": "A walk"}]} for stamp in stamps[::2]]  # fmt: skip # noqa: E501 - one record
    stories = {"ig_stories": [{"uri": f"s/{stamp}.jpg", "creation_timestamp": stamp, "title": ""} for stamp in stamps]}
    return zipped(
        {
            "connections/followers_and_following/followers_1.json": json.dumps(followers),
            "your_instagram_activity/media/posts_1.json": json.dumps(posts),
            "your_instagram_activity/media/stories.json": json.dumps(stories),
        }
    )


SHEET_HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
SHEET_END = "</sheetData></worksheet>"


def workbook_members(sheet: str, *, shared: str = "") -> dict[str, bytes | str]:
    """The parts of an Excel workbook of one sheet, by name."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    members: dict[str, bytes | str] = {
        "[Content_Types].xml": f'{head}<Types xmlns="{packages}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{types}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'{head}<Relationships xmlns="{packages}/relationships">'
        f'<Relationship Id="rId1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{head}<workbook xmlns="{main}" xmlns:r="{relations}">'
        '<sheets><sheet name="Daily" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{packages}/relationships">'
        f'<Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{relations}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": head + sheet,
        "xl/sharedStrings.xml": head + (shared or f'<sst xmlns="{main}"/>'),
    }
    return members


def sheet_of(rows: list[list[str]]) -> str:
    """A sheet with numbers as numbers and texts inline."""
    lines = []
    for line, row in enumerate(rows, start=1):
        cells = "".join(
            f'<c r="{chr(65 + place)}{line}"><v>{cell}</v></c>'
            if cell.isdecimal()
            else f'<c r="{chr(65 + place)}{line}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for place, cell in enumerate(row)
        )
        lines.append(f'<row r="{line}">{cells}</row>')
    return SHEET_HEAD + "".join(lines) + SHEET_END


def workbook() -> bytes:
    """Our own layout in Excel."""
    return zipped(workbook_members(sheet_of(own_table())))


def records() -> list[dict[str, str]]:
    """Our own layout as JSON records."""
    header, *rows = own_table()
    return [dict(zip(header, row, strict=True)) for row in rows]


def _columns() -> dict[str, list[str]]:
    header, *rows = own_table()
    return {name: [row[place] for row in rows] for place, name in enumerate(header)}


SEEDS: dict[str, bytes] = {
    "own.csv": delimited(own_table()).encode(),
    "excel.csv": delimited(own_table(), mark=";", end="\r\n").encode("utf-8-sig"),
    "own.tsv": delimited(own_table(), mark="\t").encode("utf-16"),
    "creators.csv": many_creators().encode(),
    "public.csv": public_set().encode(),
    "social_blade.csv": social_blade().encode("latin-1"),
    "sprout.csv": sprout().encode("utf-8-sig"),
    "Follows.csv": suite_metric("Instagram follows").encode("utf-16"),
    "Visitas.csv": suite_metric("Visitas ao perfil do Instagram", first="Data").encode("utf-16"),
    "Audience.csv": (suite_metric("Follows") + suite_metric("Instagram follows")).encode("utf-16"),
    "content.csv": suite_content().encode("utf-8-sig"),
    "instagram.zip": download(),
    "own.xlsx": workbook(),
    "records.json": json.dumps(records()).encode(),
    "nested.json": json.dumps({"account": "lena.moves", "days": records()}).encode(),
    "columns.json": json.dumps(_columns()).encode(),
    "lines.json": "\n".join(json.dumps(record) for record in records()).encode(),
}
"""By the name a browser would give."""

DROPS: list[tuple[str, ...]] = [
    ("Follows.csv", "content.csv"),
    ("Follows.csv", "Visitas.csv", "content.csv", "instagram.zip"),
    ("own.csv", "own.xlsx"),
    ("Audience.csv", "Visitas.csv"),
    ("creators.csv", "Follows.csv"),
    ("own.csv", "own.csv"),
]
"""Names of seeds that are dropped together."""
