"""Meta Business Suite's content CSV: one row a published piece, in every language it is exported in.

Its numbers are lifetime totals of a piece, so only what was published on which day is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import numpy as np

from cgn_core.ingest.columns import folded
from cgn_core.ingest.findings import NAMED, Findings, excerpt, listed
from cgn_core.ingest.fragments import Piece, Pieces
from cgn_core.ingest.grid import Grid

PUBLISHED = frozenset({"publish_time", "hora_de_publicacion", "horario_de_publicacion", "horario_de_publicacao"})
KIND = frozenset({"post_type", "tipo_de_publicacion", "tipo_de_publicacao", "tipo_de_post"})
IDENTITY = (
    "post_id", "identificador_de_la_publicacion", "identificador_de_publicacion", "identificador_da_publicacao",
    "identificacao_da_publicacao", "id_da_publicacao", "id_de_la_publicacion", "permalink", "enlace_permanente",
    "link_permanente",
)  # fmt: skip
ACCOUNT = frozenset(
    {
        "account_username", "nombre_de_usuario_de_la_cuenta", "nome_de_usuario_da_conta", "nombre_de_usuario",
        "nome_de_usuario",
    }
)  # fmt: skip
TOGETHER = (frozenset({"posts", "reels"}), frozenset({"stories"}))
"""Kinds that Business Suite exports in one file: a file with one of them lists all of its neighbours."""
_WORDS = (
    ("reels", ("reel",)),
    ("stories", ("story", "stories", "historia")),
    (
        "posts",
        ("image", "imagem", "imagen", "carousel", "carrossel", "carrusel", "secuencia", "photo", "foto", "video"),
    ),
)
# The month comes first in every language.
_TIME = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:\s+\d{1,2}:\d{2}.*)?", re.ASCII)


def is_post_list(header: Sequence[str]) -> bool:
    """Whether a header is that of a content export."""
    names = {folded(cell) for cell in header}
    return bool(names & PUBLISHED) and bool(names & KIND)


def read_post_list(grid: Grid, found: Findings) -> tuple[Pieces, ...]:
    """One list per account that the file names; pieces without a readable time or kind become error findings."""
    names = [folded(cell) for cell in grid.header]
    times = grid.cells(_place(names, PUBLISHED))
    kinds = grid.cells(_place(names, KIND))
    identity = next((names.index(name) for name in IDENTITY if name in names), None)
    identities = None if identity is None else grid.cells(identity)
    accounts = grid.cells(_place(names, ACCOUNT)) if set(names) & ACCOUNT else [None] * len(grid.lines)
    by_account: dict[str, dict[str, Piece]] = {}
    undated: list[int] = []
    unknown: dict[str, list[int]] = {}
    for place, line in enumerate(grid.lines.tolist()):
        day, column = _day(times[place]), _column(kinds[place])
        if day is None:
            undated.append(line)
        elif column is None:
            unknown.setdefault(str(kinds[place] or ""), []).append(line)
        else:
            creator = str(accounts[place] or "").strip().removeprefix("@")
            key = str(identities[place]) if identities is not None and identities[place] else f"line {line}"
            by_account.setdefault(creator, {})[key] = Piece(key, day, column)
    if undated:
        found.add(
            "error",
            "not_a_date",
            f"{grid.header[_place(names, PUBLISHED)]} is no time such as 01/31/2026 18:05 in {found.places(undated)}; "
            "export the file again.",
            undated,
        )
    for kind in list(unknown)[:NAMED]:
        found.add(
            "warning",
            "unknown_post_type",
            f"{excerpt(kind)} in {found.places(unknown[kind])} is no kind of Instagram post that is counted; left out.",
            unknown[kind],
        )
    if len(unknown) > NAMED:
        rest = sorted(line for kind in list(unknown)[NAMED:] for line in unknown[kind])
        sentence = (
            f"{len(unknown) - NAMED:,} more words in {found.places(rest)} are no kinds of Instagram post; left out."
        )
        found.add("warning", "unknown_post_type", sentence, rest)
    pieces = [piece for account in by_account.values() for piece in account.values()]
    if pieces:
        found.add(
            "info",
            "activity_only",
            f"lists {len(pieces):,} published {listed(sorted({piece.column for piece in pieces}))}; their day and kind "
            "are taken, their lifetime numbers and texts are not.",
        )
    return tuple(
        Pieces(found.file_name, creator, tuple(account.values()), _listed_kinds(account.values()))
        for creator, account in by_account.items()
    )


def _listed_kinds(pieces: Iterable[Piece]) -> frozenset[str]:
    seen = {piece.column for piece in pieces}
    return frozenset().union(*(kinds for kinds in TOGETHER if seen & kinds))


def _place(names: Sequence[str], wanted: frozenset[str]) -> int:
    return next(place for place, name in enumerate(names) if name in wanted)


def _day(cell: object) -> np.datetime64 | None:
    if isinstance(cell, datetime):
        # A spreadsheet that knows the month to come first has made a time of it.
        return np.datetime64(cell.date(), "D")
    match = _TIME.fullmatch(str(cell).strip()) if cell is not None else None
    if match is None:
        return None
    month, day, year = (int(part) for part in match.groups())
    try:
        return np.datetime64(date(year, month, day), "D")
    except ValueError:
        return None


def _column(cell: object) -> str | None:
    words = folded(str(cell or ""))
    return next((column for column, marks in _WORDS if any(mark in words for mark in marks)), None)
