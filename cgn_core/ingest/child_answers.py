"""What a child process says of the files it read: JSON and Arrow tables, never pickled objects.

Fragments stay in the child: they served to join the files, and hold more of people than anybody needs.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from cgn_core.errors import UnreadableFile
from cgn_core.ingest.drops import Drop
from cgn_core.ingest.findings import SEVERITIES, Finding
from cgn_core.ingest.joining import Account
from cgn_core.ingest.questions import Choice, Question
from cgn_core.ingest.reading import Reading, Sample
from cgn_core.ingest.rejects import RejectedRow, Rejects
from cgn_core.ingest.storage import daily_from_bytes, daily_to_bytes
from cgn_core.tables import Daily

LENGTHS = struct.Struct("!QQ")
"""Before each message: the bytes of its JSON and of the tables behind it."""
_VALUES, _CODES, _PLACES, _DAYS = "values:", "codes:", "places:", "days"
_ABOUT = b"cgn.account"


@dataclass(frozen=True)
class Usage:
    """What a reading took."""

    cpu_seconds: float
    peak_bytes: int
    """Resident memory at its most, above that of the process before it read anything."""


def pack_drop(drop: Drop, usage: Usage) -> tuple[bytes, list[bytes]]:
    """A drop as JSON and tables; each table is packed once, however often it is named."""
    places: dict[int, int] = {}
    tables: list[bytes] = []

    def place(daily: Daily) -> int:
        if id(daily) not in places:
            places[id(daily)] = len(tables)
            tables.append(daily_to_bytes(daily))
        return places[id(daily)]

    def holder(of: Drop | Reading) -> dict[str, Any]:
        return {
            "creators": [place(daily) for daily in of.creators],
            "competitors": [[name, place(daily)] for name, daily in of.competitors.items()],
            "findings": [each.to_json() for each in of.findings],
            "importable": of.importable,
            "questions": [each.to_json() for each in of.questions],
            "answers": dict(of.answers),
        }

    told = {
        **holder(drop),
        "readings": [{**holder(reading), **_reading_json(reading)} for reading in drop.readings],
        "accounts": [],
        "usage": [usage.cpu_seconds, usage.peak_bytes],
    }
    for account in drop.accounts:
        told["accounts"].append(len(tables))
        tables.append(_account_to_bytes(account))
    told["sizes"] = [len(table) for table in tables]
    # Names may hold halves of letters, which only escaped JSON can carry.
    return json.dumps(told, ensure_ascii=True).encode("ascii"), tables


def unpack_drop(told: bytes, packed: bytes) -> tuple[Drop, Usage]:
    """The inverse of :func:`pack_drop`, but for the readings' fragments; trusts nothing it is told.

    Args:
        told: the JSON.
        packed: the tables, one behind the other.

    Raises:
        UnreadableFile: it is no answer.
    """
    try:
        return _unpacked(json.loads(told), memoryview(packed))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, pa.ArrowException) as error:
        raise UnreadableFile("The answer of the reading process is damaged.") from error


def _unpacked(told: dict[str, Any], packed: memoryview) -> tuple[Drop, Usage]:
    ends = np.cumsum([0, *told["sizes"]]).tolist()
    tables = [bytes(packed[start:end]) for start, end in pairwise(ends)]
    opened: dict[int, Daily] = {}

    def daily(place: int) -> Daily:
        if place not in opened:
            opened[place] = daily_from_bytes(tables[place])
        return opened[place]

    def held(of: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "creators": tuple(daily(place) for place in of["creators"]),
            "competitors": {str(name): daily(place) for name, place in of["competitors"]},
            "findings": tuple(_finding(each) for each in of["findings"]),
            "importable": of["importable"] is True,
            "questions": tuple(_question(each) for each in of["questions"]),
            "answers": {str(key): str(value) for key, value in of["answers"].items()},
        }

    drop = Drop(
        readings=tuple(Reading(**held(each), **_reading_fields(each)) for each in told["readings"]),
        accounts=tuple(_account_from_bytes(tables[place]) for place in told["accounts"]),
        **held(told),
    )
    if drop.importable == any(finding.severity == "error" for finding in drop.findings):
        raise ValueError(drop.importable)
    cpu_seconds, peak_bytes = told["usage"]
    return drop, Usage(float(cpu_seconds), int(peak_bytes))


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {
        "file_name": reading.file_name,
        "file_hash": reading.file_hash,
        "format": reading.format,
        "file_type": reading.file_type,
        "rows": int(reading.rows),
        "first_date": reading.first_date.isoformat() if reading.first_date else None,
        "last_date": reading.last_date.isoformat() if reading.last_date else None,
        "columns": dict(reading.columns),
        "signature": reading.signature,
        "sample": reading.sample.to_json() if reading.sample else None,
        "rejects": reading.rejects
        and {
            "header": list(reading.rejects.header),
            "rows": [[int(row.line), row.reason, list(row.cells)] for row in reading.rejects.rows],
        },
    }


def _reading_fields(told: Mapping[str, Any]) -> dict[str, Any]:
    sample, rejects = told["sample"], told["rejects"]
    return {
        **{name: str(told[name]) for name in ("file_name", "file_hash", "format", "file_type", "signature")},
        "rows": int(told["rows"]),
        "first_date": date.fromisoformat(told["first_date"]) if told["first_date"] else None,
        "last_date": date.fromisoformat(told["last_date"]) if told["last_date"] else None,
        "columns": {str(name): str(column) for name, column in told["columns"].items()},
        "sample": sample and Sample(_texts(sample["header"]), tuple(_texts(row) for row in sample["rows"])),
        "rejects": rejects
        and Rejects(
            _texts(rejects["header"]),
            tuple(RejectedRow(int(line), str(reason), _texts(cells)) for line, reason, cells in rejects["rows"]),
        ),
    }


def _finding(told: Mapping[str, Any]) -> Finding:
    (severity,) = (known for known in SEVERITIES if known == told["severity"])
    return Finding(severity, str(told["code"]), str(told["message"]), tuple(int(row) for row in told["rows"]))


def _question(told: Mapping[str, Any]) -> Question:
    choices = tuple(Choice(str(choice["value"]), str(choice["label"])) for choice in told["choices"])
    proposed = told["proposed"]
    return Question(str(told["key"]), str(told["sentence"]), choices, None if proposed is None else str(proposed))


def _texts(cells: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(cell) for cell in cells)


def _account_to_bytes(account: Account) -> bytes:
    arrays: dict[str, Any] = {_DAYS: pa.array(account.days.astype("datetime64[D]"))}
    for prefix, columns in ((_VALUES, account.values), (_CODES, account.codes), (_PLACES, account.places)):
        # NaN is a missing cell here, not a mask.
        arrays |= {prefix + name: pa.array(cells, from_pandas=False) for name, cells in columns.items()}
    about = json.dumps({"creator": account.creator, "sources": account.sources}).encode("ascii")
    table = pa.table(arrays).replace_schema_metadata({_ABOUT: about})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def _account_from_bytes(packed: bytes) -> Account:
    with pa.ipc.open_file(pa.BufferReader(packed)) as reader:
        table = reader.read_all()
    about = json.loads(table.schema.metadata[_ABOUT])

    def columns(prefix: str, kind: str) -> dict[str, Any]:
        return {
            name.removeprefix(prefix): table.column(name).to_numpy().astype(kind)
            for name in table.column_names
            if name.startswith(prefix)
        }

    return Account(
        creator=str(about["creator"]),
        days=table.column(_DAYS).to_numpy().astype("datetime64[D]"),
        values=columns(_VALUES, "float64"),
        codes=columns(_CODES, "int8"),
        sources=_texts(about["sources"]),
        places=columns(_PLACES, "int16"),
    )
