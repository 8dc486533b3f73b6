"""The registry: every model version is kept as it was trained; promotions say which one is in force, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased, defer

from cgn_core.access import Action, Actor
from cgn_core.db.model_versions import readable_model_versions
from cgn_core.db.models import ModelVersion, Promotion, User, Workspace
from cgn_core.db.row_kinds import PromotionKind
from cgn_core.db.session import kept, one_or_not_found
from cgn_core.db.workspaces import editable_workspaces, readable_workspaces
from cgn_core.errors import Conflict, InvalidInput, NotFound
from cgn_core.services import audit, ledger
from cgn_core.services.audit import AuditAction, SubjectKind, System
from cgn_core.services.data_versions import current_daily
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.model_choice import DOUBT
from cgn_core.stats.training import Training
from cgn_core.tables import Daily

LONGEST_REASON = 300
SHORTEST_REASON = 3
RULE = (
    "A retraining puts another form in force only when its errors on the same unseen weeks are smaller beyond chance "
    f"(one-sided paired t test at {DOUBT:.0%}, divided by the number of forms tried), when the data no longer have "
    "what the model in force needs, or when no model beats naive. The same form on newer data follows it."
)
"""What :func:`decide` goes by, as pages say it."""


@dataclass(frozen=True)
class Champion:
    """The model in force when a retraining began."""

    id: UUID
    number: int
    chosen: str
    levers: tuple[str, ...]
    target: str

    def fits(self, training: Training) -> bool:
        """Whether the data still have everything the champion was trained on."""
        fit = training.fit
        return fit.target == self.target and set(self.levers) <= set(fit.predictor.levers) | set(
            fit.predictor.undetermined
        )


@dataclass(frozen=True)
class PromotionView:
    """A model that came into force."""

    model_number: int
    kind: PromotionKind
    reason: str
    promoted_by: str
    """Name; "" where a retraining decided."""
    created_at: datetime


def _in_force() -> Select[ModelVersion]:
    """The models in force in the workspaces whose ids are given as ``workspaces``."""
    decided = aliased(Promotion)
    newest = select(func.max(decided.number)).where(decided.workspace_id == Workspace.id)
    fitting = newest.where(decided.data_version == Workspace.data_version)
    last = (
        select(Workspace.id, func.coalesce(fitting.scalar_subquery(), newest.scalar_subquery()).label("number"))
        .where(Workspace.id.in_(bindparam("workspaces", expanding=True)))
        .subquery()
    )
    return (
        select(ModelVersion)
        .join(Promotion, Promotion.model_version_id == ModelVersion.id)
        .join(last, and_(Promotion.workspace_id == last.c.id, Promotion.number == last.c.number))
        .options(defer(ModelVersion.settings))
    )


_IN_FORCE = _in_force()


def current_model_versions(session: Session, workspaces: Sequence[Workspace]) -> dict[UUID, ModelVersion]:
    """Per workspace the model in force: the last promoted while the data were as they are, else the last promoted.

    Undoing an import so brings back the model that was in force before it.
    """
    ids = [workspace.id for workspace in workspaces]

    def found() -> dict[UUID, ModelVersion]:
        return {row.workspace_id: row for row in session.scalars(_IN_FORCE, {"workspaces": ids})}

    return kept(session, ("in force", *((each.id, each.data_version) for each in workspaces)), found)


def newest_trainings(session: Session, workspaces: Sequence[Workspace]) -> dict[UUID, ModelVersion]:
    """Per workspace the version that was trained last, in force or not; a form tried as challenger doesn't count."""
    newest = (
        select(ModelVersion.workspace_id, func.max(ModelVersion.number).label("number"))
        .where(ModelVersion.workspace_id.in_([workspace.id for workspace in workspaces]))
        .where(ModelVersion.settings["model"].as_string().is_(None))
        .group_by(ModelVersion.workspace_id)
        .subquery()
    )
    rows = session.scalars(
        select(ModelVersion).join(
            newest, and_(ModelVersion.workspace_id == newest.c.workspace_id, ModelVersion.number == newest.c.number)
        )
    )
    return {row.workspace_id: row for row in rows}


def champion_of(session: Session, workspace: Workspace) -> Champion | None:
    """The model in force, as a retraining needs to know it."""
    version = current_model_versions(session, [workspace]).get(workspace.id)
    if version is None:
        return None
    fit = Training.from_json(version.training).fit
    return Champion(
        id=version.id,
        number=version.number,
        chosen=version.chosen,
        levers=(*fit.predictor.levers, *fit.predictor.undetermined),
        target=fit.target,
    )


def settle(
    session: Session,
    workspace: Workspace,
    version: ModelVersion,
    training: Training,
    daily: Daily,
    *,
    champion: Champion | None,
) -> str:
    """Decide whether a version that was just trained comes into force; the decision in a sentence.

    The caller has locked the workspace and stored the version.

    Args:
        session: the transaction.
        workspace: whose version it is.
        version: the challenger.
        training: what it holds.
        daily: what it was trained on.
        champion: in force when the training began.
    """
    in_force = current_model_versions(session, [workspace]).get(workspace.id)
    if in_force is not None and (champion is None or in_force.id != champion.id):
        return f"Model {in_force.number} came into force while this was trained, so it stays; promote this one by hand."
    kind, reason = decide(training, champion)
    if kind is None:
        return reason
    if kind is PromotionKind.SAME_FORM and in_force is not None and _was_chosen_on(session, workspace, version):
        return f"Model {in_force.number} was put in force by hand on these very data, so it stays."
    _put_in_force(session, workspace, version, kind=kind, reason=reason)
    ledger.record(session, workspace, version, training, daily)
    return reason


def decide(training: Training, champion: Champion | None) -> tuple[PromotionKind | None, str]:
    """Why a training comes into force, None where it doesn't, and the sentence that says so.

    A challenger of another form is promoted only when it is better on the same unseen weeks beyond chance, when the
    champion no longer fits the data, or when no model beats the naive forecast any more. The champion's own form,
    estimated on newer data, is the same forecaster and follows it.
    """
    if champion is None:
        return PromotionKind.FIRST, "The first model of this workspace."
    if not champion.fits(training):
        return PromotionKind.SCHEMA, f"Model {champion.number} no longer fits what the data hold."
    if training.chosen == champion.chosen:
        return PromotionKind.SAME_FORM, f"The form of model {champion.number}, estimated again on the current data."
    if training.chosen in BASELINES:
        return PromotionKind.NAIVE, training.reason
    challenge = training.challenge
    if challenge is None:
        return PromotionKind.SCHEMA, f"Model {champion.number} can't be validated on the current data."
    return (PromotionKind.BETTER if challenge.promoted else None), challenge.sentence


def promote(session: Session, actor: Actor, workspace_id: UUID | str, number: int, *, reason: str) -> PromotionView:
    """Put a model version in force by hand, an earlier one or a challenger; what it forecast then is shown again.

    Raises:
        NotFound: no such workspace or version, or not the actor's to edit.
        Forbidden: the actor's role changes no workspace.
        InvalidInput: no reason, or too long a one.
        Conflict: it is in force already.
    """
    workspace = one_or_not_found(session, editable_workspaces(actor).with_for_update(), workspace_id)
    actor.require(Action.PROMOTE_MODELS)
    said = " ".join(reason.split())
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        raise InvalidInput(
            f"Say why in {SHORTEST_REASON} to {LONGEST_REASON} letters; the reason stays with the model."
        )
    version = session.scalar(
        readable_model_versions(actor).where(ModelVersion.workspace_id == workspace.id, ModelVersion.number == number)
    )
    if version is None:
        raise NotFound
    in_force = current_model_versions(session, [workspace]).get(workspace.id)
    if in_force is not None and in_force.id == version.id:
        raise Conflict(f"Model {number} is in force already.")
    row = _put_in_force(session, workspace, version, kind=PromotionKind.BY_HAND, reason=said, by=actor)
    keep_what_is_shown(session, workspace)
    return PromotionView(version.number, row.kind, row.reason, actor.name, row.created_at)


def keep_what_is_shown(session: Session, workspace: Workspace) -> None:
    """Write the forecast of the model in force to the ledger: after a person changed the model or went to other data.

    The caller has authorised and locked the workspace.
    """
    session.flush()
    version = current_model_versions(session, [workspace]).get(workspace.id)
    if version is not None:
        training = Training.from_json(version.training)
        ledger.record(session, workspace, version, training, current_daily(session, workspace))


def promotions(session: Session, actor: Actor, workspace_id: UUID | str) -> list[PromotionView]:
    """Every change of the model in force, newest first.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    rows = session.execute(
        select(Promotion, ModelVersion.number, User.name)
        .join(ModelVersion, ModelVersion.id == Promotion.model_version_id)
        .outerjoin(User, User.id == Promotion.promoted_by)
        .where(Promotion.workspace_id == workspace.id)
        .order_by(Promotion.number.desc())
    )
    return [PromotionView(number, row.kind, row.reason, name or "", row.created_at) for row, number, name in rows]


def _was_chosen_on(session: Session, workspace: Workspace, version: ModelVersion) -> bool:
    """Whether a person chose the model in force while the data were those that a version was trained on."""
    last = select(Promotion).where(Promotion.workspace_id == workspace.id).order_by(Promotion.number.desc()).limit(1)
    found = session.scalars(last).first()
    return found is not None and found.kind is PromotionKind.BY_HAND and found.data_version == version.data_version


def _put_in_force(
    session: Session,
    workspace: Workspace,
    version: ModelVersion,
    *,
    kind: PromotionKind,
    reason: str,
    by: Actor | None = None,
) -> Promotion:
    newest = session.scalar(select(func.max(Promotion.number)).where(Promotion.workspace_id == workspace.id))
    row = Promotion(
        workspace_id=workspace.id,
        number=(newest or 0) + 1,
        model_version_id=version.id,
        # A version trained on older data than a newer import is in force only until that import's own is trained.
        data_version=version.data_version if by is None else workspace.data_version,
        kind=kind,
        reason=reason,
        promoted_by=by.user_id if by is not None else None,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        by or System(workspace.agency_id),
        AuditAction.PROMOTED,
        subject=(SubjectKind.MODEL_VERSION, version.id),
        workspace_id=workspace.id,
        model_number=version.number,
        kind=kind,
    )
    return row
