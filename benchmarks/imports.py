"""Imports beside pandas: one creator's file, and a thousand creators' at once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import peers
from measuring import Comparison, compare

from cgn_core.ingest.reading import read_bytes
from cgn_core.ingest.weeks import read_weeks
from datagen.creators import generate_many
from datagen.layouts import own_table

DAYS, CREATORS = 730, 1000
TODAY, END = date(2026, 7, 1), date(2026, 6, 28)
WIDE = ("views", "profile_visits", "comments", "saves", "shares", "interactions", "hashtags", "provisional")
"""Columns that the large file leaves out: with them it is beyond the 50 MB that a browser may send."""
ROUNDS = 7


def one_creator() -> bytes:
    """Two years of a creator in our own layout."""
    return own_table(generate_many(creators=1, days=DAYS, profile="mid", seed=11, end=END)).to_csv(index=False).encode()


def many_creators() -> bytes:
    """Two years each of a thousand creators."""
    made = generate_many(creators=CREATORS, days=DAYS, profile="mid", seed=11, end=END)
    return own_table(made).drop(columns=list(WIDE)).to_csv(index=False).encode()


def measure() -> list[Comparison]:
    """Both sizes: typed to weeks, and with findings and provenance."""
    # Made by another process: an import doesn't begin on a heap that generating has grown and mixed.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        small, large = elsewhere.submit(one_creator).result(), elsewhere.submit(many_creators).result()
    return [*_beside_pandas(small, "a 730-day file", peers.import_with_pandas, (4.0, 1.5)), *_large(large)]


def _beside_pandas(
    data: bytes, what: str, theirs: Callable[[bytes], object], targets: tuple[float, float], rounds: int = 31
) -> list[Comparison]:
    ours: dict[str, Callable[[], object]] = {
        "typed, checked and summed to weeks": partial(read_weeks, data),
        "with findings and provenance": partial(read_bytes, data, file_name="creators.csv", today=TODAY),
    }
    return [
        compare(
            f"import of {what}, {how}",
            ours=action,
            peer="pandas: read_csv, checks, groupby week",
            theirs=partial(theirs, data),
            target=target,
            rounds=rounds,
        )
        for (how, action), target in zip(ours.items(), targets, strict=True)
    ]


def _large(data: bytes) -> list[Comparison]:
    rows = data.count(b"\n") - 1
    what = f"{rows:,} rows, {CREATORS:,} creators"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "creators.csv"
        path.write_bytes(data)
        lines = compare(
            f"import of {what}, typed, checked and summed to weeks",
            ours=lambda: read_weeks(path.read_bytes()),
            peer="reading the bytes and counting lines",
            theirs=partial(peers.count_lines, path),
            target=1 / 6,
            rounds=ROUNDS,
        )
    return [*_beside_pandas(data, what, peers.import_many_with_pandas, (1.8, 1.8), ROUNDS), lines]
