"""What follows from a version or a model is computed once, shown to nobody who may not see it, and never stale."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import ModelVersion, Workspace
from cgn_core.db.session import reading
from cgn_core.errors import NotFound
from cgn_core.services import decision_settings, decisions, diagnoses, evidence, forecasts, models, repairs, seasons
from cgn_core.services.data_versions import current_version, hash_daily, table_of
from cgn_core.services.imports import Imported
from cgn_core.services.remembered import Remembered

LOOKS: dict[str, Callable[[Session, Actor, UUID], Any]] = {
    "history": forecasts.history,
    "predictor": forecasts.predictor_view,
    "model": models.current_model,
    "model versions": models.model_versions,
    "seasons": seasons.seasonality_view,
    "evidence": evidence.evidence_view,
    "returns": decisions.returns_view,
    "judged model": diagnoses.diagnose_model,
    "diagnosis": diagnoses.diagnose_workspace,
    "calendar": repairs.data_calendar,
    "oddities": repairs.find_oddities,
}


def look(name: str, actor: Actor, workspace: Workspace) -> Any:
    with reading() as session:
        return LOOKS[name](session, actor, workspace.id)


def test_an_answer_is_made_once_until_others_were_asked_for_since() -> None:
    remembered, made = Remembered[str](2), []

    def ask(key: str) -> str:
        return remembered.of(key, lambda: (made.append(key), key.upper())[1])

    assert [ask(each) for each in ("a", "b", "a", "c", "a", "b")] == ["A", "B", "A", "C", "A", "B"]
    assert made == ["a", "b", "c", "b"]  # "b" made room for "c", as "a" was asked for after it


def test_what_could_not_be_answered_is_asked_again() -> None:
    remembered = Remembered[int](2)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            remembered.of("a", lambda: 1 // 0)
    assert remembered.of("a", lambda: 1) == 1


@pytest.mark.parametrize("name", LOOKS)
def test_what_is_remembered_is_shown_to_nobody_else(
    viewer: Actor, outsider: Actor, trained: Workspace, name: str
) -> None:
    assert look(name, viewer, trained) is not None
    with pytest.raises(NotFound):
        look(name, outsider, trained)


def test_new_data_and_a_new_model_are_seen_at_once(
    session: Session,
    strategist: Actor,
    trained: Workspace,
    import_csv: Callable[..., list[Imported]],
    make_csv: Callable[..., bytes],
    work: Callable[[], list[UUID]],
) -> None:
    before = {name: look(name, strategist, trained) for name in LOOKS}
    assert {name: look(name, strategist, trained) for name in ("seasons", "evidence", "calendar")} == {
        name: before[name] for name in ("seasons", "evidence", "calendar")
    }
    import_csv(strategist, trained, data=make_csv(days=238), key="more")
    after = {name: look(name, strategist, trained) for name in LOOKS}
    assert len(after["history"].weeks) == len(before["history"].weeks) + 4
    assert not after["history"].is_current_data
    assert not after["model"].is_current_data
    assert all(len(states) == 238 for states in after["calendar"].states.values())
    assert [after[name] != before[name] for name in ("seasons", "evidence", "diagnosis")] == [True] * 3
    assert after["judged model"].fit == before["judged model"].fit  # on what it was trained on
    assert after["judged model"].drift != before["judged model"].drift
    work()
    trained_anew = {name: look(name, strategist, trained) for name in LOOKS}
    assert trained_anew["model"].number == 2
    assert trained_anew["history"].is_current_data
    assert trained_anew["predictor"].model_number == 2
    assert trained_anew["judged model"].fit != before["judged model"].fit
    assert [each.is_in_force for each in trained_anew["model versions"]] == [True, False]

    minutes = {"reels": 17.0}
    decision_settings.save_decision_settings(session, strategist, trained.id, {"minutes": minutes})
    session.commit()
    assert look("evidence", strategist, trained) != trained_anew["evidence"]
    assert look("returns", strategist, trained) != trained_anew["returns"]


def test_whoever_looks_leaves_what_is_remembered_as_it_was(viewer: Actor, trained: Workspace) -> None:
    for _ in range(2):
        for name in LOOKS:
            look(name, viewer, trained)
    with reading() as session:
        workspace = session.get_one(Workspace, trained.id)
        version, model = current_version(session, workspace), models.current_model(session, viewer, trained.id)
        assert version is not None
        assert model is not None
        assert hash_daily(table_of(version)) == version.data_hash
        stored = session.scalar(select(ModelVersion.training).where(ModelVersion.id == model.id))
        assert json.loads(json.dumps(model.training.to_json())) == stored
