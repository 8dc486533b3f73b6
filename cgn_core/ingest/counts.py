"""Numbers as people and tools write them: 1,234 and 1.234, 12,5, 63.3K, 12,3 %."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cgn_core.ingest.grid import Floats, Positions

_SPACED = re.compile(r"(?<=\d)[\s'’\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_SHAPE = re.compile(r"([+-]?)([\d.,]+)\s*(k|m|b|mil|mio|mi)?\s*(%)?", re.IGNORECASE | re.ASCII)
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d{1,2}", re.ASCII)
_GROUPED = {mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", re.ASCII) for mark in ".,"}
_SCALES = {"k": 1e3, "mil": 1e3, "m": 1e6, "mio": 1e6, "mi": 1e6, "b": 1e9}
_FLAGS = {"true": 1.0, "yes": 1.0, "sim": 1.0, "si": 1.0, "false": 0.0, "no": 0.0, "nao": 0.0}
_GROUP = 3
_PERCENT = 100.0
_DIGITS_KEPT = 6
_LONGEST = 40


@dataclass(frozen=True)
class Counts:
    """A column's cells as numbers."""

    values: Floats
    """NaN where empty or unreadable."""
    unreadable: Positions
    rounded: Positions
    """Cells abbreviated to thousands or millions, such as 63.3K."""


def parse_counts(cells: Sequence[object], *, whole: bool) -> Counts:
    """Read a column's cells as numbers.

    Whether a mark groups thousands or begins a fraction is decided from the whole column: ``1.234`` is 1,234 unless
    another cell, such as ``12.5``, shows that the dot begins fractions there.

    Args:
        cells: numbers, texts, None where empty.
        whole: whether the column counts things; then a lone dot before three digits groups thousands, otherwise it
            begins a fraction.

    Returns: percentages as fractions, yes and no as 1 and 0.
    """
    texts = {cell for cell in cells if isinstance(cell, str)}
    bare = {text: _bare(text) for text in texts}
    fractions = _fraction_marks(bare.values()) | (set() if whole else {"."})
    read = {text: _read(shape, fractions) for text, shape in bare.items()}
    numbers = [np.nan if cell is None else read[cell] if isinstance(cell, str) else _number(cell) for cell in cells]
    unreadable = [position for position, number in enumerate(numbers) if number is None]
    abbreviated = {text for text, shape in bare.items() if _is_abbreviated(shape)}
    rounded = [
        position for position, cell in enumerate(cells) if abbreviated and isinstance(cell, str) and cell in abbreviated
    ]
    return Counts(
        # None becomes NaN.
        np.asarray(numbers, dtype=np.float64),
        np.asarray(unreadable, dtype=np.int64),
        np.asarray(rounded, dtype=np.int64),
    )


def _bare(text: str) -> str:
    if len(text) > _LONGEST:
        return text
    return _SPACED.sub("", text.strip().replace("\u2212", "-"))


def _number(cell: object) -> float | None:
    if isinstance(cell, (bool, int, float)):
        try:
            return float(cell)
        except OverflowError:
            return None
    return None


def _fraction_marks(bare: Iterable[str]) -> set[str]:
    marks = set()
    for text in bare:
        shape = _SHAPE.fullmatch(text)
        if shape is None or shape.group(3) or shape.group(4):
            continue
        digits = shape.group(2)
        dots, commas = digits.count("."), digits.count(",")
        if dots and commas:
            marks.add("." if digits.rfind(".") > digits.rfind(",") else ",")
        elif dots + commas == 1:
            mark = "." if dots else ","
            if not _GROUPED[mark].fullmatch(digits) or digits.startswith("0"):
                marks.add(mark)
    return marks


def _read(text: str, fractions: set[str]) -> float | None:
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST:
        return float(text)
    if _SCIENTIFIC.fullmatch(text):
        return float(text.replace(",", "."))
    shape = _SHAPE.fullmatch(text) if len(text) <= _LONGEST else None
    if shape is None:
        return _FLAGS.get(text.casefold())
    sign, digits, scale, percent = shape.groups()
    value = _plain(digits, {".", ","} if scale or percent else fractions)
    if value is None:
        return None
    if scale:
        value = round(value * _SCALES[scale.casefold()], _DIGITS_KEPT)
    if percent:
        value /= _PERCENT
    return -value if sign == "-" else value


def _plain(digits: str, fractions: set[str]) -> float | None:
    marks = {mark for mark in ".," if mark in digits}
    if not marks:
        return float(digits)
    last = max(marks, key=digits.rfind)
    if len(marks) == 1 and _GROUPED[last].fullmatch(digits):
        once = digits.count(last) == 1
        if not (once and (last in fractions or digits.startswith("0"))):
            return float(digits.replace(last, ""))
    if digits.count(last) > 1:
        return None
    head, tail = digits.split(last)
    for other in marks - {last}:
        if not _GROUPED[other].fullmatch(head):
            return None
        head = head.replace(other, "")
    return float(f"{head or '0'}.{tail or '0'}") if head or tail else None


def _is_abbreviated(text: str) -> bool:
    shape = _SHAPE.fullmatch(text) if len(text) <= _LONGEST else None
    return bool(shape and shape.group(3))
