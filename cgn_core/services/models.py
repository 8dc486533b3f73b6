"""Trained models: the one in force and those before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from cgn_core.access import Actor
from cgn_core.db.model_versions import readable_model_versions
from cgn_core.db.models import ModelVersion
from cgn_core.db.session import kept, one_or_not_found
from cgn_core.db.workspaces import readable_workspaces
from cgn_core.errors import InvalidInput, NotFound
from cgn_core.services.model_summaries import Summary, summary_of
from cgn_core.services.registry import current_model_versions
from cgn_core.services.remembered import Remembered
from cgn_core.stats.training import Training


@dataclass(frozen=True)
class ModelView:
    """A model with everything it knows."""

    id: UUID
    number: int
    data_version: int
    data_hash: str
    code_version: str
    trained_at: datetime
    is_current_data: bool
    """Whether it was trained on the workspace's current data; if not, pages say so."""
    summary: Summary
    training: Training


@dataclass(frozen=True)
class ModelVersionView:
    """A model in the list of versions."""

    id: UUID
    job_id: UUID | None
    data_hash: str
    code_version: str
    is_in_force: bool
    is_current_data: bool
    summary: Summary


def current_model(session: Session, actor: Actor, workspace_id: UUID | str) -> ModelView | None:
    """The model in force; None while there is none.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    return kept(session, ("model", actor, str(workspace_id)), lambda: _current_model(session, actor, workspace_id))


def _current_model(session: Session, actor: Actor, workspace_id: UUID | str) -> ModelView | None:
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = current_model_versions(session, [workspace]).get(workspace.id)
    return None if version is None else _view(version, data_version=workspace.data_version)


def model_of_number(
    session: Session, actor: Actor, workspace_id: UUID | str, number: int, *, data_version: int
) -> ModelView:
    """One of a workspace's models, in force or not, as it stood to a data version.

    Raises:
        NotFound: no such workspace or model, or not the actor's.
    """
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    version = session.scalar(
        readable_model_versions(actor).where(ModelVersion.workspace_id == workspace.id, ModelVersion.number == number)
    )
    if version is None:
        raise NotFound(f"Model {number} is no longer kept.")
    return _view(version, data_version=data_version)


_trainings = Remembered[Training](128)
"""By model version: one is some hundred kilobytes of text, which every page of a creator reads."""


def _training_of(version: ModelVersion) -> Training:
    try:
        return _trainings.of(version.id, lambda: Training.from_json(version.training))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise InvalidInput(f"Model {version.number} can't be read any more; retrain this creator.") from None


def _view(version: ModelVersion, *, data_version: int) -> ModelView:
    return ModelView(
        id=version.id,
        number=version.number,
        data_version=version.data_version,
        data_hash=version.data_hash,
        code_version=version.code_version,
        trained_at=version.created_at,
        is_current_data=version.data_version == data_version,
        summary=summary_of(version),
        training=_training_of(version),
    )


def model_versions(session: Session, actor: Actor, workspace_id: UUID | str) -> list[ModelVersionView]:
    """All models of a workspace, newest first.

    Raises:
        NotFound: no such workspace, or not the actor's.
    """
    question = ("model versions", actor, str(workspace_id))
    return list(kept(session, question, lambda: _model_versions(session, actor, workspace_id)))


def _model_versions(session: Session, actor: Actor, workspace_id: UUID | str) -> list[ModelVersionView]:
    workspace = one_or_not_found(session, readable_workspaces(actor), workspace_id)
    in_force = current_model_versions(session, [workspace]).get(workspace.id)
    rows = session.scalars(
        readable_model_versions(actor)
        .where(ModelVersion.workspace_id == workspace.id)
        .order_by(ModelVersion.number.desc())
    )
    return [
        ModelVersionView(
            id=row.id,
            job_id=row.job_id,
            data_hash=row.data_hash,
            code_version=row.code_version,
            is_in_force=in_force is not None and row.id == in_force.id,
            is_current_data=row.data_version == workspace.data_version,
            summary=summary_of(row),
        )
        for row in rows
    ]
