"""Plain delimited text typed while it is parsed: ISO days and whole numbers never become text first."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from cgn_core.ingest.columns import CREATOR, DATE, MARKERS, Columns
from cgn_core.ingest.grid import ArrowGrid, Counts, Days, Floats, Positions
from cgn_core.ingest.interpretation import REAL_VALUED
from cgn_core.ingest.plain import Kind, TypedColumns, read_columns

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBERED = re.compile(r"\d{2}[-/.]\d{2}[-/.]\d{4}", re.ASCII)
_LARGE, _BLOCK = 4 * 1024**2, 1024**2
"""Bytes from which parsing on several threads pays, and what each takes at a time."""
_MOST_THREADS = 4
"""More gain little, and each maps megabytes of the address space that a reader of strangers' files may have."""
_TYPES: dict[Kind, Any] = {
    "whole": pa.int64(),
    "decimal": pa.float64(),
    "day": pa.date32(),
    "numbered_day": pa.string(),
    "text": pa.dictionary(pa.int32(), pa.string()),
}


@dataclass(frozen=True)
class TypedGrid(ArrowGrid):
    """Columns that have a meaning, typed; any column's text is read again when somebody asks for it."""

    typed: TypedColumns = field(kw_only=True)
    """The columns that have a meaning."""
    mapped: Columns = field(kw_only=True)
    """What its columns mean by their names."""
    as_text: Callable[[], ArrowGrid | None] = lambda: None
    """The same file with every cell as text."""

    @cached_property
    def _texts(self) -> ArrowGrid:
        found = self.as_text()
        assert found is not None, "what can be typed can be read as text"
        return found

    def numbers(self, place: int) -> Counts | Floats | None:
        """As :meth:`ArrowGrid.numbers`."""
        return self.typed.numbers[place] if place in self.typed.numbers else self._texts.numbers(place)

    def days(self, place: int) -> Days | None:
        """As :meth:`ArrowGrid.days`."""
        if place in self.typed.words:
            return None
        return self.typed.days[place] if place in self.typed.days else self._texts.days(place)

    def cells(self, place: int) -> Sequence[object]:
        """As :meth:`ArrowGrid.cells`."""
        if place in self.typed.labels:
            codes, texts = self.typed.labels[place]
            return [None if code < 0 else texts[code] for code in codes]
        return self.typed.words[place] if place in self.typed.words else self._texts.cells(place)

    def labels(self, place: int) -> tuple[Positions, list[str]]:
        """As :meth:`ArrowGrid.labels`."""
        return self.typed.labels[place] if place in self.typed.labels else self._texts.labels(place)


def read_typed(
    raw: bytes,
    columns: Columns,
    below: Sequence[Sequence[str]],
    *,
    rows: int,
    skip: int,
    delimiter: str,
    empty: Sequence[str],
) -> TypedColumns | None:
    """The columns that have a meaning, typed; None as soon as anything in them isn't plain.

    Args:
        raw: the whole text as UTF-8.
        columns: the header's meaning.
        below: the first rows below it.
        rows: how many lines stand below the header.
        skip: lines to leave out at the top, the header included.
        delimiter: between cells.
        empty: texts other than nothing that stand for an empty cell; none of them is plain.
    """
    kinds = _kinds(columns, below)
    if kinds is None or _has_padding(raw, delimiter):
        return None
    width = len(columns.header)
    found = None
    if len(raw) <= _LARGE:
        found = read_columns(raw, kinds, rows=rows, width=width, skip=skip, delimiter=delimiter)
    if found is None:
        found = _parsed(raw, kinds, width=width, skip=skip, delimiter=delimiter, empty=empty)
    if found is None or not all(set(empty).isdisjoint(texts) for _, texts in found.labels.values()):
        return None
    return found


def _parsed(
    raw: bytes, kinds: Mapping[int, Kind], *, width: int, skip: int, delimiter: str, empty: Sequence[str]
) -> TypedColumns | None:
    """As :func:`read_typed`, by Arrow's parser; texts may still be words for nothing."""
    if _has_hexadecimals(raw):
        return None
    is_large = len(raw) > _LARGE
    if is_large:
        # Arrow goes by OMP_NUM_THREADS, which holds BLAS to one thread where several processes share the cores.
        pa.set_cpu_count(min(_cores(), _MOST_THREADS))
    types = {str(place): _TYPES[kind] for place, kind in kinds.items()}
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(raw),
            read_options=arrow_csv.ReadOptions(
                column_names=[str(place) for place in range(width)],
                skip_rows=skip,
                use_threads=is_large,
                block_size=_BLOCK if is_large else len(raw),
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
    if not all(_is_plain(column, empty) for column in table.columns):
        return None
    typed = TypedColumns(rows=table.num_rows)
    for (place, kind), column in zip(kinds.items(), table.columns, strict=True):
        if kind == "text":
            encoded = column.combine_chunks()
            codes = np.asarray(pc.fill_null(encoded.indices, -1), dtype=np.int64)
            typed.labels[place] = codes, encoded.dictionary.to_pylist()
        elif kind == "numbered_day":
            typed.words[place] = column.to_pylist()
        elif kind == "day":
            typed.days[place] = np.asarray(column.to_numpy(), dtype="datetime64[D]")
        else:
            typed.numbers[place] = (
                pc.cast(column, pa.float64(), safe=False) if column.null_count else column
            ).to_numpy()
    return typed


def _cores() -> int:
    """How many this process may use; all of them on systems without affinities, such as macOS."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _kinds(columns: Columns, rows: Sequence[Sequence[str]]) -> dict[int, Kind] | None:
    """What the cells of each column that has a meaning are, by its place; None where days are written in words."""
    if DATE not in columns.places or not rows:
        return None
    place = columns.places[DATE]
    days = [row[place] for row in rows if len(row) > place]
    is_iso = all(not day or _ISO.fullmatch(day) for day in days)
    if not is_iso and not all(not day or _NUMBERED.fullmatch(day) for day in days):
        return None
    kinds: dict[int, Kind] = {place: "day" if is_iso else "numbered_day"}
    for name, at in (*columns.places.items(), *columns.competitor.items()):
        if name in (CREATOR, *MARKERS):
            kinds[at] = "text"
        elif name != DATE:
            kinds[at] = "decimal" if name in REAL_VALUED else "whole"
    return kinds


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
    if pa.types.is_string(column.type):
        return not bool(pc.any(pc.is_in(column, pa.array(empty))).as_py())
    if pa.types.is_float64(column.type):
        # Arrow reads the words infinity and nan, too.
        return bool(column.null_count + (pc.sum(pc.is_finite(column)).as_py() or 0) == len(column))
    return True
