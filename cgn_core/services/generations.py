"""Synthetic creators: asked for in a form, made by a job, stored as workspaces like any other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from cgn_core.access import Action, Actor
from cgn_core.db.models import Agency, Workspace
from cgn_core.errors import InvalidInput
from cgn_core.jobs import Claim, JobKind, enqueue
from cgn_core.services.audit import AuditAction, System, record
from cgn_core.services.competitors import store_competitor
from cgn_core.services.data_versions import hash_daily, store_version
from cgn_core.services.retrainings import enqueue_retraining
from cgn_core.services.workspace_cards import today_in
from cgn_core.services.workspaces import add_workspace, clean_handle
from cgn_core.tables import CONTENT_TYPES, Daily

PROFILES = ("nano", "micro", "mid", "macro", "mega")
MOST_CREATORS = 20
MOST_PEERS = 20
DAYS_ALLOWED = (28, 3650)
MOST_SEED = 2**31 - 1
SYNTHETIC = "synthetic"
_PEER_NAMES = ("north", "daily", "studio", "field", "little", "open", "slow", "bright", "quiet", "good")


@dataclass(frozen=True)
class GenerationSettings:
    """What the generator is asked for; also a job's params."""

    profile: str = "micro"
    days: int = 730
    creators: int = 1
    seed: int = 1
    viral_rate: float | None = None
    """Share of days that go viral; None takes the profile's."""
    effects: dict[str, float] | None = None
    """Followers per piece by content type; None takes the profile's."""
    peers: int = 0
    """Further accounts of the same profile, stored as competitors of each creator."""
    handles: tuple[str, ...] = ()
    """Handles of the first creators; the others get the generator's names."""
    end: str = ""
    """ISO date of the last day."""

    def __post_init__(self) -> None:
        """Refuse what the generator can't use; these values come from a form."""
        if self.profile not in PROFILES:
            raise InvalidInput(f"{self.profile!r} is no profile; there are {', '.join(PROFILES)}.")
        _whole("The number of days", self.days, *DAYS_ALLOWED)
        _whole("The number of creators", self.creators, 1, MOST_CREATORS)
        _whole("The number of peers", self.peers, 0, MOST_PEERS)
        _whole("The seed", self.seed, 0, MOST_SEED)
        if self.viral_rate is not None:
            _number("The viral rate", self.viral_rate, 0.0, 0.2)
        for name, effect in (self.effects or {}).items():
            if name not in CONTENT_TYPES:
                raise InvalidInput(f"{name!r} is no content type; there are {', '.join(CONTENT_TYPES)}.")
            _number(f"The effect of {name}", effect, -1e5, 1e5)
        for handle in self.handles:
            clean_handle(handle)

    @property
    def tables(self) -> int:
        """How many tables the generator has to make: the creators first, then the peers."""
        return self.creators + self.peers

    @property
    def last_day(self) -> date:
        """The last day of the tables."""
        return date.fromisoformat(self.end)


def request_generation(
    session: Session,
    actor: Actor,
    *,
    profile: str,
    days: int = 730,
    creators: int = 1,
    seed: int,
    viral_rate: float | None = None,
    effects: Mapping[str, float] | None = None,
    peers: int = 0,
    handles: Sequence[str] = (),
    key: str,
) -> UUID:
    """Queue a generation that ends yesterday; returns the job's id. The same ``key`` twice returns the same job.

    Raises:
        Forbidden: the actor's role makes no workspaces.
        InvalidInput: a setting is outside its bounds.
        QuotaExceeded: the agency already has its limit of jobs waiting.
    """
    actor.require(Action.CREATE_WORKSPACE)
    agency = session.get_one(Agency, actor.agency_id)
    wanted = GenerationSettings(
        profile=profile,
        days=days,
        creators=creators,
        seed=seed,
        viral_rate=viral_rate,
        effects=dict(effects) if effects else None,
        peers=peers,
        handles=tuple(handles),
        end=(today_in(agency.time_zone) - timedelta(days=1)).isoformat(),
    )
    return enqueue(
        session,
        JobKind.GENERATE,
        agency_id=actor.agency_id,
        requested_by=actor.user_id,
        params=asdict(wanted) | {"handles": list(wanted.handles)},
        key=f"generate:{key}",
    )


def settings_of(claim: Claim) -> GenerationSettings:
    """What the job was asked for; the task hands it to the generator."""
    return GenerationSettings(**{**claim.params, "handles": tuple(claim.params.get("handles", ()))})


def run(claim: Claim, tables: Sequence[Daily], *, truths: Sequence[dict[str, Any]] = ()) -> None:
    """Store generated tables as workspaces and queue their retraining, in one transaction.

    Args:
        claim: the job.
        tables: as many as ``settings_of(claim).tables``: the creators first, then the peers.
        truths: what is true of each creator, as JSON; its effects are kept in the job's result.

    Raises:
        Cancelled: somebody asked the job to stop.
        LostClaim: another worker has the job.
    """
    wanted = settings_of(claim)
    claim.progress(0.9, "Storing the workspaces")
    own, peers = tables[: wanted.creators], tables[wanted.creators :]
    with claim.commit() as session:
        # Two generations of an agency that end together take turns, so that the second sees which handles are taken.
        session.get_one(Agency, claim.agency_id, with_for_update={"key_share": True})
        made = []
        for number, daily in enumerate(own):
            asked = wanted.handles[number] if number < len(wanted.handles) else daily.creator
            workspace = _store_creator(session, claim, wanted, asked or f"{SYNTHETIC}.{number + 1}", daily)
            for place, peer in enumerate(peers):
                store_competitor(session, workspace, _peer_name(workspace, place), peer, file_name=SYNTHETIC)
            job_id = enqueue_retraining(session, workspace, requested_by=claim.requested_by, key=f"job:{claim.job_id}")
            record(
                session,
                System(claim.agency_id),
                AuditAction.GENERATED,
                workspace_id=workspace.id,
                job=claim.job_id,
                requested_by=claim.requested_by,
            )
            effects = truths[number]["effects"] if number < len(truths) else {}
            made.append(
                {
                    "id": str(workspace.id),
                    "handle": workspace.handle,
                    "retraining": str(job_id),
                    "effects": effects,
                }
            )
        handles = ", ".join(f"@{workspace['handle']}" for workspace in made)
        claim.finish(session, {"workspaces": made}, sentence=f"Made {handles}")


def _store_creator(session: Session, claim: Claim, wanted: GenerationSettings, handle: str, daily: Daily) -> Workspace:
    workspace = add_workspace(session, claim.agency_id, _free_handle(session, claim.agency_id, handle))
    store_version(
        session,
        workspace,
        daily,
        file_name=f"{SYNTHETIC} ({wanted.profile}, seed {wanted.seed})",
        file_hash=hash_daily(daily),
        report={
            "format": SYNTHETIC,
            "rows": len(daily.frame),
            "from": daily.frame["date"].iloc[0].date().isoformat(),
            "to": daily.frame["date"].iloc[-1].date().isoformat(),
            "columns": {name: name for name in daily.columns},
            "importable": True,
            "findings": [],
        },
        created_by=claim.requested_by,
    )
    return workspace


def _peer_name(workspace: Workspace, place: int) -> str:
    first, again = _PEER_NAMES[place % len(_PEER_NAMES)], place // len(_PEER_NAMES)
    return f"{first}.{_topic(workspace.handle)}{again + 1 if again else ''}"


def _free_handle(session: Session, agency_id: UUID, asked: str) -> str:
    cleaned = clean_handle(asked)
    taken = set(session.scalars(select(Workspace.handle).where(Workspace.agency_id == agency_id)))
    number = 2
    free = cleaned
    while free in taken:
        free, number = f"{cleaned}-{number}", number + 1
    return free


def _topic(handle: str) -> str:
    return re.split(r"[._\s-]", handle)[0][:20]


def _whole(what: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput(f"{what} must be a whole number between {least} and {most}.")


def _number(what: str, value: object, least: float, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InvalidInput(f"{what} must be a number between {least:g} and {most:g}.")
