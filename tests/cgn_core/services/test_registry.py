from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.models import Job, JobState, ModelVersion, Promotion, Workspace
from cgn_core.db.row_kinds import PromotionKind
from cgn_core.db.session import transaction
from cgn_core.errors import Conflict, InvalidInput, NotFound
from cgn_core.services import data_history, imports, retrainings
from cgn_core.services.forecasts import predict
from cgn_core.services.models import current_model, model_versions
from cgn_core.services.registry import Champion, champion_of, decide, promote, promotions
from cgn_core.services.retrainings import request_retraining
from cgn_core.stats.challenge import Challenge
from cgn_core.stats.training import Training
from cgn_core.tables import Daily

MakeCsv = Callable[..., bytes]
ImportCsv = Callable[..., list[imports.Imported]]
Work = Callable[[], list[UUID]]

pytestmark = pytest.mark.usefixtures("sent_jobs")


def in_force(session: Session, actor: Actor, workspace: Workspace) -> int:
    model = current_model(session, actor, workspace.id)
    assert model is not None
    return model.number


def challenge(session: Session, actor: Actor, workspace: Workspace, work: Work, form: str) -> str:
    """Trains a challenger; what was decided about it."""
    job_id = request_retraining(session, actor, workspace.id, key=form, model=form)
    session.commit()
    work()
    decision: str = session.get_one(Job, job_id).result["decision"]
    return decision


def test_the_first_model_comes_into_force_and_the_same_form_on_newer_data_follows_it(
    session: Session, strategist: Actor, trained: Workspace, make_csv: MakeCsv, import_csv: ImportCsv, work: Work
) -> None:
    import_csv(strategist, trained, data=make_csv(days=245))
    work()
    found = promotions(session, strategist, trained.id)
    assert [(each.model_number, each.kind) for each in found] == [
        (2, PromotionKind.SAME_FORM),
        (1, PromotionKind.FIRST),
    ]
    assert all(each.promoted_by == "" for each in found)
    assert in_force(session, strategist, trained) == 2


def test_a_worse_challenger_is_kept_but_not_promoted(
    session: Session, strategist: Actor, trained: Workspace, work: Work
) -> None:
    before = predict(session, strategist, trained.id, {"reels": 6})
    decision = challenge(session, strategist, trained, work, "single_lever")
    assert decision.endswith("the champion stays.")
    assert in_force(session, strategist, trained) == 1
    assert predict(session, strategist, trained.id, {"reels": 6}) == before
    newest, oldest = model_versions(session, strategist, trained.id)
    assert (newest.summary.chosen, newest.is_in_force) == ("single_lever", False)
    assert oldest.is_in_force


def test_a_better_challenger_is_promoted_and_says_by_how_much(
    session: Session, strategist: Actor, trained: Workspace, work: Work
) -> None:
    challenge(session, strategist, trained, work, "single_lever")
    promote(session, strategist, trained.id, 2, reason="to see what a weak champion does")
    session.commit()
    decision = challenge(session, strategist, trained, work, "daily")
    assert decision.endswith("better beyond chance, so it takes the champion's place.")
    (newest, *_) = promotions(session, strategist, trained.id)
    assert (newest.model_number, newest.kind, newest.reason) == (3, PromotionKind.BETTER, decision)
    assert in_force(session, strategist, trained) == 3


def test_rolling_back_restores_the_earlier_forecasts_bit_for_bit(
    session: Session, strategist: Actor, trained: Workspace, make_csv: MakeCsv, import_csv: ImportCsv, work: Work
) -> None:
    stored = session.scalars(select(ModelVersion)).one()
    before = json.dumps(stored.training, sort_keys=True)

    def shown() -> list[object]:
        """Next week on every page, the model that the Predictor's browser gets, and plans it may be asked about."""
        model = current_model(session, strategist, trained.id)
        plans = [{"reels": reels, "posts": posts} for reels in (0, 3, 6) for posts in (0, 4)]
        return [
            model and model.summary.forecast,
            model and model.training.fit.predictor.to_json(),
            *(predict(session, strategist, trained.id, plan, level=level) for plan in plans for level in (0.5, 0.9)),
        ]

    said = shown()
    import_csv(strategist, trained, data=make_csv(per_reel=80.0))
    work()
    assert all(new != old for new, old in zip(shown(), said, strict=True))
    view = promote(session, strategist, trained.id, 1, reason="  the new file\nlooks wrong ")
    session.commit()
    assert (view.kind, view.reason, view.promoted_by) == (
        PromotionKind.BY_HAND,
        "the new file looks wrong",
        strategist.name,
    )
    session.expire_all()
    assert shown() == said
    assert (
        json.dumps(session.scalars(select(ModelVersion).filter_by(number=1)).one().training, sort_keys=True) == before
    )


def test_what_a_person_put_in_force_stays_until_the_data_are_others(
    session: Session, strategist: Actor, trained: Workspace, make_csv: MakeCsv, import_csv: ImportCsv, work: Work
) -> None:
    import_csv(strategist, trained, data=make_csv(per_reel=80.0))
    work()
    promote(session, strategist, trained.id, 1, reason="the new file looks wrong")
    job_id = request_retraining(session, strategist, trained.id, key="the monthly one")
    session.commit()
    work()
    assert session.get_one(Job, job_id).result["decision"].startswith("Model 1 was put in force by hand on these very")
    assert in_force(session, strategist, trained) == 1
    import_csv(strategist, trained, data=make_csv(days=245))
    work()
    assert in_force(session, strategist, trained) == 4


def test_a_training_that_ends_after_a_person_chose_leaves_the_choice(
    session: Session, strategist: Actor, trained: Workspace, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    challenge(session, strategist, trained, work, "single_lever")
    job_id = request_retraining(session, strategist, trained.id, key="slow")
    session.commit()
    at_once = retrainings.train

    def slow(daily: Daily, **options: Any) -> Training:
        with transaction() as own:
            promote(own, strategist, trained.id, 2, reason="meanwhile, by hand")
        return at_once(daily, **options)

    monkeypatch.setattr(retrainings, "train", slow)
    work()
    decision = session.get_one(Job, job_id).result["decision"]
    assert decision.startswith("Model 2 came into force while this was trained, so it stays")
    assert in_force(session, strategist, trained) == 2


def test_undoing_an_import_brings_back_what_was_in_force_before_it(
    session: Session, strategist: Actor, trained: Workspace, make_csv: MakeCsv, import_csv: ImportCsv, work: Work
) -> None:
    import_csv(strategist, trained, data=make_csv(per_reel=80.0))
    work()
    promote(session, strategist, trained.id, 1, reason="rather the old one")
    session.commit()
    data_history.undo_import(session, strategist, trained.id, key="undo")
    session.commit()
    assert in_force(session, strategist, trained) == 1
    assert session.scalars(select(Promotion.data_version).order_by(Promotion.number)).all() == [1, 2, 2]


def test_a_champion_that_the_data_no_longer_fit_gives_way_and_the_page_says_so(
    session: Session,
    strategist: Actor,
    workspace: Workspace,
    make_csv: MakeCsv,
    import_csv: ImportCsv,
    work: Work,
) -> None:
    """The data go back to a file without reels: the model that was trained on reels can't be asked about them."""
    with_reels = make_csv()
    lines = [line.split(",") for line in with_reels.decode().splitlines()]
    place = lines[0].index("reels")
    without = "\n".join(",".join(line[:place] + line[place + 1 :]) for line in lines).encode()
    import_csv(strategist, workspace, data=without)
    session.execute(update(Job).values(state=JobState.CANCELLED))  # nothing was trained on it
    session.commit()
    import_csv(strategist, workspace, data=with_reels, key="with")
    work()
    champion = champion_of(session, workspace)
    assert champion is not None
    assert "reels" in champion.levers
    data_history.undo_import(session, strategist, workspace.id, key="undo")
    session.commit()
    work()
    (newest, first) = promotions(session, strategist, workspace.id)
    assert (newest.model_number, newest.kind, first.kind) == (2, PromotionKind.SCHEMA, PromotionKind.FIRST)
    assert newest.reason == "Model 1 no longer fits what the data hold."
    assert in_force(session, strategist, workspace) == 2


def test_what_can_not_be_promoted_is_refused_in_a_sentence(
    session: Session, strategist: Actor, trained: Workspace
) -> None:
    with pytest.raises(Conflict, match="Model 1 is in force already"):
        promote(session, strategist, trained.id, 1, reason="because")
    with pytest.raises(NotFound):
        promote(session, strategist, trained.id, 9, reason="because")
    for reason in ("", " \n ", "x", "x" * 301):
        with pytest.raises(InvalidInput, match="Say why"):
            promote(session, strategist, trained.id, 1, reason=reason)
    with pytest.raises(InvalidInput, match="is no model"):
        request_retraining(session, strategist, trained.id, key="k", model="oracle")


def test_a_challenger_waits_for_no_training_and_stands_in_for_none(
    session: Session, strategist: Actor, trained: Workspace, make_csv: MakeCsv, import_csv: ImportCsv
) -> None:
    first = request_retraining(session, strategist, trained.id, key="try", model="ols")
    assert request_retraining(session, strategist, trained.id, key="try it again", model="ols") == first
    with pytest.raises(Conflict, match="when it is done"):
        request_retraining(session, strategist, trained.id, key="other", model="huber")
    (done,) = import_csv(strategist, trained, data=make_csv(days=245))
    assert done.job_id not in {None, first}


def test_every_reason_for_a_promotion(session: Session, strategist: Actor, trained: Workspace) -> None:
    model = current_model(session, strategist, trained.id)
    assert model is not None
    training: Training = model.training
    fit = training.fit
    champion = Champion(model.id, 1, "huber", fit.predictor.levers, fit.target)
    lead = Challenge("huber", training.chosen, 2.0, 1.0, 9, 0.01, promoted=True, sentence="better")
    assert decide(training, None)[0] is PromotionKind.FIRST
    assert decide(training, replace(champion, chosen=training.chosen))[0] is PromotionKind.SAME_FORM
    assert decide(replace(training, challenge=lead), champion) == (PromotionKind.BETTER, "better")
    kept = replace(lead, promoted=False, sentence="luck")
    assert decide(replace(training, challenge=kept), champion) == (None, "luck")
    assert decide(replace(training, chosen="last_value"), champion)[0] is PromotionKind.NAIVE
    assert decide(training, champion)[0] is PromotionKind.SCHEMA
    assert decide(training, replace(champion, levers=(*champion.levers, "ads")))[0] is PromotionKind.SCHEMA
    assert decide(training, replace(champion, target="gross_follows"))[0] is PromotionKind.SCHEMA
