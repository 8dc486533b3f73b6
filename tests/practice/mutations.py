"""Real files made wrong as somebody or something may: their bytes, cells, header, encoding and archive."""

from __future__ import annotations

import codecs
import csv
import io
import random
import warnings
import zipfile
from collections.abc import Callable

from hypothesis import strategies as st
from seed_files import DROPS, SEEDS

Files = list[tuple[str, bytes]]
Change = Callable[[random.Random, bytes], bytes]

ARCHIVES = ("instagram.zip", "own.xlsx")
TEXTS = tuple(name for name in SEEDS if name not in ARCHIVES)
MARKS = {"excel.csv": ";", "own.tsv": "\t"}

CELLS = (
    "", " ", "-", "x", "-5", "0", "1,234", "1.234", "12,5", "63.3K", "12,3 %", "1e400", "1e308", "9" * 30, "9" * 5000,
    "nan", "inf", "-inf", "0x1F", "=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "2026-01-05", "05-01-2026", "2026-02-30",
    "9999-12-31", "0001-01-01", "1969-12-31", "2026-01-05T25:61:00", "Jan 5, 2026", "5 de jan. de 2026", "46053",
    "1780000000", "date", "creator", '"', '""', "'", "\u2212", "\x00", "\t", "\n", "\r", ",", ";", "true", "followers",
    "\ufeff", "é", "\u202e", "\ud800", "a" * 40_000, "<script>alert(1)</script>", "../../etc/passwd", "Ⅷ", "١٢٣", "½",
)  # fmt: skip
"""What a cell may be changed to."""
NAMES = (
    "date", "Date", "Data", "Datum", "followers", "Followers", "creator", "Profile", "posts", "reels", "follows",
    "unfollows", "provisional", "imputed", "comp_posts", "Primary", "Publish time", "Post type", "Network", "", " ",
    "\ufeffdate", "date ", "FOLLOWERS", "é", "x" * 5000, "=1+1", "1", "username", "Ending followers",
)  # fmt: skip
"""What a column may be called."""
ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "latin-1", "cp1252", "mac-roman",
    "cp037", "shift_jis", "gb18030",
)  # fmt: skip
MARKERS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, b"\xef\xbb", b"\xff")
PATHS = (
    "../../../etc/passwd", "/etc/passwd", "..\\..\\windows\\system32\\x", "C:\\x", "//host/share/x", "a\x00b.json",
    "media/../../posts_1.json", "n" * 60_000, "xl/../../worksheets/sheet1.xml", "./xl/worksheets/sheet1.xml", "CON",
    "é\u202e/posts_1.json", "a/" * 400 + "posts_1.json", " ", ".", "..", "xl/worksheets/", "media/posts_2.json",
)  # fmt: skip
"""What a member may be called: paths out of the archive, devices, names without end."""
SYMLINK, DEVICE, DIRECTORY = 0o120777, 0o060666, 0o040777


def decoded(name: str, data: bytes) -> str:
    """A seed as text."""
    return data.decode("latin-1" if name == "social_blade.csv" else "utf-16" if data[:2] == b"\xff\xfe" else "utf-8")


def encoded(like: bytes, text: str) -> bytes:
    """Text in the encoding that a seed has."""
    return text.encode("utf-16" if like[:2] == b"\xff\xfe" else "utf-8", errors="surrogatepass")


def change_bytes(dice: random.Random, data: bytes) -> bytes:
    """One change that knows nothing of what the bytes mean."""
    at, size = dice.randrange(len(data) + 1), dice.choice((1, 1, 2, 7, 64, 1000))
    noise = dice.choice((dice.randbytes(size), b"\x00" * size, b"\xff" * size, bytes([dice.randrange(256)]) * size))
    kind = dice.randrange(6)
    if kind == 0:
        return dice.choice((data[:at], data[at:]))
    if kind == 1:
        return data[:at] + noise + data[at:]
    if kind == 2:
        return data[:at] + data[at : at + size] * dice.choice((0, 2, 50)) + data[at + size :]
    if kind == 3:
        other = dice.choice(list(SEEDS.values()))
        return data[:at] + other[dice.randrange(len(other)) :]
    if kind == 4 and data:
        flipped = bytearray(data)
        for _ in range(min(size, 64)):
            flipped[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        return bytes(flipped)
    return data[:at] + noise + data[at + size :]


def change_cells(dice: random.Random, name: str, data: bytes) -> bytes:
    """Cells, rows and lines of a table changed, left out, doubled or put elsewhere."""
    rows, mark = _rows(name, data)
    for _ in range(dice.choice((1, 1, 3, 20))):
        at = dice.randrange(len(rows))
        row = rows[at]
        kind = dice.randrange(9)
        if kind < 4 and row:
            row[dice.randrange(len(row))] = dice.choice(CELLS)
        elif kind == 4 and len(rows) > 1:
            del rows[at]
        elif kind == 5:
            rows.insert(dice.randrange(len(rows) + 1), list(row))
        elif kind == 6:
            rows.insert(at, [dice.choice(CELLS) for _ in range(dice.randrange(12))])
        elif kind == 7:
            rows[at] = row[: dice.randrange(len(row) + 1)]
        else:
            rows[at] = [*row, dice.choice(CELLS)]
    if dice.random() < 0.1:
        dice.shuffle(rows)
    return encoded(data, _written(rows, mark, dice))


def change_header(dice: random.Random, name: str, data: bytes) -> bytes:
    """Columns renamed, doubled, left out, moved, or the header itself gone."""
    rows, mark = _rows(name, data)
    at = max(range(min(4, len(rows))), key=lambda place: len(rows[place]))
    for _ in range(dice.choice((1, 1, 2, 5))):
        header = rows[at]
        place, kind = dice.randrange(len(header) or 1), dice.randrange(7)
        if kind < 3 and header:
            header[place] = dice.choice((*NAMES, *header))
        elif kind == 3:
            rows = [row[:place] + row[place + 1 :] if number >= at else row for number, row in enumerate(rows)]
        elif kind == 4:
            rows = [[*row, *row[place : place + 1]] if number >= at else row for number, row in enumerate(rows)]
        elif kind == 5:
            dice.shuffle(header)
        else:
            rows.insert(dice.randrange(len(rows)), list(header))
    if dice.random() < 0.05 and len(rows) > 1:
        del rows[at]
    return encoded(data, _written(rows, mark, dice))


def change_encoding(dice: random.Random, name: str, data: bytes) -> bytes:
    """The text in another encoding, half of it in another, or behind a wrong mark."""
    text = decoded(name, data).removeprefix("\ufeff")
    if dice.random() < 0.4:
        text = text.replace(dice.choice(("0", "1", "a", "e")), dice.choice("éß漢\u00a0\u2028🙂\x85\x0b"), 1)
    first, second = dice.choice(ENCODINGS), dice.choice(ENCODINGS)
    cut = len(text) if dice.random() < 0.7 else dice.randrange(len(text))
    whole = text[:cut].encode(first, errors="replace") + text[cut:].encode(second, errors="replace")
    marked = dice.choice(MARKERS) + whole if dice.random() < 0.3 else whole
    return change_bytes(dice, marked) if dice.random() < 0.2 else marked


def change_archive(dice: random.Random, data: bytes) -> bytes:
    """Members changed, renamed, doubled, left out, made links, or packed with another method."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    for _ in range(dice.choice((1, 1, 2, 4))):
        at, kind = dice.randrange(len(members)), dice.randrange(8)
        name, content = members[at]
        if kind == 0 and len(members) > 1:
            del members[at]
        elif kind == 1:
            members.insert(at, (dice.choice(PATHS), content))
        elif kind == 2:
            members[at] = (dice.choice((*PATHS, name.upper(), name.replace("/", "\\"))), content)
        elif kind == 3:
            members.append((name, change_bytes(dice, content)))
        elif kind == 4:
            members.append((dice.choice(PATHS), dice.choice(list(SEEDS.values()))))
        elif kind == 5:
            members[at] = (name, content * dice.choice((0, 2, 30)))
        else:
            members[at] = (name, change_bytes(dice, content))
    packed = _archive(dice, members)
    return change_bytes(dice, packed) if dice.random() < 0.2 else packed


def bomb(dice: random.Random) -> tuple[str, bytes]:
    """A file that is small and wants to be large, or large and holds nothing."""
    size = dice.choice((10_000, 300_000, 2_000_000))
    unit = dice.choice((b"\x00", b"\n", b",", b'"', b"[", b'{"a":', b"<a>", b"2026-01-05,1\n", b"x", b"\r", b"9", b" "))
    filling = unit * (size // len(unit))
    kind = dice.randrange(5)
    if kind == 0:
        return "bomb.csv", b"date,followers\n" + filling
    if kind == 1:
        return "bomb.json", b'[{"date":"2026-01-05","followers":' + filling
    name = dice.choice(ARCHIVES)
    with zipfile.ZipFile(io.BytesIO(SEEDS[name])) as archive:
        members = [(each, archive.read(each)) for each in archive.namelist()]
    at = dice.randrange(len(members))
    inside = members[at][1]
    cut = dice.randrange(len(inside))
    members[at] = (members[at][0], inside[:cut] + filling * dice.choice((1, 10)) + inside[cut:])
    if kind == 2:
        members += [(f"xl/{number}.xml", b"") for number in range(dice.choice((10, 3000)))]
    packed = bytearray(_archive(dice, members))
    if kind == 3:
        record = packed.rfind(b"PK\x01\x02")
        field = record + dice.choice((8, 10, 16, 20, 24, 28, 42))
        packed[field : field + 4] = dice.randbytes(4)
    return name, bytes(packed)


def _rows(name: str, data: bytes) -> tuple[list[list[str]], str]:
    mark = MARKS.get(name, ",")
    rows = list(csv.reader(io.StringIO(decoded(name, data), newline=""), delimiter=mark))
    return rows or [[]], mark


def _written(rows: list[list[str]], mark: str, dice: random.Random) -> str:
    """Quoted properly, or not at all as careless tools do."""
    end = dice.choice(("\n", "\n", "\r\n", "\r"))
    mark = mark if dice.random() < 0.8 else dice.choice(",;\t|")
    if dice.random() < 0.3:
        return end.join(mark.join(row) for row in rows)
    text = io.StringIO()
    csv.writer(text, delimiter=mark, lineterminator=end, quoting=dice.choice((0, 1))).writerows(rows)
    return text.getvalue()


def _archive(dice: random.Random, members: list[tuple[str, bytes]]) -> bytes:
    method = dice.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that are there twice are the point
        for name, member in members:
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.compress_type = name, method  # as it is: the constructor would cut it at a NUL
            if dice.random() < 0.05:
                entry.create_system, entry.external_attr = 3, dice.choice((SYMLINK, DEVICE, DIRECTORY)) << 16
            archive.writestr(entry, member)
    return content.getvalue()


def _some(names: tuple[str, ...], change: Callable[[random.Random, str, bytes], bytes]) -> st.SearchStrategy[Files]:
    def build(name: str, seed: int) -> Files:
        return [(name, change(random.Random(seed), name, SEEDS[name]))]

    return st.builds(build, st.sampled_from(names), st.integers(0, 2**32 - 1))


def any_change(dice: random.Random, name: str, data: bytes) -> bytes:
    """A change of any kind that suits the file."""
    if name in ARCHIVES:
        return dice.choice((lambda: change_archive(dice, data), lambda: change_bytes(dice, data)))()
    change = dice.choice((change_cells, change_header, change_encoding, lambda *_: change_bytes(dice, data)))
    return change(dice, name, data)


def _drop(names: tuple[str, ...], seed: int) -> Files:
    dice = random.Random(seed)
    files = [
        (name, any_change(dice, name, SEEDS[name]) if dice.random() < 0.6 else SEEDS[name])
        for name in dice.choice((names, dice.sample(list(SEEDS), dice.randrange(2, 6))))
    ]
    return [(dice.choice((name, "../" + name, "/etc/" + name, "a\x00b", "n" * 5000, "")), data) for name, data in files]


SEED = st.integers(0, 2**32 - 1)
KINDS: dict[str, tuple[st.SearchStrategy[Files], int]] = {
    "bytes": (_some(tuple(SEEDS), lambda dice, _, data: change_bytes(dice, data)), 180),
    "cells": (_some(TEXTS, change_cells), 220),
    "headers": (_some(TEXTS, change_header), 150),
    "encodings": (_some(TEXTS, change_encoding), 130),
    "archives": (_some(ARCHIVES, lambda dice, _, data: change_archive(dice, data)), 160),
    "drops": (st.builds(_drop, st.sampled_from(DROPS), SEED), 120),
    "bombs": (st.builds(lambda seed: [bomb(random.Random(seed))], SEED), 40),
}
"""Ways to go wrong, and how many of a thousand cases go each way."""
