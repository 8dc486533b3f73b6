"""A small text in which nothing is quoted and every line has a cell for each column, without a parser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from cgn_core.ingest.grid import Counts, Days, Floats, Positions
from cgn_core.ingest.words import LETTERS, Cells, NotPlain, decimals, iso_days, texts, whole_numbers

Kind = Literal["whole", "decimal", "day", "numbered_day", "text"]
"""What a column's cells are: whole numbers, numbers, ISO days, days as 31-01-2026, or one of a few texts."""

_LINE_END = ord("\n")


@dataclass(frozen=True)
class TypedColumns:
    """Columns of a text by their places, each among those of its kind."""

    rows: int
    numbers: dict[int, Counts | Floats] = field(default_factory=dict)
    """Whole numbers where every cell has one, else floats, NaN where empty."""
    days: dict[int, Days] = field(default_factory=dict)
    """NaT where empty."""
    words: dict[int, list[str | None]] = field(default_factory=dict)
    """Days that aren't ISO, as they are written; None where empty."""
    labels: dict[int, tuple[Positions, list[str]]] = field(default_factory=dict)
    """For each row its text's place among the column's texts, -1 where empty; and the texts as they come."""


def read_columns(
    raw: bytes, kinds: Mapping[int, Kind], *, width: int, skip: int, delimiter: str
) -> TypedColumns | None:
    """The columns wanted of a text; None where anything in it isn't plain.

    Args:
        raw: the whole text as UTF-8.
        kinds: of the columns wanted, by their places.
        width: how many columns there are.
        skip: lines to leave out at the top.
        delimiter: between cells.
    """
    if b"\r" in raw or width == 1:
        return None
    begin = 0
    for _ in range(skip):
        begin = raw.find(b"\n", begin) + 1
        if not begin:
            return None
    if begin == len(raw) or raw.find(b'"', begin) >= 0:
        return None
    try:
        return _typed(_cells(raw[begin:], width, delimiter), kinds)
    except NotPlain:
        return None


def _cells(text: bytes, width: int, delimiter: str) -> Cells:
    """The cells of lines, shape (width, rows).

    Raises:
        NotPlain: a line of more or fewer cells.
    """
    # Words of the first cells reach back before the text.
    padded = b"".join((b"\0" * LETTERS, text, b"" if text.endswith(b"\n") else b"\n"))
    letters = np.frombuffer(padded, dtype=np.uint8, offset=LETTERS)
    is_line_end = letters == _LINE_END
    ends = np.flatnonzero(is_line_end | (letters == ord(delimiter)))
    if len(ends) % width or np.count_nonzero(is_line_end) * width != len(ends):
        raise NotPlain
    lengths = np.diff(ends, prepend=-1) - 1
    by_column = np.ascontiguousarray(ends.reshape(-1, width).T)
    if not is_line_end[by_column[-1]].all():
        raise NotPlain
    # Each place's word overlaps the next one's; copied, they are looked up three times as fast.
    words = np.ascontiguousarray(np.ndarray(len(letters) + 1, dtype="<u8", buffer=padded, strides=(1,)))
    return Cells(words, by_column, np.ascontiguousarray(lengths.reshape(-1, width).T))


def _typed(cells: Cells, kinds: Mapping[int, Kind]) -> TypedColumns:
    """Each column that is wanted.

    Raises:
        NotPlain: a cell that isn't of its column's kind.
    """
    typed = TypedColumns(rows=cells.ends.shape[1])
    whole = [place for place, kind in kinds.items() if kind == "whole"]
    if whole:
        columns = cells.only(whole)
        is_full = columns.lengths.min(axis=1) > 0
        for at, numbers in enumerate(whole_numbers(columns)):
            typed.numbers[whole[at]] = numbers if is_full[at] else np.where(columns.lengths[at] > 0, numbers, np.nan)
    for place, kind in kinds.items():
        column = cells.only(place)
        if kind == "decimal":
            typed.numbers[place] = decimals(column)
        elif kind == "day":
            typed.days[place] = iso_days(column).view("datetime64[D]")
        elif kind == "text":
            typed.labels[place] = texts(column)
        elif kind == "numbered_day":
            raise NotPlain
    return typed
