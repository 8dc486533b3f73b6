"""A client report: the numbers of the pages, where they come from, and who may have it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from uuid import UUID, uuid4

import openpyxl
import pypdfium2
import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Job, JobState, ModelVersion, Promotion, Report, StoredFile, Workspace
from cgn_core.db.session import transaction
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.figures.locales import retold, written_as
from cgn_core.figures.wording import count, interval, signed
from cgn_core.jobs import claimed
from cgn_core.services import competitors, decisions, files, forecasts, imports, models, profiles, reports, workspaces
from cgn_core.services.agencies import edit_agency

pytestmark = pytest.mark.usefixtures("sent_jobs")


@pytest.fixture
def report(session: Session, work: Callable[[], list[UUID]]) -> Callable[..., Job]:
    """Asks for a report of a workspace and lets it be made."""

    def make(actor: Actor, workspace: Workspace, key: str = "k", rebuild: UUID | str | None = None) -> Job:
        job_id = reports.request_report(session, actor, workspace.id, key=key, rebuild=rebuild)
        session.commit()
        work()
        return session.get_one(Job, job_id, populate_existing=True)

    return make


def text_of(session: Session, actor: Actor, job: Job) -> str:
    assert job.state == JobState.DONE, job.error
    file = files.fetch_file(session, actor, job.result["files"]["html"])
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


def test_a_report_is_written_as_whoever_asked_writes_numbers_and_rebuilds_compare_the_numbers_alone(
    session: Session, strategist: Actor, owner: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    profiles.choose_number_format(session, strategist, "de")
    job = report(strategist, trained)
    text = text_of(session, strategist, job)
    model = models.current_model(session, strategist, trained.id)
    assert model is not None
    with written_as("de"):
        for effect in model.training.fit.effects:
            assert f"<td>{signed(effect.estimate, decimals=1)}</td>" in text
        assert re.search(r"Made on \d\d\.\d\d\.\d{4}", text)
    assert not re.search(r"\d\.\d followers", text)
    book = openpyxl.load_workbook(io.BytesIO(content_of(session, strategist, job, "xlsx")))
    values = [cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert model.training.fit.effects[0].estimate in values
    rebuilt = report(owner, trained, "again", rebuild=job.result["report"])
    assert "every number is the same" in rebuilt.message
    with written_as("en"):
        effect = model.training.fit.effects[0]
        assert f"<td>{signed(effect.estimate, decimals=1)}</td>" in text_of(session, owner, rebuilt)


def test_a_scheduled_report_is_written_as_whoever_set_its_schedule_up(
    session: Session, strategist: Actor, trained: Workspace, work: Callable[[], list[UUID]]
) -> None:
    profiles.choose_number_format(session, strategist, "de")
    made = [
        reports.enqueue_report(session, trained, key=str(whose), mail_to=(), written_for=whose)
        for whose in (strategist.user_id, None)
    ]
    session.commit()
    work()
    texts = [text_of(session, strategist, session.get_one(Job, each, populate_existing=True)) for each in made]
    assert [bool(re.search(r"Made on \d\d\.\d\d\.\d{4}", text)) for text in texts] == [True, False]


def content_of(session: Session, actor: Actor, job: Job, form: str) -> bytes:
    assert job.state == JobState.DONE, job.error
    file_id = reports.find_file(session, actor, job.workspace_id or "", job.result["report"], form)
    assert str(file_id) == job.result["files"][form]
    return files.fetch_file(session, actor, file_id).content


def pdf_words(content: bytes) -> str:
    pages = pypdfium2.PdfDocument(content)
    return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in pages)


def cells_of(content: bytes) -> set[object]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row}


def test_the_pdf_and_the_workbook_hold_the_services_numbers(
    session: Session, strategist: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    job = report(strategist, trained)
    words = pdf_words(content_of(session, strategist, job, "pdf"))
    cells = cells_of(content_of(session, strategist, job, "xlsx"))
    model = models.current_model(session, strategist, trained.id)
    view = decisions.returns_view(session, strategist, trained.id)
    past = forecasts.history(session, strategist, trained.id)
    assert model is not None
    assert view is not None
    coming = model.summary.forecast
    assert signed(coming.expected) in words
    assert {coming.expected, coming.low, coming.high} <= cells
    for effect in model.training.fit.effects:
        assert f"{signed(effect.estimate, decimals=1)} {interval(effect.low, effect.high, decimals=1)}" in words
        assert {effect.estimate, effect.low, effect.high} <= cells
    for each in view.returns:
        assert count(each.marginal.estimate, decimals=1) in words
        assert {each.marginal.estimate, each.marginal.low, each.marginal.high} <= cells
    for week in past.weeks:
        assert {week.actual, week.median, week.low, week.high} <= cells
        if week.low is not None:
            assert f"{signed(week.actual)} {signed(week.median)} {interval(week.low, week.high)}" in words
    for said in (f"Data version 1, model version {model.number}", model.code_version):
        assert said in words
    assert f"Data version 1, model version {model.number}" in cells


def test_a_rebuilt_report_says_the_same_whatever_changed_since(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    report: Callable[..., Job],
    work: Callable[[], list[UUID]],
) -> None:
    competitors.add_competitor_file(session, strategist, trained.id, file_name="p.csv", data=make_csv("peer", seed=6))
    session.commit()
    first = report(strategist, trained)
    import_csv(strategist, trained, data=make_csv(days=280, per_reel=30.0), key="more")
    workspaces.set_minutes(session, strategist, trained.id, {"reels": 11.0})
    for each in competitors.list_competitors(session, strategist, trained.id):
        competitors.remove_competitor(session, strategist, trained.id, each.id)
    session.commit()
    work()
    newer = report(strategist, trained, "newer")
    assert newer.result["data_version"] == 2
    again = report(strategist, trained, "again", rebuild=first.result["report"])
    assert again.message.endswith("rebuilt; every number is the same")
    assert (again.result["data_version"], again.result["model_number"]) == (1, first.result["model_number"])
    for form in ("html", "pdf", "xlsx"):
        one, other = (content_of(session, strategist, job, form) for job in (first, again))
        assert cells_of(one) == cells_of(other) if form == "xlsx" else one == other
    views = {str(each.id): each for each in reports.list_reports(session, strategist, trained.id)}
    made = views[again.result["report"]]
    assert (made.differences, str(made.rebuilt_from)) == ((), first.result["report"])
    assert views[newer.result["report"]].differences is None


def test_a_rebuild_that_says_something_else_names_where(
    session: Session, strategist: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    first = report(strategist, trained)
    kept = session.get_one(Report, UUID(first.result["report"]))
    kept.figures = kept.figures | {"fact: Followers": ["1", ""]}
    session.commit()
    again = report(strategist, trained, "again", rebuild=kept.id)
    assert "not the same: fact: Followers" in again.message
    (made, _) = reports.list_reports(session, strategist, trained.id)
    assert made.differences == ("fact: Followers",)


def test_a_report_from_before_they_could_be_rebuilt_says_so(
    session: Session, strategist: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    first = report(strategist, trained)
    session.execute(update(Report).values(basis={}))
    session.commit()
    with pytest.raises(InvalidInput, match="before reports could be rebuilt"):
        reports.request_report(session, strategist, trained.id, key="x", rebuild=first.result["report"])


def test_a_viewer_fetches_reports_and_makes_none_and_an_outsider_finds_none(
    session: Session,
    strategist: Actor,
    viewer: Actor,
    outsider: Actor,
    trained: Workspace,
    report: Callable[..., Job],
) -> None:
    made = report(strategist, trained)
    assert content_of(session, viewer, made, "pdf").startswith(b"%PDF")
    for ask in (
        lambda: reports.request_report(session, viewer, trained.id, key="v"),
        lambda: reports.request_report(session, outsider, trained.id, key="o"),
        lambda: reports.find_file(session, outsider, trained.id, made.result["report"], "pdf"),
        lambda: files.fetch_file(session, outsider, made.result["file"]),
        lambda: reports.remove_report(session, viewer, made.result["report"]),
        lambda: reports.find_file(session, strategist, trained.id, made.result["report"], "docx"),
        lambda: reports.request_report(session, strategist, trained.id, key="n", rebuild=uuid4()),
    ):
        with pytest.raises(NotFound):
            ask()


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


def test_a_model_that_can_not_be_read_fails_the_report_with_one_sentence(
    session: Session, strategist: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    kept = session.execute(select(ModelVersion.__table__)).mappings().one()  # none is ever changed, so another is added
    broken = {**kept, "id": uuid4(), "number": 2, "training": {"fit": None}}
    session.execute(insert(ModelVersion.__table__).values(**broken))
    put = session.execute(select(Promotion.__table__)).mappings().one()
    session.execute(
        insert(Promotion.__table__).values(**{**put, "id": uuid4(), "number": 2, "model_version_id": broken["id"]})
    )
    session.commit()
    job = report(strategist, trained)
    assert (job.state, job.error) == (JobState.FAILED, "Model 2 can't be read any more; retrain this creator.")
    assert reports.list_reports(session, strategist, trained.id) == []


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
    assert retold(found.sentence) in text
    assert "peer.11" in text


def test_a_workspace_without_data_has_nothing_to_report(
    session: Session, strategist: Actor, workspace: Workspace
) -> None:
    with pytest.raises(InvalidInput, match="import a file first"):
        reports.request_report(session, strategist, workspace.id, key="k")


def test_reports_are_listed_newest_first_and_deleted(
    session: Session, strategist: Actor, viewer: Actor, trained: Workspace, report: Callable[..., Job]
) -> None:
    first, second = (report(strategist, trained, key).result["report"] for key in "ab")
    listed = reports.list_reports(session, viewer, trained.id)
    assert [str(each.id) for each in listed] == [second, first]
    assert (listed[0].data_version, listed[0].model_number, listed[0].made_for) == (1, 1, strategist.name)
    reports.remove_report(session, strategist, first)
    assert [str(each.id) for each in reports.list_reports(session, viewer, trained.id)] == [second]
    session.commit()
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 3


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
