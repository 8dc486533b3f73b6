from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Arrival, ArrivalPiece, DataVersion, Job, JobState, Upload, User, Workspace, now
from cgn_core.db.session import transaction
from cgn_core.errors import Conflict, FileTooLarge, Forbidden, InvalidInput, NotFound
from cgn_core.ingest import large
from cgn_core.jobs import claimed
from cgn_core.services import arrivals, imports
from cgn_core.services.arrivals import begin_arrival, get_arrival, request_import, request_reading
from cgn_core.services.workspaces import list_workspaces

MakeCsv = Callable[..., bytes]
PIECE = 5_000

pytestmark = pytest.mark.usefixtures("sent_jobs")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(large, "PART_BYTES", 20_000)


def send(session: Session, actor: Actor, data: bytes, workspace: Workspace | None = None) -> UUID:
    """Begin, send every piece, the last first and one of them twice."""
    arrival = begin_arrival(
        session, actor, workspace_id=workspace.id if workspace else None, file_name="all.csv", size=len(data)
    )
    pieces = range(-(-len(data) // PIECE))
    for number in (*reversed(pieces), 0):
        piece = data[number * PIECE : (number + 1) * PIECE]
        arrivals.add_piece(session, actor, arrival, number=number, content=piece)
    session.commit()
    return arrival


def do(session: Session, job_id: UUID) -> Job:
    session.commit()
    with claimed(job_id) as claim:
        assert claim is not None
        arrivals.run(claim)
    session.expire_all()
    job = session.get_one(Job, job_id)
    session.rollback()
    return job


def count(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_large_file_is_read_by_a_job_and_imported_by_another(
    session: Session, strategist: Actor, make_csv: MakeCsv
) -> None:
    names = [f"big.{number}" for number in range(6)]
    arrival = send(session, strategist, make_csv(*names, days=60))
    job = do(session, request_reading(session, strategist, arrival, key="k"))
    assert (job.state, job.message) == (JobState.DONE, "Read 360 rows of 6 creators; nothing is imported yet")
    assert count(session, DataVersion) == 0
    seen = get_arrival(session, strategist, arrival)
    assert seen.found is not None
    assert seen.found.importable
    assert sorted(creator.handle for creator in seen.found.creators) == names
    assert {creator.change.new_days for creator in seen.found.creators} == {60}
    job_id = request_import(session, strategist, arrival)
    assert request_import(session, strategist, arrival) == job_id, "twice is once"
    job = do(session, job_id)
    assert (job.state, job.message) == (JobState.DONE, "Imported 6 creators")
    assert sorted(card.handle for card in list_workspaces(session, strategist)) == names
    assert (count(session, DataVersion), count(session, ArrivalPiece), count(session, Upload)) == (6, 0, 0)
    seen = get_arrival(session, strategist, arrival)
    assert (seen.found, seen.job and seen.job.message) == (None, "Imported 6 creators")
    assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "retrain")) == 6


def test_what_a_large_file_holds_is_what_a_small_one_does(
    session: Session, strategist: Actor, workspace: Workspace, make_csv: MakeCsv, import_csv: Callable[..., Any]
) -> None:
    data = make_csv(workspace.handle, days=90)
    import_csv(strategist, workspace, data=data)
    arrival = send(session, strategist, data, workspace)
    do(session, request_reading(session, strategist, arrival, key="k"))
    seen = get_arrival(session, strategist, arrival)
    assert seen.found is not None
    assert [creator.change.nothing for creator in seen.found.creators] == [True]
    job = do(session, request_import(session, strategist, arrival))
    assert job.result == {"workspaces": 1, "changed": 0}
    assert count(session, DataVersion) == 1


def test_a_question_is_answered_without_sending_the_file_again(
    session: Session, strategist: Actor, make_csv: MakeCsv
) -> None:
    data = make_csv("big.0", days=60).replace(b"2025-01-20", b"20 25-01-20")
    arrival = send(session, strategist, data)
    job = do(session, request_reading(session, strategist, arrival, key="k"))
    assert job.message == "The file can't be imported as it is; nothing was stored"
    seen = get_arrival(session, strategist, arrival).found
    assert seen is not None
    assert seen.id is None
    with pytest.raises(NotFound):
        request_import(session, strategist, arrival)
    (question,) = (one for one in seen.questions if any(each.value == "leave_out" for each in one.choices))
    answers = {question.key: "leave_out"}
    do(session, request_reading(session, strategist, arrival, answers=answers, key="again"))
    seen = get_arrival(session, strategist, arrival).found
    assert seen is not None
    assert (seen.importable, seen.answers, seen.report["rows"]) == (True, answers, 59)


def test_pieces_that_are_missing_wrong_or_late_are_refused_in_a_sentence(
    session: Session, strategist: Actor, make_csv: MakeCsv
) -> None:
    data = make_csv("big.0", days=300)
    arrival = begin_arrival(session, strategist, file_name="all.csv", size=len(data))
    arrivals.add_piece(session, strategist, arrival, number=1, content=data[PIECE : 2 * PIECE])
    with pytest.raises(InvalidInput, match=r"all\.csv hasn't arrived whole; upload it again\."):
        request_reading(session, strategist, arrival, key="k")
    for number, content in ((0, data[: PIECE - 1]), (0, data[: PIECE + 1]), (-1, data[:PIECE]), (99, b""), (99, b"x")):
        with pytest.raises(InvalidInput, match=r"A piece of all\.csv didn't arrive whole"):
            arrivals.add_piece(session, strategist, arrival, number=number, content=content)
    whole = send(session, strategist, data)
    request_reading(session, strategist, whole, key="k")
    with pytest.raises(Conflict, match="arrived whole already"):
        arrivals.add_piece(session, strategist, whole, number=0, content=data[:PIECE])


def test_what_is_too_large_or_has_no_size_is_refused_before_it_is_sent(
    session: Session, strategist: Actor, viewer: Actor, change_settings: Callable[..., None]
) -> None:
    change_settings(large_upload_limit_bytes=10 * 1024**2)
    with pytest.raises(FileTooLarge, match=r"big\.csv has 20 MB and a file may have 10 MB; split it by year"):
        begin_arrival(session, strategist, file_name="C:\\me\\big.csv", size=20 * 1024**2)
    for size in (0, -1, True, "9", 1.5, None):
        with pytest.raises(InvalidInput, match="size isn't known"):
            begin_arrival(session, strategist, file_name="big.csv", size=size)  # type: ignore[arg-type]  # as a forged request has it
    with pytest.raises(Forbidden):
        begin_arrival(session, viewer, file_name="big.csv", size=9)


def test_a_colleague_does_not_reach_a_file_on_its_way(
    session: Session, strategist: Actor, owner: Actor, make_csv: MakeCsv
) -> None:
    arrival = send(session, strategist, make_csv("big.0", days=60))
    for call in (get_arrival, request_import, arrivals.discard_arrival):
        with pytest.raises(NotFound):
            call(session, owner, arrival)


def test_files_that_nobody_decides_about_go(session: Session, strategist: Actor, make_csv: MakeCsv) -> None:
    data = make_csv("big.0", days=60)
    kept = [send(session, strategist, data) for _ in range(4)]
    assert set(session.scalars(select(Arrival.id))) == set(kept[1:]), "three at once"
    session.execute(update(Arrival).values(created_at=now() - imports.UPLOADS_KEPT - timedelta(minutes=1)))
    last = send(session, strategist, data)
    assert list(session.scalars(select(Arrival.id))) == [last]
    assert set(session.scalars(select(ArrivalPiece.arrival_id))) == {last}
    arrivals.discard_arrival(session, strategist, last)
    session.commit()
    assert count(session, ArrivalPiece) == 0


@pytest.mark.parametrize("step", ["read", "import"])
def test_a_job_that_loses_its_claim_stores_nothing_and_the_next_attempt_everything(
    session: Session, strategist: Actor, make_csv: MakeCsv, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    arrival = send(session, strategist, make_csv("big.0", "big.1", days=60))
    job_id = request_reading(session, strategist, arrival, key="k")
    if step == "import":
        do(session, job_id)
        job_id = request_import(session, strategist, arrival)
    session.commit()
    uploads = count(session, Upload)
    session.rollback()

    def taken_away(*_: object, **__: object) -> Iterator[None]:
        with transaction() as own:
            again = {"state": JobState.QUEUED, "fence": Job.fence + 1}
            own.execute(update(Job).where(Job.id == job_id).values(again))

    with monkeypatch.context() as patched, claimed(job_id) as claim:
        assert claim is not None
        lost = claim.commit
        patched.setattr(claim, "commit", lambda: (taken_away(), lost())[1])
        arrivals.run(claim)
    session.expire_all()
    assert (count(session, Upload), count(session, DataVersion)) == (uploads, 0)
    assert session.get_one(Job, job_id).state == JobState.QUEUED
    assert do(session, job_id).state == JobState.DONE
    assert count(session, DataVersion) == (2 if step == "import" else 0)


def test_a_job_of_somebody_who_was_disabled_imports_nothing(
    session: Session, strategist: Actor, make_csv: MakeCsv
) -> None:
    arrival = send(session, strategist, make_csv("big.0", days=60))
    job_id = request_reading(session, strategist, arrival, key="k")
    session.execute(update(User).where(User.id == strategist.user_id).values(disabled_at=now()))
    assert do(session, job_id).state == JobState.FAILED
