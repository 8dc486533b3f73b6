"""Forty weeks of a creator and of accounts to compare it with, and the trainings that an import asks for."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import numpy as np

from cgn_core.access import Actor
from cgn_core.db.models import Workspace
from cgn_core.db.session import transaction
from cgn_core.jobs import claimed
from cgn_core.services import competitors, imports, retrainings

WEEKS = 40
LAST_DAY = date(2026, 11, 22)
"""A Sunday."""


def forty_weeks(*handles: str, seed: int = 11) -> bytes:
    """Our own layout; growth follows the posting."""
    lines = ["creator,date,followers,follows,unfollows,posts,reels,stories"]
    first = LAST_DAY - timedelta(days=7 * WEEKS - 1)
    for place, handle in enumerate(handles):
        rng = np.random.default_rng([seed, place])
        followers = 40_000 + 9_000 * place
        for number in range(7 * WEEKS):
            posts, reels, stories = rng.poisson([0.6, 0.5, 1.5]).tolist()
            follows = round(40 + 10 * posts + (24 - place) * reels + 3 * stories + rng.normal(0, 8))
            followers += follows - 9
            day = (first + timedelta(days=number)).isoformat()
            lines.append(f"{handle},{day},{followers},{follows},9,{posts},{reels},{stories}")
    return "\n".join(lines).encode()


def run_training(job_id: UUID | None) -> None:
    """Do a waiting retraining as a worker would."""
    assert job_id is not None
    with claimed(job_id) as claim:
        assert claim is not None
        retrainings.run(claim)


def import_and_train(owner: Actor, workspace: Workspace) -> None:
    """Import the creator's weeks through the service that pages use, and train on them."""
    with transaction() as session:
        data = forty_weeks(workspace.handle)
        view = imports.read_upload(session, owner, workspace_id=workspace.id, file_name="weeks.csv", data=data)
        assert view.id is not None, view.findings
        (done,) = imports.import_upload(session, owner, view.id, key="first")
    run_training(done.job_id)


def add_peers(owner: Actor, workspace: Workspace, *, peers: int = 6) -> None:
    """Add accounts to compare with."""
    names = [f"peer.{number}" for number in range(peers)]
    with transaction() as session:
        competitors.add_competitor_file(
            session, owner, workspace.id, file_name="peers.csv", data=forty_weeks(*names, seed=12)
        )
