"""Cells of plain text as machine words: arithmetic on words reads eight letters of every cell at once.

A word holds the eight bytes before a place in the text, the first of them lowest; those that aren't the cell's are 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cgn_core.ingest.grid import Counts, Floats, Positions

Words = npt.NDArray[np.uint64]

LETTERS = 8
"""Of a word."""
_MOST_DIGITS = 2 * LETTERS
_LONGEST_TEXT = 8 * LETTERS


def _spelled(letters: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(letters, "little"))


_KEPT = np.array([0, *(2**64 - 2 ** (8 * rest) for rest in range(LETTERS - 1, -1, -1))], dtype=np.uint64)
"""By a cell's length, the bytes of a word that are the cell's."""
_ZEROS, _ONES, _HIGHEST_BITS = _spelled(b"00000000"), _spelled(b"\x01" * LETTERS), _spelled(b"\x80" * LETTERS)
_FROM_TEN = _spelled(bytes([0x80 - 10]) * LETTERS)
"""Added to a byte of ten or more, it sets the byte's highest bit."""
_POINT = _spelled(b"........") ^ _ZEROS
_TENS = np.array([1.0, *10.0 ** np.arange(LETTERS - 1, -1, -1)])
"""What digits behind a point divide by, by the point's place in a word, counted from 1; first for none."""
_BY_1, _BY_7, _BY_8, _BY_16, _BY_32, _BY_48 = (np.uint64(bits) for bits in (1, 7, 8, 16, 32, 48))
_PAIRS, _FOURS, _EIGHTS = np.uint64(10 << 8 | 1), np.uint64(100 << 16 | 1), np.uint64(10_000 << 32 | 1)
_IN_PAIRS, _IN_FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)

_ISO_LENGTH = len("2026-01-31")
_YEAR_AND_MONTH, _DASHES = _spelled(b"0000-00-"), _spelled(b"\0\0\0\0\xff\0\0\xff")
_YEAR, _MONTH = _spelled(b"\xff" * 4), _spelled(b"\0" * 5 + b"\xff" * 2)
_FIRST_MONTH = 1900_00
_MONTHS = np.datetime64("1900-01") + np.arange(201 * 12).reshape(201, 12)
# By the four digits of a year and two of a month; a month that isn't one has no days.
_BEFORE, _LENGTHS = np.zeros((2, 201, 100), dtype=np.int64)
_BEFORE[:, 1:13] = _MONTHS.astype("datetime64[D]").astype(np.int64) - 1
_LENGTHS[:, 1:13] = (_MONTHS + 1).astype("datetime64[D]").astype(np.int64) - _BEFORE[:, 1:13] - 1
_NO_DAY = 99
_DAYS = np.full(2**16, _NO_DAY, dtype=np.int64)
_DAYS[[int.from_bytes(f"{day:02}".encode(), "little") for day in range(1, 32)]] = range(1, 32)
"""What two letters say as a day of a month."""


class NotPlain(ValueError):
    """A cell is written in a way that has to be looked at."""


@dataclass(frozen=True)
class Cells:
    """Cells of a text, in any shape.

    Attributes:
        words: by place in the text, the word that ends there.
        ends: for each cell, the place behind its last letter.
        lengths: of each, in bytes.
    """

    words: Words
    ends: Positions
    lengths: Positions

    def only(self, which: int | Sequence[int]) -> Cells:
        """Some of them, by their first axis."""
        return Cells(self.words, np.ascontiguousarray(self.ends[which]), np.ascontiguousarray(self.lengths[which]))

    def letters(self, before: int = 0) -> Words:
        """The last eight letters of each cell, those of its last ``before`` left out."""
        found: Words = self.words.take(self.ends - before, mode="clip")
        found &= _KEPT.take(self.lengths - before, mode="clip")
        return found


def whole_numbers(cells: Cells) -> Counts:
    """Numbers of at most 16 digits; -1 where a cell is empty.

    Raises:
        NotPlain: anything but digits.
    """
    numbers = _numbers(_digits(cells.words.take(cells.ends), cells.lengths))
    longest = cells.lengths.max()
    if longest > _MOST_DIGITS:
        raise NotPlain
    if longest > LETTERS:
        at = cells.lengths > LETTERS
        front = cells.words.take(cells.ends[at] - LETTERS)
        numbers[at] += _numbers(_digits(front, cells.lengths[at] - LETTERS)) * 10**LETTERS
    if cells.lengths.min() == 0:
        numbers[cells.lengths == 0] = -1
    return numbers


def words_of_decimals(cells: Cells) -> Words:
    """Shape (2, n): the letters of each cell, and its length.

    Raises:
        NotPlain: a cell of more than eight letters.
    """
    if cells.lengths.max() > LETTERS:
        raise NotPlain
    return np.stack((cells.letters(), cells.lengths.view(np.uint64)))


def decimals(words: Words) -> Floats:
    """Numbers of digits, among which a point may stand; NaN where a cell is empty.

    Raises:
        NotPlain: anything else.
    """
    lengths = words[1].view(np.int64)
    digits = _digits(words[0], lengths)
    other = digits ^ _POINT
    point = (other - _ONES) & ~other & _HIGHEST_BITS
    """The highest bit of the byte that is the point."""
    if point[lengths == 1].any():
        raise NotPlain
    # The point goes: digits before it move up by a byte.
    before, behind = digits & ((point >> _BY_7) - _BY_1), digits & ~((point << _BY_1) - _BY_1)
    whole = _numbers(np.where(point, before << _BY_8 | behind, digits))
    place = np.frexp(point.astype(np.float64))[1] >> 3
    # Both are exact as floats, so their quotient is the nearest float to what is written.
    numbers: Floats = whole / _TENS[place]
    numbers[lengths == 0] = np.nan
    return numbers


def words_of_days(cells: Cells) -> Words:
    """Shape (2, n): of cells of ten letters the first eight and the last eight.

    Raises:
        NotPlain: a cell of more or fewer letters.
    """
    if not (cells.lengths == _ISO_LENGTH).all():
        raise NotPlain
    return np.stack((cells.words.take(cells.ends - (_ISO_LENGTH - LETTERS)), cells.words.take(cells.ends)))


def iso_days(words: Words) -> Counts:
    """Days since 1970 of cells such as 2026-01-31, from 1900 to 2100.

    Raises:
        NotPlain: anything else, also a day that its month doesn't have.
    """
    # Days of a month stand together in most files, whose year and month are read once.
    starts = _starts(words[:1])
    front = words[0, starts] ^ _YEAR_AND_MONTH
    if np.bitwise_or.reduce(front) & _DASHES:
        raise NotPlain
    months = _numbers((front & _YEAR) << _BY_16 | (front & _MONTH) << _BY_8) - _FIRST_MONTH
    rows = np.diff(starts, append=words.shape[1])
    days: Counts = _DAYS.take((words[1] >> _BY_48).view(np.int64))
    if (days > np.repeat(_LENGTHS.take(months, mode="clip"), rows)).any():
        raise NotPlain
    days += np.repeat(_BEFORE.take(months, mode="clip"), rows)
    return days


def words_of_texts(cells: Cells) -> Words:
    """Shape (words, n): all letters of each cell, at the end of its words.

    Raises:
        NotPlain: a text of more than 64 bytes.
    """
    longest = int(cells.lengths.max())
    if longest > _LONGEST_TEXT:
        raise NotPlain
    return np.stack([cells.letters(before) for before in range(0, max(longest, 1), LETTERS)][::-1])


def texts(words: Words) -> tuple[Positions, list[str]]:
    """For each cell its text's place among the texts, -1 where empty; and the texts as they come."""
    starts = _starts(words)
    letters = np.ascontiguousarray(words[:, starts].T)
    if len(starts) == 1:  # as in a file of one creator
        text = letters.tobytes().lstrip(b"\0").decode()
        return np.full(words.shape[1], 0 if text else -1), [text] if text else []
    packed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(letters.shape[1] * LETTERS), len(starts), [None, pa.py_buffer(letters)]
    )
    encoded = packed.dictionary_encode()
    found = [word.lstrip(b"\0").decode() for word in encoded.dictionary.to_pylist()]
    codes: Positions = encoded.indices.to_numpy().astype(np.int64)
    if "" in found:
        empty = found.index("")
        codes = np.where(codes == empty, -1, codes - (codes > empty))
        found.remove("")
    return np.repeat(codes, np.diff(starts, append=words.shape[1])), found


def _starts(words: Words) -> Positions:
    """The columns of words that differ from those before them."""
    begins = np.ones(words.shape[1], dtype=bool)
    np.logical_or.reduce(words[:, 1:] != words[:, :-1], out=begins[1:])
    return np.flatnonzero(begins)


def _digits(letters: Words, lengths: Positions) -> Words:
    """Each byte of a cell as the number it spells, in place; 0 in front of shorter ones."""
    letters ^= _ZEROS
    letters &= _KEPT.take(lengths, mode="clip")
    return letters


def _numbers(digits: Words) -> Counts:
    """What words of eight digits spell: pairs of digits become numbers below 100, pairs of those below 10,000, ….

    Raises:
        NotPlain: a byte that is no digit.
    """
    if np.bitwise_or.reduce(digits + _FROM_TEN | digits, axis=None) & _HIGHEST_BITS:
        raise NotPlain
    found = digits * _PAIRS
    found >>= _BY_8
    found &= _IN_PAIRS
    found *= _FOURS
    found >>= _BY_16
    found &= _IN_FOURS
    found *= _EIGHTS
    found >>= _BY_32
    return found.view(np.int64)
