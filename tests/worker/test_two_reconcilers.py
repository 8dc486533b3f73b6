"""A time machine for two reconcilers that work at once: each due time of the schedules is acted upon once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, Job
from cgn_core.db.session import reading, transaction
from cgn_core.jobs import broker
from cgn_core.services.schedule_runs import run_due
from cgn_core.services.schedules import add_schedule, toggle
from worker.reconciler import Reconciler

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Pacific/Chatham",
)  # fmt: skip
"""Their hours begin at four different minutes."""


class TimeMachine:
    """Every clock of this process stands where it is put."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self, tz: Any = None) -> datetime:
        """What ``datetime.now`` says."""
        return self.moment.astimezone(tz)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, sent_jobs: list[Any]) -> TimeMachine:
    """All of the product asks :func:`cgn_core.db.models.now`, which asks this; the broker keeps every message."""
    del sent_jobs
    machine = TimeMachine(datetime(2026, 7, 1, tzinfo=UTC))
    monkeypatch.setattr("cgn_core.db.models.model.datetime", machine)
    monkeypatch.setattr(broker, "waiting_hints", lambda _queue: 1_000_000)
    return machine


@pytest.fixture
def in_zone(database_url: str, new_user: Callable[[Agency, Role], Actor]) -> Callable[[str], Actor]:
    """``in_zone("Asia/Kolkata")``: the owner of a new agency there."""
    del database_url

    def make(zone: str) -> Actor:
        with transaction() as session:
            agency = Agency(name=zone, time_zone=zone)
            session.add(agency)
            session.flush()
            session.expunge(agency)
        return new_user(agency, Role.OWNER)

    return make


def run_both(clock: TimeMachine, *, until: datetime, tick: timedelta) -> Counter[str]:
    """Two reconcilers that take every step at the same moment; how often each was the one to act."""
    rivals = [Reconciler(), Reconciler()]
    both = threading.Barrier(len(rivals) + 1)
    acted: Counter[str] = Counter()
    failures: list[BaseException] = []

    def live(rival: Reconciler) -> None:
        while True:
            both.wait()
            if clock.moment >= until:
                return
            try:
                acted[rival.holder] += rival.step()
            except BaseException as error:  # noqa: BLE001 - handed to the test below
                failures.append(error)
            both.wait()

    threads = [threading.Thread(target=live, args=(rival,)) for rival in rivals]
    for thread in threads:
        thread.start()
    while clock.moment < until:
        clock.moment += tick
        both.wait()
        if clock.moment < until:
            both.wait()
    for thread in threads:
        thread.join()
    assert failures == []
    return acted


def runs() -> list[tuple[UUID, datetime, datetime]]:
    """Of every job that a schedule queued: the schedule, the due time, and when it was queued."""
    with reading() as session:
        rows = session.execute(select(Job.idempotency_key, Job.created_at).order_by(Job.created_at)).all()
    found = []
    for key, queued_at in rows:
        _, schedule_id, due = key.split(":")
        found.append((UUID(schedule_id), datetime.strptime(due, "%Y%m%dT%H%M").replace(tzinfo=UTC), queued_at))
    return found


def add_nightly(actor: Actor, *hours: int) -> dict[UUID, int]:
    with transaction() as session:
        return {add_schedule(session, actor, "score_nightly", hour=hour): hour for hour in hours}


def test_in_an_hour_of_the_schedule_each_due_run_happens_once(
    clock: TimeMachine, in_zone: Callable[[str], Actor]
) -> None:
    schedules = {zone: add_nightly(in_zone(zone), *range(24)) for zone in ZONES}
    start, tick = clock.moment, timedelta(seconds=30)
    acted = run_both(clock, until=start + timedelta(hours=1, seconds=30), tick=tick)
    assert len(acted) == 2  # the lease is shorter than a step, so each of them was the one to act for a while
    assert min(acted.values()) > 0
    minutes = [start + timedelta(minutes=minute) for minute in range(1, 61)]
    expected = {
        (schedule_id, minute)
        for zone, ids in schedules.items()
        for schedule_id, hour in ids.items()
        for minute in minutes
        if (minute.astimezone(ZoneInfo(zone)).hour, minute.astimezone(ZoneInfo(zone)).minute) == (hour, 0)
    }
    happened = runs()
    assert len(expected) == len(ZONES)
    assert sorted((schedule_id, due) for schedule_id, due, _ in happened) == sorted(expected)
    assert all(timedelta(0) <= queued_at - due < tick for _, due, queued_at in happened)


@pytest.mark.parametrize(
    ("noon_before", "zone"),
    [
        ("2026-03-28T12:00", "Europe/Berlin"),  # 02:00 to 03:00 is skipped
        ("2026-10-24T12:00", "Europe/Berlin"),  # 02:00 to 03:00 comes twice
        ("2026-10-31T18:00", "America/New_York"),
        ("2026-04-04T03:00", "Australia/Lord_Howe"),  # half an hour comes twice
    ],
)
def test_a_night_when_the_clocks_change_is_one_night(
    clock: TimeMachine, in_zone: Callable[[str], Actor], noon_before: str, zone: str
) -> None:
    clock.moment = start = datetime.fromisoformat(noon_before).replace(tzinfo=UTC)
    schedules = add_nightly(in_zone(zone), 0, 1, 2, 3, 4)
    tick = timedelta(hours=1)
    run_both(clock, until=start + timedelta(days=2), tick=tick)
    local = ZoneInfo(zone)
    tomorrow = start.astimezone(local).date() + timedelta(days=1)
    wanted = Counter((each, tomorrow + timedelta(days=night)) for each in schedules for night in (0, 1))
    assert Counter((each, due.astimezone(local).date()) for each, due, _ in runs()) == wanted
    assert all(timedelta(0) <= queued_at - due < tick for _, due, queued_at in runs())


def test_three_weeks_of_standstill_are_caught_up_by_one_run_each(
    clock: TimeMachine, in_zone: Callable[[str], Actor]
) -> None:
    actor = in_zone("Europe/Berlin")
    nightly = add_nightly(actor, 2, 3)
    with transaction() as session:
        paused = add_schedule(session, actor, "score_nightly", hour=4)
        toggle(session, actor, paused)
    clock.moment += timedelta(days=21, hours=12)
    back = clock.moment
    run_both(clock, until=back + timedelta(hours=1), tick=timedelta(minutes=5))
    assert sorted(each for each, _, _ in runs()) == sorted(nightly)
    run_both(clock, until=back + timedelta(days=1, hours=1), tick=timedelta(hours=1))
    later = [(each, due) for each, due, queued_at in runs() if queued_at > back + timedelta(hours=1)]
    assert sorted(each for each, _ in later) == sorted(nightly)  # the next night, and no missed one
    assert all(due > back for _, due in later)
    assert Counter(each for each, _, _ in runs()) == Counter(dict.fromkeys(nightly, 2))


def test_without_the_lease_a_due_time_is_still_taken_once(clock: TimeMachine, in_zone: Callable[[str], Actor]) -> None:
    """As after a holder that was frozen past its lease and went on."""
    actor = in_zone("UTC")
    ids = add_nightly(actor, *range(12))
    moment = clock.moment + timedelta(days=2)
    start, acted = threading.Barrier(6), []

    def act() -> None:
        start.wait()
        with transaction() as session:
            acted.append(run_due(session, moment=moment))

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(acted) == len(ids)
    assert Counter(each for each, _, _ in runs()) == Counter(dict.fromkeys(ids, 1))
