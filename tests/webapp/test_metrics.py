"""``/metrics`` says how the portal and its jobs do, to this machine or to whoever has the token, and to nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cgn_core.access import Actor
from cgn_core.db.heartbeats import beat, hold_lease
from cgn_core.db.models import Agency, Job, JobState, LedgerEntry, LedgerScore, ModelVersion, Workspace, now
from cgn_core.db.row_kinds import Occasion
from cgn_core.db.session import transaction
from webapp.metrics import callback_name


def scrape(
    client: FlaskClient, *, base: str = "http://127.0.0.1:8050", peer: str = "127.0.0.1", **headers: str
) -> TestResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/metrics", base_url=base, headers=names, environ_base={"REMOTE_ADDR": peer})


def value(answer: TestResponse, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", answer.get_data(as_text=True), re.MULTILINE)
    assert found, (sample, answer.get_data(as_text=True))
    return float(found[1])


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, 200),
        ({"base": "http://[::1]:8050", "peer": "::1"}, 200),
        ({"base": "http://localhost"}, 200),
        ({"peer": "10.0.0.7"}, 404),
        ({"base": "http://portal.example"}, 404),
        ({"X_Forwarded_For": "10.0.0.7"}, 404),
        ({"Forwarded": "for=10.0.0.7"}, 404),
        ({"Authorization": "Bearer "}, 200),
    ],
)
def test_without_a_token_only_programs_of_this_machine_read_it(
    browser: Callable, options: dict[str, str], status: int
) -> None:
    assert scrape(browser(None).client, **options).status_code == status


def test_with_a_token_everybody_needs_it(browser: Callable, change_settings: Callable[..., None]) -> None:
    change_settings(metrics_token="let-me-see")
    client = browser(None).client
    assert scrape(client).status_code == 404
    assert scrape(client, Authorization="Bearer let-me").status_code == 404
    there = {"base": "http://portal.example", "peer": "10.0.0.7", "X_Forwarded_For": "10.0.0.8"}
    assert scrape(client, **there, Authorization="Bearer let-me-see").status_code == 200


def test_requests_and_callbacks_are_counted_by_route_and_function(browser: Callable, owner: Actor) -> None:
    visitor = browser(owner)
    sample = 'cgn_request_seconds_count{method="GET",route="/account/sessions",status="200"}'
    callback = 'cgn_callback_seconds_count{callback="pages.jobs.refresh",outcome="done"}'
    visitor.get("/account/sessions")
    before = scrape(visitor.client)
    visitor.get("/account/sessions")
    visitor.get("/healthz")
    assert value(scrape(visitor.client), sample) == value(before, sample) + 1
    assert 'route="/healthz"' not in scrape(visitor.client).get_data(as_text=True)
    output = next(
        name for name in visitor.portal.callback_map
        if callback_name(visitor.portal, {"output": name}) == "pages.jobs.refresh"
    )  # fmt: skip
    visitor.call(output)
    after = value(scrape(visitor.client), callback)
    visitor.call(output)
    assert value(scrape(visitor.client), callback) == after + 1


def test_jobs_are_counted_by_state_and_age(browser: Callable, agency: Agency, redis_url: str) -> None:
    del redis_url

    def job(kind: str, state: JobState, minutes: float) -> Job:
        began = now() - timedelta(minutes=minutes)
        started = None if state is JobState.QUEUED else began
        ended = began + timedelta(seconds=90) if state in {JobState.DONE, JobState.FAILED} else None
        return Job(
            agency_id=agency.id, workspace_id=None, requested_by=None, kind=kind, queue="light", state=state,
            idempotency_key=f"{kind} {state} {minutes}", created_at=began, started_at=started, finished_at=ended,
            lease_until=began + timedelta(seconds=98),
        )  # fmt: skip

    with transaction() as session:
        session.add_all(
            [
                job("export", JobState.QUEUED, 5),
                job("export", JobState.QUEUED, 20),
                job("score", JobState.RUNNING, 3),
                job("report", JobState.DONE, 30),
                job("report", JobState.FAILED, 10),
                job("report", JobState.DONE, 200),
            ]
        )
        beat(session, "worker:here:1")
        hold_lease(session, "here", lease=3)
    told = scrape(browser(None).client)
    assert value(told, 'cgn_jobs{kind="export",queue="light",state="queued"}') == 2
    assert value(told, 'cgn_jobs{kind="score",queue="light",state="running"}') == 1
    assert 1200 <= value(told, 'cgn_job_age_seconds{queue="light",state="queued"}') < 1300
    assert 180 <= value(told, 'cgn_job_age_seconds{queue="light",state="running"}') < 280
    assert value(told, 'cgn_job_age_seconds{queue="training",state="queued"}') == 0
    assert value(told, 'cgn_jobs_ended_last_hour{kind="report",state="done"}') == 1
    assert value(told, 'cgn_jobs_ended_last_hour{kind="report",state="failed"}') == 1
    assert value(told, 'cgn_job_seconds_longest_last_hour{kind="report"}') == 90
    assert value(told, "cgn_workers_alive") == 1
    assert value(told, "cgn_reconciler_silent_seconds") < 60
    assert value(told, "cgn_database_up") == 1
    assert value(told, "cgn_redis_up") == 1
    assert value(told, 'cgn_queue_messages{queue="training"}') == 0


def test_the_coverage_is_that_of_the_last_forecast_shown_for_each_week(browser: Callable, workspace: Workspace) -> None:
    monday = now().date() - timedelta(days=now().weekday())

    def entry(number: int, week: date, *, low: float, occasion: Occasion = Occasion.USUAL) -> LedgerEntry:
        return LedgerEntry(
            workspace_id=workspace.id, number=number, model_version_id=version.id, week_start=week, plan={}, level=0.9,
            median=0, expected=0, low=low, high=100, naive=0, chain_hash="", occasion=occasion,
        )  # fmt: skip

    with transaction() as session:
        version = ModelVersion(
            workspace_id=workspace.id, number=1, job_id=None, data_version=1, data_hash="", code_version="",
            settings={}, chosen="ols", verdict="beats_naive", training={},
        )  # fmt: skip
        session.add(version)
        session.flush()
        last = monday - timedelta(weeks=1)
        entries = [
            entry(1, last, low=60),  # shown first, and replaced
            entry(2, last, low=0),
            entry(3, last - timedelta(weeks=1), low=60),
            entry(4, last - timedelta(weeks=2), low=0),
            entry(5, last - timedelta(weeks=2), low=60, occasion=Occasion.SCENARIO),
            entry(6, last - timedelta(weeks=40), low=60),  # long ago
        ]
        session.add_all(entries)
        session.flush()
        scores = [
            LedgerScore(entry_id=one.id, data_version=1, actual=50, posted={}, median_as_posted=0) for one in entries
        ]
        session.add_all(scores)
    told = scrape(browser(None).client)
    assert value(told, 'cgn_forecasts_scored{level="0.9"}') == 3
    assert value(told, 'cgn_forecast_coverage_ratio{level="0.9"}') == pytest.approx(2 / 3)


def test_it_answers_while_the_database_and_redis_do_not(
    browser: Callable, change_settings: Callable[..., None], tmp_path: object
) -> None:
    from cgn_core.db.session import forget_engine
    from cgn_core.jobs import broker

    client = browser(None).client
    change_settings(database_url="postgresql://nobody@127.0.0.1:9/none", redis_url=f"unix://{tmp_path}/none.sock")
    forget_engine()
    broker.forget_client()
    told = scrape(client)
    assert told.status_code == 200
    assert value(told, "cgn_database_up") == 0
    assert value(told, "cgn_redis_up") == 0
    assert "cgn_workers_alive" not in told.get_data(as_text=True)
