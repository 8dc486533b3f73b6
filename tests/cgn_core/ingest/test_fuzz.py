"""Real files of every layout made wrong: a thousand cases here, ``make fuzz`` for twenty thousand.

Each is read as an upload is, in its own child process, which measures itself: processor time and the memory it holds
above what the process had before it read anything. The seconds are the processor's, because a clock on a busy machine
tells more of the machine; what the clock may take is bounded by the reader's own limits.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mutations import KINDS, Files
from seed_files import SEEDS, TODAY
from sqlalchemy import func, select

from cgn_core.access import Actor
from cgn_core.db.models import DataVersion, Upload, Workspace
from cgn_core.db.session import reading, transaction
from cgn_core.errors import CgnError
from cgn_core.ingest.child_answers import Usage
from cgn_core.ingest.drops import Drop
from cgn_core.ingest.isolation import read_measured
from cgn_core.ingest.nursery import current_nursery
from cgn_core.ingest.questions import NO_ANSWERS, Answers
from cgn_core.ingest.storage import daily_from_bytes
from cgn_core.services.data_versions import hash_daily
from cgn_core.services.imports import import_upload, read_uploads
from cgn_core.tables import Daily

CASES = int(os.environ.get("FUZZ_CASES", "1000"))
REPORT = os.environ.get("FUZZ_REPORT")
"""A directory into which each kind writes what it saw."""
MOST_SECONDS, MOST_BYTES = 2.0, 300 * 1024**2
BROKEN = {"reader_failed", "reader_died"}
"""Findings that hide an exception or a crash of the reader."""
ENDED = {"takes_too_long", "needs_too_much_memory"}
"""Findings of a reader that was ended at its limits, which are below ours."""

pytestmark = [
    pytest.mark.timeout(300 if CASES <= 1000 else 0),
    # Said of a failing case's text, in the place of the failure.
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]
fuzzed = settings(
    deadline=None,
    # What a case is made of is a number that seeds its changes: smaller numbers are no simpler cases.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True, scope="module")
def _no_server_is_left() -> Iterator[None]:
    yield
    current_nursery().end()


def whole_table(daily: Daily) -> None:
    days = daily.frame["date"].to_numpy().astype("datetime64[D]")
    assert len(days)
    assert (np.diff(days).astype(int) == 1).all()
    assert days[-1] <= np.datetime64(TODAY, "D")
    for name in daily.columns:
        values, codes = daily.frame[name].to_numpy(dtype=float), daily.provenance[name].to_numpy()
        assert not np.isinf(values).any(), name
        np.testing.assert_array_equal(np.isnan(values), codes == 0)


def whole_answer(drop: Drop) -> None:
    """Importable or refused, never a bit of both; every finding and question a sentence."""
    errors = [finding for finding in drop.findings if finding.severity == "error"]
    assert drop.importable != bool(errors)
    assert drop.importable == bool(drop.creators)
    assert drop.importable or not (drop.competitors or drop.accounts)
    assert len(drop.findings) < 200
    for sentence in (*(each.message for each in drop.findings), *(each.sentence for each in drop.questions)):
        assert sentence.endswith((".", "?")), sentence
        assert sentence.isprintable(), sentence
        assert len(sentence) < 2000, sentence
    assert BROKEN.isdisjoint(finding.code for finding in drop.findings), [each.message for each in drop.findings]
    for daily in (*drop.creators, *drop.competitors.values()):
        whole_table(daily)
    json.dumps(drop.to_json(), allow_nan=False)


def cheap(usage: Usage | None, drop: Drop) -> None:
    codes = {finding.code for finding in drop.findings}
    assert usage is not None or codes & ENDED, codes
    if usage is not None:
        assert usage.cpu_seconds < MOST_SECONDS
        assert usage.peak_bytes < MOST_BYTES


def answers_to(drop: Drop, dice: random.Random) -> Answers:
    return {each.key: dice.choice([*(choice.value for choice in each.choices), "?"]) for each in drop.questions}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_file_made_wrong_gets_a_whole_answer_in_words_and_in_time(kind: str) -> None:
    cases, share = KINDS[kind]
    seen: Counter[str] = Counter()
    most = {"cpu_seconds": 0.0, "peak_bytes": 0}

    def read(files: Files, answers: Answers) -> Drop:
        drop, usage = read_measured(files, today=TODAY, answers=answers)
        whole_answer(drop)
        cheap(usage, drop)
        if usage is not None:
            most.update({name: max(value, getattr(usage, name)) for name, value in most.items()})
        ended = ENDED & {finding.code for finding in drop.findings}
        seen.update([*ended] or ["importable" if drop.importable else "asks" if drop.questions else "refused"])
        return drop

    @settings(fuzzed, max_examples=max(1, CASES * share // 1000))
    @given(cases, st.integers(0, 2**32 - 1))
    def each(files: Files, seed: int) -> None:
        drop = read(files, NO_ANSWERS)
        seen["cases"] += 1
        if drop.questions:
            read(files, answers_to(drop, random.Random(seed)))

    try:
        each()
    finally:
        if REPORT:
            (Path(REPORT) / f"{kind}.json").write_text(json.dumps({"kind": kind, **seen, **most}) + "\n", "utf-8")


def stored(workspace_id: UUID) -> tuple[int, list[str]]:
    """How many uploads wait, and the versions' hashes; fails where a version isn't whole."""
    with reading() as session:
        versions = list(session.scalars(select(DataVersion).filter_by(workspace_id=workspace_id)))
        for version in versions:
            assert hash_daily(daily_from_bytes(version.table)) == version.data_hash
        uploads = session.scalar(select(func.count()).select_from(Upload)) or 0
        return uploads, sorted(version.data_hash for version in versions)


def test_nothing_of_a_refused_file_is_stored_and_all_of_an_importable_one(owner: Actor, workspace: Workspace) -> None:
    number = iter(range(10**9))

    def take_in(files: Files, answers: Answers) -> bool:
        before = stored(workspace.id)
        with transaction() as session:
            view = read_uploads(session, owner, workspace_id=workspace.id, files=files, answers=answers)
        if view.id is None:
            assert stored(workspace.id) == before
            return False
        assert stored(workspace.id) == (before[0] + 1, before[1])
        read = stored(workspace.id)
        done = []
        with suppress(CgnError), transaction() as session:
            done = import_upload(session, owner, view.id, key=str(next(number)), handles={"": "lena.moves"})
        if not done:  # refused: a history that has no date in common, say
            assert stored(workspace.id) == read
            return False
        assert all(each.message.endswith(".") for each in done)
        mine = [each for each in done if each.workspace_id == workspace.id]
        assert len(stored(workspace.id)[1]) == len(read[1]) + sum(each.changed for each in mine)
        return True

    @settings(fuzzed, max_examples=max(1, CASES // 50))
    @given(st.one_of([cases for cases, _ in KINDS.values()]), st.integers(0, 2**32 - 1))
    def each(files: Files, seed: int) -> None:
        if not take_in(files, NO_ANSWERS):
            drop, _ = read_measured(files, today=TODAY)
            take_in(files, answers_to(drop, random.Random(seed)))

    assert take_in([("own.csv", SEEDS["own.csv"])], NO_ANSWERS)
    each()
