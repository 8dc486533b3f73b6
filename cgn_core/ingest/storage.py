"""A daily table as bytes: compressed Arrow for the database, formula-safe CSV for people. Never pickle."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow as pa
import pyarrow.ipc

from cgn_core.tables import DAILY_COLUMNS, Daily, Provenance

CREATOR_KEY = b"creator"
CODE_PREFIX = "provenance."
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def daily_to_bytes(daily: Daily) -> bytes:
    """A daily table with its provenance as an Arrow file, zstd inside; :func:`daily_from_bytes` is the inverse."""
    arrays = [pa.array(daily.frame["date"].to_numpy().astype("datetime64[s]"))]
    names = ["date"]
    for name in daily.columns:
        arrays += [
            pa.array(daily.frame[name].to_numpy(dtype="float64")),
            pa.array(daily.provenance[name].to_numpy(dtype="int8")),
        ]
        names += [name, CODE_PREFIX + name]
    table = pa.table(arrays, names=names).replace_schema_metadata({CREATOR_KEY: daily.creator.encode()})
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def daily_from_bytes(stored: bytes) -> Daily:
    """The inverse of :func:`daily_to_bytes`."""
    with pa.ipc.open_file(pa.BufferReader(stored)) as reader:
        table = reader.read_all()
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    present = [name for name in DAILY_COLUMNS if name in columns]
    frame = pd.DataFrame(
        {"date": columns["date"].astype("datetime64[s]"), **{name: columns[name].copy() for name in present}}
    )
    provenance = pd.DataFrame({name: columns[CODE_PREFIX + name].copy() for name in present})
    return Daily(
        frame=frame, provenance=provenance, creator=(table.schema.metadata or {}).get(CREATOR_KEY, b"").decode()
    )


def daily_to_csv(daily: Daily) -> bytes:
    """Our own CSV: UTF-8, ISO dates, one row a day that has any number; reads back to the same table.

    Text that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay numbers.
    """
    out = pd.DataFrame({"date": daily.frame["date"].dt.strftime("%Y-%m-%d")})
    if daily.creator:
        out.insert(0, "creator", formula_safe(daily.creator))
    for name in daily.columns:
        values = daily.frame[name]
        whole = values.dropna() % 1 == 0
        out[name] = values.astype("Int64") if whole.all() else values
    provisional = (daily.provenance == Provenance.PROVISIONAL).any(axis=1)
    if provisional.any():
        out["provisional"] = provisional.astype(int).to_numpy()
    known = daily.frame[list(daily.columns)].notna().any(axis=1)
    return out[known.to_numpy()].to_csv(index=False, lineterminator="\n").encode()


def formula_safe(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
