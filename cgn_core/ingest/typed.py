"""Plain delimited text typed while it is parsed: ISO days and whole numbers never become text first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from cgn_core.ingest.columns import CREATOR, DATE, MARKERS, Columns
from cgn_core.ingest.grid import ArrowGrid, Days, Floats, Positions
from cgn_core.ingest.interpretation import REAL_VALUED

Counts = npt.NDArray[np.int64]

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBERED = re.compile(r"\d{2}[-/.]\d{2}[-/.]\d{4}", re.ASCII)
_TEXT = pa.dictionary(pa.int32(), pa.string())
_LARGE, _BLOCK = 4 * 1024**2, 4 * 1024**2
"""Bytes from which parsing on several threads pays, and what each takes at a time."""


@dataclass(frozen=True)
class TypedGrid(ArrowGrid):
    """Columns that have a meaning, typed; any column's text is read again when somebody asks for it."""

    typed: Any = None
    """Table of the columns read, named by their places."""
    as_text: Callable[[], ArrowGrid | None] = lambda: None
    """The same file with every cell as text."""
    mapped: Columns = field(kw_only=True)
    """What its columns mean by their names."""

    @cached_property
    def _texts(self) -> ArrowGrid:
        found = self.as_text()
        assert found is not None, "what can be typed can be read as text"
        return found

    @cached_property
    def _columns(self) -> dict[int, Any]:
        return {int(name): column for name, column in zip(self.typed.column_names, self.typed.columns, strict=True)}

    def _column(self, place: int) -> Any:
        return self._columns.get(place)

    def numbers(self, place: int) -> Floats | None:
        """As :meth:`ArrowGrid.numbers`."""
        column = self._column(place)
        if column is None or not (pa.types.is_int64(column.type) or pa.types.is_float64(column.type)):
            return self._texts.numbers(place)
        return _floats(column)

    def filled(self, place: int) -> Counts | Floats | None:
        """As :meth:`numbers`, but whole numbers where no cell is empty: nothing has to be turned into anything."""
        column = self._column(place)
        if column is not None and pa.types.is_int64(column.type) and not column.null_count:
            chunks = [np.asarray(chunk) for chunk in column.chunks]
            return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
        return self.numbers(place)

    def days(self, place: int) -> Days | None:
        """As :meth:`ArrowGrid.days`."""
        column = self._column(place)
        if column is None or not pa.types.is_date32(column.type):
            return None if column is not None and pa.types.is_string(column.type) else self._texts.days(place)
        return np.asarray(column.to_numpy(), dtype="datetime64[D]")

    def cells(self, place: int) -> Sequence[object]:
        """As :meth:`ArrowGrid.cells`."""
        column = self._column(place)
        if column is None or not (pa.types.is_dictionary(column.type) or pa.types.is_string(column.type)):
            return self._texts.cells(place)
        return list(column.to_pylist())

    def labels(self, place: int) -> tuple[Positions, list[str]]:
        """As :meth:`ArrowGrid.labels`."""
        column = self._column(place)
        if column is None or not pa.types.is_dictionary(column.type):
            return self._texts.labels(place)
        encoded = column.combine_chunks()
        return np.asarray(pc.fill_null(encoded.indices, -1), dtype=np.int64), list(encoded.dictionary.to_pylist())


def read_typed(
    raw: bytes, columns: Columns, below: Sequence[Sequence[str]], *, skip: int, delimiter: str, empty: Sequence[str]
) -> Any | None:
    """The columns that have a meaning, typed; None as soon as anything in them isn't plain.

    Args:
        raw: the whole text as UTF-8.
        columns: the header's meaning.
        below: the first rows below it.
        skip: lines to leave out at the top, the header included.
        delimiter: between cells.
        empty: texts other than nothing that stand for an empty cell; none of them is plain.

    Returns: a table with columns named by their places.
    """
    if _has_hexadecimals(raw) or _has_padding(raw, delimiter):
        return None
    types = _types(columns, below)
    if types is None:
        return None
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(raw),
            read_options=arrow_csv.ReadOptions(
                column_names=[str(place) for place in range(len(columns.header))],
                skip_rows=skip,
                use_threads=len(raw) > _LARGE,
                block_size=len(raw) if len(raw) <= _LARGE else _BLOCK,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=False, ignore_empty_lines=True
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table if all(_is_plain(column, empty) for column in table.columns) else None


def _types(columns: Columns, rows: Sequence[Sequence[str]]) -> dict[str, Any] | None:
    """The type of each column that has a meaning, by its place; None where days are written in words."""
    if DATE not in columns.places or not rows:
        return None
    place = columns.places[DATE]
    days = [row[place] for row in rows if len(row) > place]
    is_iso = all(not day or _ISO.fullmatch(day) for day in days)
    if not is_iso and not all(not day or _NUMBERED.fullmatch(day) for day in days):
        return None
    types = {str(place): pa.date32() if is_iso else pa.string()}
    for name, at in (*columns.places.items(), *columns.competitor.items()):
        if name in (CREATOR, *MARKERS):
            types[str(at)] = _TEXT
        elif name != DATE:
            types[str(at)] = pa.float64() if name in REAL_VALUED else pa.int64()
    return types


def _has_hexadecimals(raw: bytes) -> bool:
    """Whether 0x may begin a cell: Arrow takes 0x1F for 31. A single letter is looked for ten times as fast as two."""
    return any(letter in raw and b"0" + letter in raw for letter in (b"x", b"X"))


def _has_padding(raw: bytes, delimiter: str) -> bool:
    """Whether spaces stand beside a cell's borders: then its reader has to look at each."""
    if b" " not in raw:
        return False
    border = delimiter.encode()
    return any(pair in raw for edge in (border, b"\n", b"\r", b'"') for pair in (edge + b" ", b" " + edge))


def _is_plain(column: Any, empty: Sequence[str]) -> bool:
    if pa.types.is_int64(column.type):
        return True
    if pa.types.is_dictionary(column.type):
        return all(set(empty).isdisjoint(chunk.dictionary.to_pylist()) for chunk in column.chunks)
    if pa.types.is_string(column.type):
        return not bool(pc.any(pc.is_in(column, pa.array(empty))).as_py())
    if pa.types.is_float64(column.type):
        # Arrow reads the words infinity and nan, too.
        return bool(column.null_count + (pc.sum(pc.is_finite(column)).as_py() or 0) == len(column))
    return True


def _floats(column: Any) -> Floats:
    """A typed column as numbers, NaN where null; several times as fast as a cast for a file of one creator."""
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    if column.null_count or column.num_chunks != 1:
        return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    return np.asarray(column.chunk(0), dtype=np.float64)
