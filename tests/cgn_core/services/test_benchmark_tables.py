"""Every measure of creators among their competitors, as a table made by a job."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Agency, Job, Workspace
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services import benchmark_tables, competitors, files, imports

pytestmark = pytest.mark.usefixtures("sent_jobs")


@pytest.fixture
def compared(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
) -> Workspace:
    """``workspace`` with data and six competitors."""
    import_csv(strategist, workspace)
    for seed in range(6, 12):
        competitors.add_competitor_file(
            session, strategist, workspace.id, file_name="p.csv", data=make_csv(f"peer.{seed}", seed=seed)
        )
    session.commit()
    return workspace


def table(
    session: Session, actor: Actor, workspace_id: UUID | None, work: Callable[[], list[UUID]]
) -> tuple[Job, list[dict[str, str]]]:
    job_id = benchmark_tables.request_benchmark(session, actor, workspace_id, key="k")
    session.commit()
    work()
    job = session.get_one(Job, job_id, populate_existing=True)
    content = files.fetch_file(session, actor, job.result["file"]).content.decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    session.commit()
    return job, rows


def test_the_table_says_what_the_page_says(
    session: Session, strategist: Actor, compared: Workspace, work: Callable[[], list[UUID]]
) -> None:
    job, rows = table(session, strategist, compared.id, work)
    assert job.message == "Compared 1 creator"
    found = competitors.benchmark(session, strategist, compared.id)
    assert found is not None
    assert {row["metric"] for row in rows} == {*found.percentiles}
    growth = next(row for row in rows if row["metric"] == "growth_rate")
    assert float(growth["value"]) == found.own.value
    assert float(growth["low"]) == found.own.low
    assert float(growth["percentile"]) == found.percentiles["growth_rate"].percentile
    assert growth["sentence"] == found.metrics["growth_rate"].sentence
    assert (growth["peers"], growth["creator"]) == ("6", "lena.moves")


def test_all_creators_are_in_one_table_and_those_without_weeks_in_common_say_why(
    session: Session,
    strategist: Actor,
    agency: Agency,
    compared: Workspace,
    new_workspace: Callable[..., Workspace],
    make_csv: Callable[..., bytes],
    import_csv: Callable[..., list[imports.Imported]],
    work: Callable[[], list[UUID]],
) -> None:
    del compared
    new_workspace(agency, "nobody.beside")
    short = new_workspace(agency, "short.one")
    import_csv(strategist, short)
    competitors.add_competitor_file(
        session, strategist, short.id, file_name="p.csv", data=make_csv("brief.one", days=21, seed=3)
    )
    job, rows = table(session, strategist, None, work)
    assert job.result["creators"] == 2
    assert {row["creator"] for row in rows} == {"lena.moves", "short.one"}
    (why,) = [row["sentence"] for row in rows if row["creator"] == "short.one"]
    assert "at least 8 are needed" in why


def test_nobody_to_compare_with_is_a_sentence(session: Session, outsider: Actor, compared: Workspace) -> None:
    with pytest.raises(NotFound):
        benchmark_tables.request_benchmark(session, outsider, compared.id, key="k")
    with pytest.raises(InvalidInput, match="add one under Competitors"):
        benchmark_tables.request_benchmark(session, outsider, None, key="k")
