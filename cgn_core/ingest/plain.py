"""Text in which nothing is quoted and every line has a cell for each column, typed without a parser.

It takes less of the processor than Arrow and no threads, for which small files would wait; large ones gain by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cgn_core.ingest.grid import Counts, Days, Floats, Positions
from cgn_core.ingest.words import (
    LETTERS,
    Cells,
    NotPlain,
    Words,
    decimals,
    iso_days,
    texts,
    whole_numbers,
    words_of_days,
    words_of_decimals,
    words_of_texts,
)

Kind = Literal["whole", "decimal", "day", "numbered_day", "text"]
"""What a column's cells are: whole numbers, numbers, ISO days, days as 31-01-2026, or one of a few texts."""

_LINE_END = ord("\n")
_BLOCK = 131_072
"""Bytes looked at together: what is made of them stays in the processor's cache."""
_PART = 16_384
"""Rows of a single column that do."""
_WORDS: dict[Kind, Callable[[Cells], Words]] = {
    "decimal": words_of_decimals,
    "day": words_of_days,
    "text": words_of_texts,
}


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
    raw: bytes, kinds: Mapping[int, Kind], *, rows: int, width: int, skip: int, delimiter: str
) -> TypedColumns | None:
    """The columns wanted of a text; None where anything in it isn't plain.

    Args:
        raw: the whole text as UTF-8.
        kinds: of the columns wanted, by their places.
        rows: how many lines stand below those left out; the last one may lack its end.
        width: how many columns there are.
        skip: lines to leave out at the top.
        delimiter: between cells.
    """
    # A cell takes a byte at least, the mark behind it; a single column has blank lines for empty cells.
    if not 0 < rows * width <= len(raw) or width == 1 or "numbered_day" in kinds.values():
        return None
    begin = 0
    for _ in range(skip):
        begin = raw.find(b"\n", begin) + 1
    if b"\r" in raw or raw.find(b'"', begin) >= 0:
        return None
    try:
        return _typed(_blocks(raw, begin), kinds, rows, width, ord(delimiter))
    except NotPlain:
        return None


def _blocks(raw: bytes, begin: int) -> Iterator[bytes]:
    """Whole lines, about as much at a time as the processor's cache holds."""
    while begin < len(raw):
        end = raw.rfind(b"\n", begin, begin + _BLOCK) + 1
        # A line may be longer, and the last one may lack its end.
        end = end or raw.find(b"\n", begin) + 1 or len(raw)
        yield raw[begin:end]
        begin = end


def _typed(blocks: Iterator[bytes], kinds: Mapping[int, Kind], rows: int, width: int, delimiter: int) -> TypedColumns:
    """Each column that is wanted: whole numbers block by block, of the others first the words and then what they say.

    Raises:
        NotPlain: a line of more or fewer cells, or a cell that isn't of its column's kind.
    """
    whole = [place for place, kind in kinds.items() if kind == "whole"]
    numbers = np.empty((len(whole), rows), dtype=np.int64)
    words: dict[int, list[Words]] = {place: [] for place in kinds if place not in whole}
    done = 0
    for block in blocks:
        cells = _cells(block, width, delimiter)
        part = slice(done, done := done + cells.ends.shape[1])
        if whole:
            numbers[:, part] = whole_numbers(cells.only(whole))
        for place, held in words.items():
            held.append(_WORDS[kinds[place]](cells.only(place)))
    typed = TypedColumns(rows)
    is_full = numbers.min(axis=1) >= 0
    for at, column in enumerate(numbers):
        typed.numbers[whole[at]] = column if is_full[at] else np.where(column < 0, np.nan, column)
    for place, held in words.items():
        if kinds[place] == "decimal":
            typed.numbers[place] = _in_parts(decimals, np.concatenate(held, axis=1))
        elif kinds[place] == "day":
            typed.days[place] = _in_parts(iso_days, np.concatenate(held, axis=1)).view("datetime64[D]")
        else:
            typed.labels[place] = texts(_joined(held))
    return typed


def _joined(held: Sequence[Words]) -> Words:
    """Words of texts, those of longer ones too."""
    most = max(map(len, held))
    return np.hstack([np.pad(each, ((most - len(each), 0), (0, 0))) if len(each) < most else each for each in held])


def _cells(block: bytes, width: int, delimiter: int) -> Cells:
    """The cells of lines, shape (width, rows).

    Raises:
        NotPlain: a line of more or fewer cells.
    """
    # Words of the first cells reach back before the block.
    padded = b"".join((b"\0" * LETTERS, block, b"" if block.endswith(b"\n") else b"\n"))
    letters = np.frombuffer(padded, dtype=np.uint8, offset=LETTERS)
    is_line_end = letters == _LINE_END
    ends = np.flatnonzero(is_line_end | (letters == delimiter))
    if len(ends) % width or np.count_nonzero(is_line_end) * width != len(ends):
        raise NotPlain
    lengths = ends.copy()
    np.subtract(lengths[1:], ends[:-1] + 1, out=lengths[1:])
    by_column = ends.reshape(-1, width).T
    if not is_line_end[by_column[-1]].all():
        raise NotPlain
    # Each place's word overlaps the next one's; copied, they are looked up three times as fast.
    words = np.ascontiguousarray(np.ndarray(len(letters) + 1, dtype="<u8", buffer=padded, strides=(1,)))
    return Cells(words, by_column, lengths.reshape(-1, width).T)


def _in_parts(read: Callable[[Words], npt.NDArray[Any]], words: Words) -> npt.NDArray[Any]:
    """What all words of a column say, as many at a time as stay in the processor's cache."""
    return np.concatenate([read(words[:, at : at + _PART]) for at in range(0, words.shape[1], _PART)])
