from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import datagen
from cgn_core.access import Actor
from cgn_core.db.models import Agency, Competitor, DataVersion, Job, JobState, User, Workspace
from cgn_core.db.session import transaction
from cgn_core.errors import Forbidden, InvalidInput
from cgn_core.ingest.reading import read_bytes
from cgn_core.jobs import claimed
from cgn_core.services import generations
from cgn_core.services.competitors import list_competitors
from cgn_core.services.demo import EMAIL, ensure_demo
from cgn_core.services.generations import GenerationSettings, request_generation
from cgn_core.services.sign_ins import sign_in
from cgn_core.services.workspace_cards import today_in
from cgn_core.services.workspaces import list_workspaces
from cgn_core.tables import Daily

pytestmark = pytest.mark.usefixtures("sent_jobs")


@pytest.fixture
def tables(make_csv: Callable[..., bytes]) -> Callable[[int], list[Daily]]:
    def make(count: int) -> list[Daily]:
        data = make_csv(*(f"made.{number}" for number in range(count)))
        return list(read_bytes(data, file_name="made.csv", today=today_in("UTC")).creators)

    return make


def generate(job_id: UUID, tables: Callable[[int], list[Daily]]) -> None:
    with claimed(job_id) as claim:
        if claim is not None:
            made = tables(generations.settings_of(claim).tables)
            generations.run(claim, made, truths=[{"effects": {"reels": 24.0}}] * len(made))


def test_a_generation_makes_workspaces_and_queues_their_trainings_once(
    session: Session, strategist: Actor, tables: Callable[[int], list[Daily]]
) -> None:
    job_id = request_generation(session, strategist, profile="nano", creators=2, seed=3, key="k")
    assert request_generation(session, strategist, profile="nano", creators=2, seed=3, key="k") == job_id
    session.commit()
    generate(job_id, tables)
    generate(job_id, tables)  # delivered twice
    assert session.scalars(select(Workspace.handle).order_by(Workspace.handle)).all() == ["made.0", "made.1"]
    assert session.scalar(select(func.count()).select_from(DataVersion)) == 2
    waiting = session.scalars(select(Job).where(Job.kind == "retrain")).all()
    assert [job.state for job in waiting] == [JobState.QUEUED] * 2
    job = session.get_one(Job, job_id)
    assert job.message == "Made @made.0, @made.1"
    assert job.result["workspaces"][0]["effects"] == {"reels": 24.0}
    assert {row["retraining"] for row in job.result["workspaces"]} == {str(job.id) for job in waiting}


def test_a_generation_that_lost_its_claim_makes_nothing(
    session: Session, strategist: Actor, tables: Callable[[int], list[Daily]]
) -> None:
    job_id = request_generation(session, strategist, profile="nano", seed=3, key="k")
    session.commit()
    with claimed(job_id) as claim:
        assert claim is not None
        with transaction() as own:
            own.get_one(Job, job_id).fence += 1
        generations.run(claim, tables(1))
    assert session.scalars(select(Workspace)).all() == []


def test_peers_become_competitors(session: Session, strategist: Actor, tables: Callable[[int], list[Daily]]) -> None:
    job_id = request_generation(
        session, strategist, profile="nano", creators=2, seed=3, peers=3, handles=["sourdough.daily"], key="k"
    )
    session.commit()
    generate(job_id, tables)
    rows = session.execute(select(Workspace.handle, Competitor.name).join(Competitor)).all()
    assert len(rows) == 6
    assert ("sourdough.daily", "north.sourdough") in [tuple(row) for row in rows]


def test_a_taken_handle_gets_a_number_and_the_old_data_stay(
    session: Session,
    agency: Agency,
    strategist: Actor,
    new_workspace: Callable[..., Workspace],
    tables: Callable[[int], list[Daily]],
) -> None:
    old = new_workspace(agency, "made.0")
    job_id = request_generation(session, strategist, profile="nano", seed=3, key="k")
    session.commit()
    generate(job_id, tables)
    assert session.scalars(select(Workspace.handle).order_by(Workspace.handle)).all() == ["made.0", "made.0-2"]
    assert session.get_one(Workspace, old.id).data_version == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile": "giant"},
        {"days": 27},
        {"days": 10**6},
        {"creators": 0},
        {"creators": 21},
        {"creators": True},
        {"seed": -1},
        {"viral_rate": 0.5},
        {"viral_rate": float("nan")},
        {"effects": {"naps": 3.0}},
        {"effects": {"reels": float("inf")}},
        {"peers": 21},
        {"handles": ("",)},
    ],
    ids=str,
)
def test_settings_outside_their_bounds_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        GenerationSettings(**wrong)


def test_a_viewer_generates_nothing(session: Session, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        request_generation(session, viewer, profile="nano", seed=1, key="k")


def test_the_demo_is_made_once_and_by_jobs(session: Session) -> None:
    first = ensure_demo(session, password="tangerine anvil boat")
    session.commit()
    second = ensure_demo(session, password="tangerine anvil boat")
    session.commit()
    assert (first.created, second.created) == (True, False)
    assert session.scalar(select(func.count()).select_from(Agency)) == 1
    jobs = session.scalars(select(Job)).all()
    assert {job.kind for job in jobs} == {"generate"}
    asked = [GenerationSettings(**job.params) for job in jobs]
    assert len({settings.profile for settings in asked}) == 3
    assert max(settings.peers for settings in asked) >= 6
    assert {(settings.days, settings.viral_rate) for settings in asked} == {(730, 0.02)}
    assert session.scalars(select(Workspace)).all() == []
    assert sign_in(session, EMAIL, "tangerine anvil boat").user.email == first.email


def test_the_demos_password_follows_the_one_that_is_printed(session: Session) -> None:
    ensure_demo(session, password="tangerine anvil boat")
    session.commit()
    ensure_demo(session, password="lantern orbit plum")
    session.commit()
    sign_in(session, EMAIL, "lantern orbit plum")
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_the_form_offers_the_profiles_that_the_generator_knows() -> None:
    assert set(generations.PROFILES) == set(datagen.PROFILES)


def test_the_demos_jobs_make_three_creators_with_peers_enough_to_rank(session: Session) -> None:
    ensure_demo(session, password="tangerine anvil boat")
    session.commit()
    jobs = session.scalars(select(Job.id).order_by(Job.created_at)).all()
    session.rollback()
    for job_id in jobs:
        with claimed(job_id) as claim:
            if claim is not None:
                wanted = generations.settings_of(claim)
                creators = datagen.generate_many(
                    creators=wanted.tables,
                    days=wanted.days,
                    profile=wanted.profile,
                    seed=wanted.seed,
                    viral_rate=wanted.viral_rate,
                    effects=wanted.effects,
                    end=wanted.last_day,
                )
                truths = [creator.truth.to_json() for creator in creators]
                generations.run(claim, [creator.daily for creator in creators], truths=truths)
    owner = sign_in(session, EMAIL, "tangerine anvil boat").user.actor
    cards = list_workspaces(session, owner)
    assert {card.handle for card in cards} == {"sourdough.daily", "trail.notes", "studio.lumen"}
    assert {card.light.state for card in cards} == {"Waiting to train"}
    assert {card.data_age_days for card in cards} == {1}
    assert {card.weeks for card in cards} <= {102, 103, 104}
    assert max(len(list_competitors(session, owner, card.id)) for card in cards) >= 6
