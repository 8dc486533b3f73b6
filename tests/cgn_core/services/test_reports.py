"""A client report: the numbers of the pages, where they come from, and who may have it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Job, JobState, StoredFile, Workspace
from cgn_core.db.session import transaction
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.figures.wording import count, interval, signed
from cgn_core.jobs import claimed
from cgn_core.services import competitors, decisions, files, forecasts, imports, models, reports
from cgn_core.services.agencies import edit_agency

pytestmark = pytest.mark.usefixtures("sent_jobs")


@pytest.fixture
def report(session: Session, work: Callable[[], list[UUID]]) -> Callable[..., Job]:
    """Asks for a report of a workspace and lets it be made."""

    def make(actor: Actor, workspace: Workspace, key: str = "k") -> Job:
        job_id = reports.request_report(session, actor, workspace.id, key=key)
        session.commit()
        work()
        return session.get_one(Job, job_id, populate_existing=True)

    return make


def text_of(session: Session, actor: Actor, job: Job) -> str:
    assert job.state == JobState.DONE, job.error
    file = files.fetch_file(session, actor, job.result["file"])
    assert (file.name[:18], file.name[-5:], file.media_type) == ("lena.moves-report-", ".html", "text/html")
    return file.content.decode()


def test_a_report_holds_the_numbers_of_the_pages_and_their_sources(
    session: Session, strategist: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    job = report(strategist, trained)
    text = text_of(session, strategist, job)
    model = models.current_model(session, strategist, trained.id)
    assert model is not None
    for effect in model.training.fit.effects:
        assert f"<td>{signed(effect.estimate, decimals=1)}</td>" in text
        assert f"<td>{interval(effect.low, effect.high, decimals=1)}</td>" in text
    view = decisions.returns_view(session, strategist, trained.id)
    assert view is not None
    for each in view.returns:
        assert f"<td>{count(each.marginal.estimate, decimals=1)}</td>" in text
    past = forecasts.history(session, strategist, trained.id)
    held = sum(bool(week.inside) for week in past.weeks)
    assert f"{held} fell into" in text
    assert f"<strong>{signed(model.summary.forecast.expected)}</strong>" in text
    assert f"model {model.number}, " in text
    assert "version 1, 210 days, from " in text
    assert (job.result["data_version"], job.result["model_number"]) == (1, model.number)
    assert text.count("<svg") == 2


def test_a_report_needs_nothing_from_elsewhere(
    session: Session, strategist: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    text = text_of(session, strategist, report(strategist, trained))
    for wanted in ("<script", "<link", "<img", "@import", "url(", 'src="'):
        assert wanted not in text.replace("url(#", "")
    assert "default-src" in text


def test_a_report_has_the_agencys_colour(
    session: Session, owner: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    edit_agency(session, owner, name="Northlight", time_zone="UTC", brand_colour="#9c2a10")
    session.commit()
    assert "border-top: 6px solid #9C2A10" in text_of(session, owner, report(owner, trained))


def test_what_people_typed_is_text_in_a_report(
    session: Session, strategist: Actor, agency: Agency, trained: Workspace, report: Callable[..., Job]
) -> None:
    session.execute(update(Agency).where(Agency.id == agency.id).values(name="<script>alert(1)</script>"))
    session.commit()
    text = text_of(session, strategist, report(strategist, trained))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_workspace_without_a_model_is_reported_on_and_says_so(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    import_csv: Callable[..., list[imports.Imported]],
    report: Callable[..., Job],
) -> None:
    import_csv(strategist, workspace)
    session.execute(update(Job).values(state=JobState.CANCELLED))
    job = report(strategist, workspace)
    text = text_of(session, strategist, job)
    assert "There is no model of this creator yet" in text
    assert "Growth, and what was forecast" in text
    assert "model_number" not in job.result


def test_competitors_are_in_the_report(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    report: Callable[..., Job],
) -> None:
    for seed in range(6, 12):
        competitors.add_competitor_file(
            session, strategist, trained.id, file_name="p.csv", data=make_csv(f"peer.{seed}", seed=seed)
        )
    text = text_of(session, strategist, report(strategist, trained))
    found = competitors.benchmark(session, strategist, trained.id)
    assert found is not None
    assert found.sentence in text
    assert "peer.11" in text


def test_a_workspace_without_data_has_nothing_to_report(
    session: Session, strategist: Actor, workspace: Workspace
) -> None:
    with pytest.raises(InvalidInput, match="import a file first"):
        reports.request_report(session, strategist, workspace.id, key="k")


def test_reports_are_listed_newest_first_and_deleted(
    session: Session, strategist: Actor, viewer: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    first, second = (report(strategist, trained, key).result["file"] for key in "ab")
    listed = reports.list_reports(session, viewer, trained.id)
    assert [str(each.id) for each in listed] == [second, first]
    assert (listed[0].data_version, listed[0].model_number, listed[0].made_for) == (1, 1, strategist.name)
    reports.remove_report(session, strategist, first)
    assert [str(each.id) for each in reports.list_reports(session, viewer, trained.id)] == [second]
    with pytest.raises(NotFound):
        files.fetch_file(session, strategist, first)


def test_a_report_that_lost_its_claim_or_was_cancelled_keeps_nothing(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    workspace_id = trained.id
    for key, change in (("a", {"fence": 7}), ("b", {"cancel_requested": True})):
        job_id = reports.request_report(session, strategist, workspace_id, key=key)
        session.commit()
        with claimed(job_id) as claim:
            assert claim is not None
            with transaction() as own:
                own.execute(update(Job).where(Job.id == job_id).values(**change))
            reports.run(claim)
        assert session.scalars(select(StoredFile)).all() == []
        session.commit()
