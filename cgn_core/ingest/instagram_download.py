"""Instagram's "Download your information": a ZIP of JSON files, of which only what was done on which day is taken.

Nothing is unpacked to disk. Names, captions and links of people are read past and never kept.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from cgn_core.ingest.findings import Findings, RefusedFile
from cgn_core.ingest.fragments import Fragment, Metrics, Piece, Pieces

MOST_MEMBERS = 200_000
MOST_MEMBER_BYTES = 100 * 1024 * 1024
MOST_BYTES = 300 * 1024 * 1024
"""Of all members that are read, unpacked."""
LARGEST_RATIO = 200
"""Unpacked over packed size, beyond which a member is a bomb: text of this kind packs to a tenth."""
_SMALL = 1024 * 1024
_ENCRYPTED = 0x1
# Folders move from export to export; the file's name and its folder's kind stay.
_POSTS = re.compile(r"(?:^|/)(?:media|content)/posts_\d+\.json\Z")
_STORIES = re.compile(r"(?:^|/)(?:media|content)/stories(?:_\d+)?\.json\Z")
_REELS = re.compile(r"(?:^|/)(?:media|content)/reels(?:_\d+)?\.json\Z")
_FOLLOWERS = re.compile(r"(?:^|/)followers(?:_\d+)?\.json\Z")
_KNOWN = {"posts": _POSTS, "stories": _STORIES, "reels": _REELS, "followers": _FOLLOWERS}
_FIRST_SECOND, _LAST_SECOND = 946_684_800, 4_102_444_800
_BROKEN = "has a damaged {}; ask Instagram for the download again and choose JSON."


def is_download(names: list[str]) -> bool:
    """Whether a ZIP's members are those of a download, as JSON or as web pages."""
    return any(pattern.search(name) for name in names for pattern in _KNOWN.values()) or _is_html(names)


def read_download(data: bytes, found: Findings, *, time_zone: str = "UTC") -> tuple[Fragment, ...]:
    """What the account published, and who of today's followers came on which day.

    Args:
        data: the ZIP.
        found: takes the findings.
        time_zone: in which days are cut.

    Raises:
        RefusedFile: a bomb, an encrypted or damaged archive, or a download of web pages.
    """
    zone = ZoneInfo(time_zone)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _fragments(archive, found, zone)
    except (RefusedFile, MemoryError):
        raise
    except Exception as error:  # zipfile, zlib and lzma raise whatever the damaged field makes them raise
        raise RefusedFile("damaged_file", _BROKEN.format("archive")) from error


def _fragments(archive: zipfile.ZipFile, found: Findings, zone: ZoneInfo) -> tuple[Fragment, ...]:
    members = _wanted(archive)
    if not members and _is_html(archive.namelist()):
        raise RefusedFile(
            "web_pages", "holds web pages; ask Instagram for the download again and choose JSON instead of HTML."
        )
    pieces: dict[str, Piece] = {}
    arrivals: Counter[np.datetime64] = Counter()
    columns = set()
    for kind, member in members:
        document = _document(archive, member)
        if kind == "followers":
            arrivals.update(_day(stamp, zone) for stamp in _follower_stamps(document))
            continue
        columns.add(kind)
        for key, stamp in _published(document):
            day = _day(stamp, zone)
            pieces.setdefault(f"{kind} {key}", Piece(f"{kind} {key}", day, kind))
    fragments: list[Fragment] = []
    if pieces:
        fragments.append(Pieces(found.file_name, "", tuple(pieces.values()), frozenset(columns)))
    if arrivals:
        fragments.append(_arrivals(arrivals, found))
    return tuple(fragments)


def _arrivals(arrivals: Mapping[np.datetime64, int], found: Findings) -> Metrics:
    found.add(
        "warning",
        "remaining_followers_only",
        "lists only people who still follow, so past arrivals are too low, the more the longer ago; use Business "
        "Suite's follows where you have them.",
    )
    days = np.array(sorted(arrivals), dtype="datetime64[D]")
    span = np.arange(days[0], days[-1] + np.timedelta64(1, "D"))
    follows = np.array([float(arrivals.get(day, 0)) for day in span])
    # A day on which nobody came who still follows is known to the list as well.
    return Metrics(
        source=found.file_name,
        creator="",
        days=span,
        values={"follows": follows},
        lines=np.zeros(len(span), dtype=np.int64),
        rank=0,
    )


def _wanted(archive: zipfile.ZipFile) -> list[tuple[str, zipfile.ZipInfo]]:
    """The members that are read, sizes checked before any of them is opened."""
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise RefusedFile("archive", f"has {len(infos):,} members and at most {MOST_MEMBERS:,} are looked through.")
    wanted = [(kind, info) for info in infos for kind, pattern in _KNOWN.items() if pattern.search(info.filename)]
    for _, info in wanted:
        if info.flag_bits & _ENCRYPTED:
            raise RefusedFile("encrypted", "is protected by a password; upload the download as Instagram gave it.")
        is_bomb = info.file_size > _SMALL and info.file_size > LARGEST_RATIO * max(info.compress_size, 1)
        if is_bomb or info.file_size > MOST_MEMBER_BYTES:
            raise _too_large()
    if sum(info.file_size for _, info in wanted) > MOST_BYTES:
        raise _too_large()
    return wanted


def _too_large() -> RefusedFile:
    return RefusedFile(
        "too_large_unpacked",
        "unpacks to far more than a download of an account's activity does; upload the ZIP as Instagram gave it.",
    )


def _document(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    with archive.open(info) as stream:
        # A member may hold more than its header says.
        raw = stream.read(info.file_size + 1)
    if len(raw) > info.file_size:
        raise _too_large()
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise RefusedFile("damaged_file", _BROKEN.format(info.filename.rsplit("/", 1)[-1][:60])) from error


def _follower_stamps(document: Any) -> Iterator[int]:
    entries = document.get("relationships_followers") if isinstance(document, dict) else document
    for entry in entries if isinstance(entries, list) else ():
        held = entry.get("string_list_data") if isinstance(entry, dict) else None
        for one in held if isinstance(held, list) else ():
            stamp = _stamp(one.get("timestamp") if isinstance(one, dict) else None)
            if stamp is not None:
                yield stamp


def _published(document: Any) -> Iterator[tuple[str, int]]:
    """An identity and the second of each published piece; a carousel's media are one piece."""
    entries = document
    if isinstance(document, dict):
        entries = next((value for value in document.values() if isinstance(value, list)), [])
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        held = entry.get("media")
        media = [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
        first = media[0] if media else entry
        stamp = _stamp(entry.get("creation_timestamp"))
        stamp = _stamp(first.get("creation_timestamp")) if stamp is None else stamp
        if stamp is not None:
            yield f"{first.get('uri') or stamp}", stamp


def _stamp(value: Any) -> int | None:
    is_second = isinstance(value, int) and not isinstance(value, bool) and _FIRST_SECOND <= value <= _LAST_SECOND
    return value if is_second else None


def _day(stamp: int, zone: ZoneInfo) -> np.datetime64:
    return np.datetime64(datetime.fromtimestamp(stamp, tz=UTC).astimezone(zone).date(), "D")


def _is_html(names: list[str]) -> bool:
    return any(re.search(r"(?:^|/)(?:media|content)/posts_\d+\.html\Z|(?:^|/)followers_\d+\.html\Z", n) for n in names)
