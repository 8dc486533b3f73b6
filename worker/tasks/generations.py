"""The task that does ``generate`` jobs; the only one that knows the generator."""

from __future__ import annotations

from cgn_core.jobs import JobKind, claimed
from cgn_core.services import generations
from datagen import generate_many
from worker.app import celery_app
from worker.lifecycle import is_stopping


@celery_app.task(name=JobKind.GENERATE.value)
def generate(job_id: str) -> None:
    """Claim the job, make the tables, and hand them to the service; a job that isn't there is left alone."""
    with claimed(job_id, giving_back=is_stopping) as claim:
        if claim is None:
            return
        wanted = generations.settings_of(claim)
        claim.progress(0.05, f"Generating {wanted.tables} creators of {wanted.days} days")
        made = generate_many(
            creators=wanted.creators,
            competitors=wanted.peers,
            shocks=(),  # a creator is the same with peers and without
            days=wanted.days,
            profile=wanted.profile,
            seed=wanted.seed,
            end=wanted.last_day,
            viral_rate=wanted.viral_rate,
            effects=wanted.effects,
        )
        generations.run(
            claim,
            [creator.daily for creator in made],
            truths=[creator.truth.to_json() for creator in made[: wanted.creators]],
        )
