"""JSON as a grid: a list of records, the same inside an object, one record a line, or an object of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from cgn_core.ingest.delimited import EMPTY_CELLS
from cgn_core.ingest.findings import RefusedFile
from cgn_core.ingest.grid import MOST_CELLS, CellGrid, check_width, no_rows, too_many_cells

_MOST_CONTAINERS = 2_000_000
_REMEDY = "upload a list of records, one a day, such as [{“date”: “2026-01-05”, “followers”: 1200}]."


def read_records(text: str) -> CellGrid:
    """The grid of a JSON text. Rows are numbered as records, from 1.

    Raises:
        RefusedFile: broken JSON, no records in it, or more than can be held.
    """
    if text.count("{") + text.count("[") > _MOST_CONTAINERS or text.count(",") > 2 * MOST_CELLS:
        raise too_many_cells("JSON")
    records = _records_in(_parsed(text))
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
        check_width(len(names))
    if not names:
        raise no_rows()
    if len(names) * len(records) > MOST_CELLS:
        raise too_many_cells("JSON")
    empty = frozenset(EMPTY_CELLS)
    columns = tuple(
        tuple(None if isinstance(cell, str) and cell.strip() in empty else cell for cell in cells)
        for cells in ([record.get(name) for record in records] for name in names)
    )
    return CellGrid(
        file_type="json",
        header=tuple(names),
        columns=columns,
        lines=np.arange(1, len(records) + 1, dtype=np.int64),
        unit="record",
    )


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text.encode("utf-8", errors="replace"))
    except orjson.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith("{") for line in lines):
            try:
                return [orjson.loads(line.encode("utf-8", errors="replace")) for line in lines]
            except orjson.JSONDecodeError:
                pass
        sentence = f"is broken JSON near line {error.lineno}, column {error.colno}; export it again or {_REMEDY}"
        raise RefusedFile("broken_json", sentence) from error


def _records_in(parsed: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(parsed, Mapping):
        lists = [value for value in parsed.values() if _is_records(value)]
        if len(lists) == 1:
            return list(lists[0])
        if parsed and all(isinstance(value, list) for value in parsed.values()):
            return _from_columns(parsed)
        parsed = [parsed]
    if _is_records(parsed):
        return list(parsed)
    if parsed == []:
        raise no_rows()
    raise RefusedFile("not_a_table", f"is JSON without daily records; {_REMEDY}")


def _from_columns(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths) != 1:
        raise RefusedFile("not_a_table", f"is JSON whose columns differ in length; {_REMEDY}")
    check_width(len(columns))
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _is_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(record, dict) for record in value)
