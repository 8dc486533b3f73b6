"""The task that does ``generate`` jobs; the only one that knows the generator."""

from __future__ import annotations

from cgn_core.figures.wording import counted
from cgn_core.jobs import Claim, JobKind
from cgn_core.services import generations
from datagen import generate_many
from worker.doing import does


@does(JobKind.GENERATE)
def generate(claim: Claim) -> None:
    """Make the tables, and hand them to the service."""
    wanted = generations.settings_of(claim)
    claim.progress(0.05, f"Generating {counted(wanted.tables, 'creator')} of {counted(wanted.days, 'day')}")
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
