"""Daily tables as bytes: compressed Arrow for the database, CSV for people."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from cgn_core.errors import UnreadableFile
from cgn_core.ingest.columns import CREATOR, DATE, IMPUTED, PROVISIONAL
from cgn_core.tables import DAILY_COLUMNS, Daily, Provenance

MOST_STORED_BYTES = 50 * 1024 * 1024
_CREATOR_KEY = b"cgn.creator"
_VERSION_KEY, _VERSION = b"cgn.version", b"1"
_CODES_PREFIX = "provenance:"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ESCAPE = "'"
_MARKED = "yes"
_EXACT_WHOLE = 2.0**53

Cell = str | int | float | date | None
"""What a sheet holds."""


def daily_to_bytes(daily: Daily) -> bytes:
    """A daily table as zstd-compressed Arrow IPC: every bit of its numbers, its provenance and its creator."""
    arrays: dict[str, Any] = {DATE: pa.array(daily.frame[DATE].to_numpy().astype("datetime64[s]"))}
    for name in daily.columns:
        # A mask in place of NaN would lose which NaN it was; numbers are stored as they are.
        arrays[name] = pa.array(daily.frame[name].to_numpy(dtype=np.float64), from_pandas=False)
        arrays[_CODES_PREFIX + name] = pa.array(daily.provenance[name].to_numpy(dtype=np.int8))
    table = pa.table(arrays).replace_schema_metadata(
        {_CREATOR_KEY: daily.creator.encode(), _VERSION_KEY: _VERSION},
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def daily_from_bytes(stored: bytes) -> Daily:
    """The inverse of :func:`daily_to_bytes`.

    Raises:
        UnreadableFile: the bytes are no stored daily table, or larger than one can be.
    """
    if len(stored) > MOST_STORED_BYTES:
        raise UnreadableFile("The stored table is larger than a daily table can be.")
    try:
        with pa.ipc.open_file(pa.BufferReader(stored)) as reader:
            table = reader.read_all()
            metadata = reader.schema.metadata or {}
        if metadata.get(_VERSION_KEY) != _VERSION:
            raise UnreadableFile("The stored table was written by another version of this product.")
        names = [name for name in DAILY_COLUMNS if name in table.column_names]
        frame = pd.DataFrame({name: _values(table, name, np.float64) for name in names})
        frame.insert(0, DATE, _values(table, DATE, "datetime64[s]"))
        codes = pd.DataFrame({name: _values(table, _CODES_PREFIX + name, np.int8) for name in names})
    except (pa.ArrowException, KeyError, OSError, ValueError) as error:
        raise UnreadableFile("The stored table is damaged.") from error
    return Daily(frame=frame, provenance=codes, creator=metadata[_CREATOR_KEY].decode())


def data_hash(daily: Daily) -> str:
    """SHA-256 in hex over days, values and provenance.

    The same numbers give the same hash whatever file they came from and whosever they are called.
    """
    digest = hashlib.sha256()
    digest.update(daily.frame[DATE].to_numpy().astype("datetime64[D]").astype("<i8").tobytes())
    for name in daily.columns:
        digest.update(name.encode())
        # Adding zero turns -0.0 into 0.0; one NaN pattern stands for all.
        values = daily.frame[name].to_numpy(dtype="<f8") + 0.0
        digest.update(np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes())
        digest.update(daily.provenance[name].to_numpy(dtype="i1").tobytes())
    return digest.hexdigest()


def daily_to_csv(daily: Daily) -> bytes:
    """A daily table as UTF-8 CSV that reads back to the same table and runs nothing in a spreadsheet.

    Columns: ``creator`` where there is one, ``date``, the canonical columns, and ``provisional`` and ``imputed`` where
    cells are: ``yes`` for all numbers of the day, else the names of the columns.
    """
    return csv_of(export_columns(daily))


def csv_of(columns: Mapping[str, Sequence[Cell]]) -> bytes:
    """Columns as UTF-8 CSV: days are written YYYY-MM-DD, missing cells are empty, no text is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue().encode()


def export_columns(daily: Daily) -> dict[str, list[Cell]]:
    """The cells of an export by column, typed: text, days, whole and other numbers, None where empty."""
    columns: dict[str, list[Cell]] = {}
    if daily.creator:
        columns[CREATOR] = [daily.creator] * len(daily.frame)
    columns[DATE] = daily.frame[DATE].to_numpy().astype("datetime64[D]").tolist()
    for name in daily.columns:
        columns[name] = [number_cell(value) for value in daily.frame[name].tolist()]
    for marker, code in ((PROVISIONAL, Provenance.PROVISIONAL), (IMPUTED, Provenance.IMPUTED)):
        marked = daily.provenance[list(daily.columns)] == code
        if marked.to_numpy().any():
            filled = daily.provenance[list(daily.columns)] != Provenance.MISSING
            columns[marker] = [
                _marker_text(marks, fills, daily.columns) or None
                for marks, fills in zip(marked.to_numpy(), filled.to_numpy(), strict=True)
            ]
    # A gap needs no row, but without its first or last row the table would come back shorter.
    has_row = daily.frame[list(daily.columns)].notna().any(axis=1).to_numpy(copy=True)
    has_row[[0, -1]] = True
    return {name: list(compress(cells, has_row.tolist())) for name, cells in columns.items()}


def number_cell(value: float | None) -> int | float | None:
    """A number as a spreadsheet shows it best: whole without a fraction, None for NaN."""
    if value is None or np.isnan(value):
        return None
    return int(value) if value.is_integer() and abs(value) < _EXACT_WHOLE else value


def formula_safe(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula; :func:`formula_plain` undoes it."""
    return _ESCAPE + text if text.lstrip(_ESCAPE).startswith(_FORMULA_STARTS) else text


def formula_plain(text: str) -> str:
    """The text before :func:`formula_safe`."""
    if text.startswith(_ESCAPE) and text.lstrip(_ESCAPE).startswith(_FORMULA_STARTS):
        return text[len(_ESCAPE) :]
    return text


def _values(table: Any, name: str, kind: Any) -> Any:
    return np.asarray(table.column(name).to_numpy()).astype(kind)


def _marker_text(marks: Any, fills: Any, names: tuple[str, ...]) -> str:
    if not marks.any():
        return ""
    if bool((marks == fills).all()):
        return _MARKED
    return " ".join(name for name, mark in zip(names, marks, strict=True) if mark)
