from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from mailbox_server import Mailbox
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor, Role
from cgn_core.db.models import Agency, Job, JobState, Schedule, Workspace, now
from cgn_core.db.session import reading
from cgn_core.errors import Forbidden, InvalidInput, NotFound
from cgn_core.jobs import JobKind
from cgn_core.services import imports, reports, schedules
from cgn_core.services.agencies import edit_agency
from cgn_core.services.jobs import list_jobs
from cgn_core.services.models import model_versions
from cgn_core.services.schedule_runs import run_due
from cgn_core.services.schedules import (
    WEEKDAYS,
    add_schedule,
    edit_schedule,
    list_schedules,
    remove_schedule,
    restore_schedule,
    toggle,
)

pytestmark = pytest.mark.usefixtures("sent_jobs")


def make_due(session: Session, schedule_id: UUID, *, since: timedelta = timedelta(minutes=1)) -> datetime:
    moment = now().replace(microsecond=0) - since
    session.execute(update(Schedule).where(Schedule.id == schedule_id).values(next_due_at=moment))
    session.commit()
    return moment


def jobs_of(kind: JobKind) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.kind == str(kind))) or 0


def test_a_due_schedule_queues_its_job_once_and_names_its_next_time(session: Session, strategist: Actor) -> None:
    schedule_id = add_schedule(session, strategist, "score_nightly", hour=2)
    was = make_due(session, schedule_id)
    assert [run_due(session, moment=now()) for _ in range(3)] == [1, 0, 0]
    session.commit()
    (view,) = list_schedules(session, strategist)
    assert view.last_due_at == was
    assert now() < view.next_due_at <= now() + timedelta(hours=25)
    assert jobs_of(JobKind.SCORE) == 1


def test_a_standstill_of_weeks_is_made_up_for_by_one_run(session: Session, strategist: Actor) -> None:
    schedule_id = add_schedule(session, strategist, "score_nightly")
    make_due(session, schedule_id, since=timedelta(days=20))
    run_due(session, moment=now())
    run_due(session, moment=now())
    session.commit()
    assert jobs_of(JobKind.SCORE) == 1


def test_a_monthly_retraining_of_the_agency_covers_every_workspace_with_data(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    agency: Agency,
    new_workspace: Callable[..., Workspace],
) -> None:
    new_workspace(agency, "empty")
    before = jobs_of(JobKind.RETRAIN)
    make_due(session, add_schedule(session, strategist, "retrain_monthly", day=31))
    run_due(session, moment=now())
    session.commit()
    waiting = session.scalars(select(Job).where(Job.state == JobState.QUEUED)).all()
    assert [job.workspace_id for job in waiting] == [trained.id]
    assert waiting[0].requested_by is None
    assert jobs_of(JobKind.RETRAIN) == before + 1


def test_a_model_is_retrained_by_night_only_when_it_fell_far_enough_behind(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> None:
    import_csv(strategist, trained, data=make_csv(days=224))  # two weeks more, and its retraining comes to nothing
    session.execute(update(Job).where(Job.state == JobState.QUEUED).values(state=JobState.CANCELLED))
    session.commit()
    for weeks, queued in ((3, 0), (2, 1)):
        make_due(session, add_schedule(session, strategist, "retrain_behind", workspace_id=trained.id, weeks=weeks))
        run_due(session, moment=now())
        session.commit()
        waiting = session.scalars(select(Job).where(Job.state == JobState.QUEUED)).all()
        assert sum("only_on_drift" not in job.params for job in waiting) == queued, weeks


def test_a_paused_schedule_is_silent_and_goes_on_at_its_next_time(session: Session, strategist: Actor) -> None:
    schedule_id = add_schedule(session, strategist, "score_nightly")
    assert not toggle(session, strategist, schedule_id)
    make_due(session, schedule_id)
    assert run_due(session, moment=now()) == 0
    assert toggle(session, strategist, schedule_id)
    assert run_due(session, moment=now()) == 0
    schedules.remove_schedule(session, strategist, schedule_id)
    session.commit()
    assert list_schedules(session, strategist) == []


def test_a_removed_schedule_is_silent_until_it_is_brought_back_as_it_was(
    session: Session, strategist: Actor, viewer: Actor
) -> None:
    schedule_id = add_schedule(session, strategist, "retrain_monthly", hour=5, day=31, weeks=7)
    (before,) = list_schedules(session, strategist)
    with pytest.raises(NotFound):
        restore_schedule(session, strategist, schedule_id)  # it isn't removed
    remove_schedule(session, strategist, schedule_id)
    make_due(session, schedule_id)
    assert (run_due(session, moment=now()), list_schedules(session, strategist)) == (0, [])
    with pytest.raises(NotFound):
        toggle(session, strategist, schedule_id)
    with pytest.raises(NotFound):
        restore_schedule(session, viewer, schedule_id)
    restore_schedule(session, strategist, schedule_id)
    session.commit()
    assert list_schedules(session, strategist) == [before]


def test_an_edited_schedule_acts_at_its_new_time(session: Session, strategist: Actor) -> None:
    schedule_id = add_schedule(session, strategist, "retrain_behind", hour=3, weeks=4)
    make_due(session, schedule_id)
    hour = (now().hour + 2) % 24
    edit_schedule(session, strategist, schedule_id, hour=hour, day=1, weeks=6)
    session.commit()
    (view,) = list_schedules(session, strategist)
    assert (view.hour, view.weeks, view.next_due_at.hour) == (hour, 6, hour)
    assert now() < view.next_due_at <= now() + timedelta(hours=2)
    assert run_due(session, moment=now()) == 0  # the old time, a minute ago, is over
    with pytest.raises(InvalidInput, match="The hour must be a whole number between 0 and 23"):
        edit_schedule(session, strategist, schedule_id, hour=24, day=1, weeks=6)


def test_what_does_not_fit_into_a_full_queue_follows_once_and_not_a_month_later(
    session: Session,
    strategist: Actor,
    agency: Agency,
    new_workspace: Callable[..., Workspace],
    change_settings: Callable[..., None],
) -> None:
    change_settings(job_limit_per_agency=2)
    ids = [new_workspace(agency, f"creator.{number}").id for number in range(5)]
    session.execute(update(Workspace).values(data_version=1))
    monthly = add_schedule(session, strategist, "retrain_monthly")
    was_due = make_due(session, monthly)
    acted, asked = [], []
    for _ in range(5):
        acted.append(run_due(session, moment=now()))
        session.commit()
        waiting = session.scalars(select(Job).where(Job.state == JobState.QUEUED)).all()
        asked += [job.workspace_id for job in waiting]
        session.execute(update(Job).values(state=JobState.DONE))
        session.commit()
    assert acted == [0, 0, 1, 0, 0]
    assert sorted(map(str, asked)) == sorted(map(str, ids))
    (view,) = list_schedules(session, strategist)
    assert (view.last_due_at, view.next_due_at > now()) == (was_due, True)


def test_many_creators_are_retrained_by_one_job(
    session: Session, strategist: Actor, agency: Agency, new_workspace: Callable[..., Workspace]
) -> None:
    ids = [new_workspace(agency, f"creator.{number}").id for number in range(21)]
    session.execute(update(Workspace).values(data_version=1))
    make_due(session, add_schedule(session, strategist, "retrain_monthly"))
    assert [run_due(session, moment=now()) for _ in range(2)] == [1, 0]
    session.commit()
    (job,) = session.scalars(select(Job)).all()
    assert (job.kind, sorted(job.params["workspaces"])) == (JobKind.RETRAIN_ALL, sorted(map(str, ids)))


def test_a_schedule_that_can_not_act_keeps_no_other_from_acting(
    session: Session, strategist: Actor, outsider: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    broken = add_schedule(session, strategist, "score_nightly")
    make_due(session, broken, since=timedelta(hours=2))
    make_due(session, add_schedule(session, outsider, "score_nightly"))
    session.execute(update(Agency).where(Agency.id == strategist.agency_id).values(time_zone="Mars/Olympus"))
    assert run_due(session, moment=now()) == 1
    assert run_due(session, moment=now()) == 0
    session.commit()
    assert jobs_of(JobKind.SCORE) == 1
    assert str(broken) in caplog.text
    assert session.get_one(Schedule, broken).next_due_at > now()  # and not every second from now on


def test_a_change_of_level_that_no_training_has_seen_retrains_once(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    """A collapse that shows only after the last training, a retraining that came to nothing, and ten nights."""
    schedule_id = add_schedule(session, strategist, "retrain_behind", weeks=52)
    session.commit()

    def nights(count: int) -> list[str]:
        decisions = []
        for night in range(count):
            make_due(session, schedule_id, since=timedelta(minutes=count - night))
            run_due(session, moment=now())
            session.commit()
            decisions += [session.get_one(Job, job_id).result["decision"] for job_id in work()]
        return decisions

    def arrives(data: bytes) -> None:
        import_csv(strategist, trained, data=data)
        session.execute(update(Job).where(Job.state == JobState.QUEUED).values(state=JobState.CANCELLED))
        session.commit()

    assert nights(2) == []  # the newest data are what the newest model was trained on
    arrives(make_csv(days=224))
    (quiet,) = nights(5)
    assert quiet.startswith("No new change of level, so nothing was trained.")
    arrives(make_csv(days=266, falls_after=224))
    (alarmed,) = nights(5)
    assert alarmed.startswith("Since the week of")
    assert [view.summary.number for view in model_versions(session, strategist, trained.id)] == [2, 1]
    arrives(make_csv(days=273, falls_after=224))
    (same,) = nights(5)
    assert same.startswith("No new change of level")


def test_bad_schedules_are_refused_in_a_sentence(session: Session, strategist: Actor, viewer: Actor) -> None:
    with pytest.raises(InvalidInput, match="is no schedule"):
        add_schedule(session, strategist, "hourly")
    wrong: dict[str, Any]
    for wrong in ({"hour": 24}, {"hour": None}, {"day": 0}, {"day": 1.5}, {"weeks": True}, {"weeks": 53}):
        with pytest.raises(InvalidInput, match="must be a whole number between"):
            add_schedule(session, strategist, "retrain_monthly", **wrong)
    with pytest.raises(Forbidden):
        add_schedule(session, viewer, "score_nightly")
    for _ in range(schedules.MOST_PER_AGENCY):
        add_schedule(session, strategist, "score_nightly")
    with pytest.raises(InvalidInput, match="remove one first"):
        add_schedule(session, strategist, "score_nightly")


def test_a_new_agency_scores_its_forecasts_by_night(session: Session) -> None:
    from cgn_core.services.accounts import create_agency_with_owner

    create_agency_with_owner(
        session, agency="Fjord", email="o@fjord.example", name="O", password="a long enough one", time_zone="Asia/Tokyo"
    )
    row = session.scalars(select(Schedule)).one()
    assert (row.kind, row.next_due_at.astimezone(UTC).hour, row.enabled) == ("score_nightly", 17, True)


def local(moment: datetime, zone: str) -> tuple[int, int]:
    there = moment.astimezone(ZoneInfo(zone))
    return there.isoweekday(), there.hour


@pytest.mark.parametrize("day", range(1, 8))
def test_a_weekly_report_is_due_on_its_weekday_in_the_agencys_time_zone(
    session: Session, owner: Actor, workspace: Workspace, day: int
) -> None:
    edit_agency(session, owner, name="Northlight", time_zone="Pacific/Auckland", brand_colour="#4C5FD5")
    add_schedule(session, owner, "report_weekly", workspace_id=workspace.id, day=day, hour=7)
    (view,) = list_schedules(session, owner)
    assert local(view.next_due_at, "Pacific/Auckland") == (day, 7)
    assert now() < view.next_due_at <= now() + timedelta(days=7, hours=1)
    assert (
        view.sentence == f"Report on @{workspace.handle} every {WEEKDAYS[day - 1]} at 07:00, kept on its Reports page."
    )


def test_a_weekday_beyond_sunday_or_recipients_of_a_training_are_refused(
    session: Session, strategist: Actor, outsider: Actor, workspace: Workspace
) -> None:
    with pytest.raises(InvalidInput, match="between 1 and 7"):
        add_schedule(session, strategist, "report_weekly", workspace_id=workspace.id, day=8)
    with pytest.raises(InvalidInput, match="Only reports are mailed"):
        add_schedule(session, strategist, "score_nightly", recipients=[strategist.user_id])
    with pytest.raises(NotFound):
        add_schedule(session, strategist, "report_monthly", recipients=[outsider.user_id])


def run_scheduled_report(session: Session, schedule: UUID, work: Callable[[], list[UUID]]) -> Job:
    make_due(session, schedule)
    assert run_due(session, moment=now()) == 1
    session.commit()
    work()
    work()  # the mails that the report queued
    return session.scalars(select(Job).where(Job.kind == JobKind.REPORT)).one()


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
def test_a_scheduled_report_is_made_and_mailed_to_those_who_may_see_it(
    session: Session,
    strategist: Actor,
    viewer: Actor,
    agency: Agency,
    new_user: Callable[[Agency, Role], Actor],
    trained: Workspace,
    mailbox: Mailbox,
    work: Callable[[], list[UUID]],
) -> None:
    stranger = new_user(agency, Role.VIEWER)  # of the agency, but not let in
    session.commit()
    to = [viewer.user_id, strategist.user_id, stranger.user_id]
    made = add_schedule(session, strategist, "report_monthly", workspace_id=trained.id, recipients=to)
    done = run_scheduled_report(session, made, work)
    assert (done.state, done.requested_by) == (JobState.DONE, None)
    told = {who: next(job for job in list_jobs(session, who) if job.id == done.id) for who in (viewer, strategist)}
    assert told[strategist].message.endswith("is ready; mailed to 2 of 3")
    assert told[viewer].message.endswith("is ready")  # whom reports go to is not a viewer's business
    assert "mailed" not in str(told[viewer].result)
    assert len(mailbox.taken) == 2
    for _, message in mailbox.taken:
        body, attached = message.get_payload()
        assert agency.name in body.get_payload(decode=True).decode()
        assert attached.get_content_type() == "application/pdf"
        assert attached.get_payload(decode=True).startswith(b"%PDF")
    (kept,) = reports.list_reports(session, viewer, trained.id)
    assert kept.made_for == ""
    assert len(kept.files) == 3


def test_without_a_mail_server_a_scheduled_report_is_kept_and_says_so(
    session: Session, strategist: Actor, trained: Workspace, work: Callable[[], list[UUID]]
) -> None:
    made = add_schedule(session, strategist, "report_weekly", workspace_id=trained.id, recipients=[strategist.user_id])
    done = run_scheduled_report(session, made, work)
    assert done.state == JobState.DONE
    told = next(job for job in list_jobs(session, strategist) if job.id == done.id)
    assert told.message.endswith("is ready; it is kept, as no mail server is set up")
    assert len(reports.list_reports(session, strategist, trained.id)) == 1


def test_a_report_of_every_workspace_is_queued_once_for_each_with_data(
    session: Session, owner: Actor, trained: Workspace, agency: Agency
) -> None:
    session.add(Workspace(agency_id=agency.id, handle="empty", time_zone="UTC"))
    made = add_schedule(session, owner, "report_weekly")
    make_due(session, made)
    assert [run_due(session, moment=now()) for _ in range(2)] == [1, 0]
    session.commit()
    found = session.scalars(select(Job).where(Job.kind == JobKind.REPORT)).all()
    assert [job.workspace_id for job in found] == [trained.id]
