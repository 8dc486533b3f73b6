"""Trainings of many creators: the weekly models are validated together, and each creator's chosen one is fitted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from cgn_core.errors import ConstantSeries, TooFewObservations
from cgn_core.stats.comparison import validate_all
from cgn_core.stats.fit import EFFECT_LEVEL
from cgn_core.stats.history import require_weeks
from cgn_core.stats.intervals import supported_level
from cgn_core.stats.judged_forecasts import TargetWeeks
from cgn_core.stats.rolling_validation import validate_linear
from cgn_core.stats.training import Training, conclude_training
from cgn_core.stats.validation import MODELS, Grammar, Progress, Validation, default_initial, no_progress
from cgn_core.tables import DEFAULT_MINUTES, Daily

RANKED_TOGETHER = ("huber", "ols", "single_lever")
"""What a training of many ranks. The daily model and the bisquare have no shortcut over all origins: a creator whose
champion is one of them has it validated alone, and keeps it unless one of these is better beyond chance."""
TOGETHER = 0.6
"""Share of the work that the validations are."""


class Trainee(NamedTuple):
    """One creator."""

    daily: Daily
    champion: str | None = None
    """The form in force."""
    minutes: Mapping[str, float] = DEFAULT_MINUTES


def train_many(
    creators: Sequence[Trainee],
    *,
    level: float = EFFECT_LEVEL,
    interval_level: float = 0.9,
    progress: Progress = no_progress,
) -> Iterator[Training | TooFewObservations | ConstantSeries]:
    """Each creator's training among the models of ``RANKED_TOGETHER``, or why there is none; in their order.

    Args:
        creators: any number; those with as many weeks and levers are solved together.
        level: of the effects' intervals.
        interval_level: of the forecast intervals; a short history gets the widest it supports.
        progress: called with a fraction and a sentence; what it raises passes through.

    Raises:
        UnsupportedLevel: a level that doesn't lie between 0 and 1.
    """
    ready = _validated(creators, interval_level, progress)
    for place, (creator, found) in enumerate(zip(creators, ready, strict=True)):
        progress(TOGETHER + (1 - TOGETHER) * place / len(creators), f"Fitting creator {place + 1} of {len(creators)}")
        if not isinstance(found, _Ready):
            yield found
            continue
        try:
            yield conclude_training(
                creator.daily,
                found.weeks,
                found.validations | _of_champion(creator.champion, found),
                found.grammar,
                champion=creator.champion,
                level=level,
                interval_level=interval_level,
                minutes=creator.minutes,
            )
        except (TooFewObservations, ConstantSeries) as refusal:
            yield refusal


class _Ready(NamedTuple):
    weeks: TargetWeeks
    grammar: Grammar
    level: float
    validations: dict[str, Validation]


def _validated(
    creators: Sequence[Trainee], interval_level: float, progress: Progress
) -> list[_Ready | TooFewObservations]:
    found: list[_Ready | TooFewObservations] = []
    groups: dict[tuple[int, float], list[_Ready]] = defaultdict(list)
    for creator in creators:
        weeks = TargetWeeks.of(creator.daily, minutes=creator.minutes)
        try:
            known = len(require_weeks(weeks.history))
        except TooFewObservations as refusal:
            found.append(refusal)
            continue
        level, initial = supported_level(known, wanted=interval_level), default_initial(known)
        one = _Ready(weeks, Grammar(initial=initial), level, {})
        groups[initial, level].append(one)
        found.append(one)
    done, rounds = 0, len(creators) * len(RANKED_TOGETHER)
    for (_, level), members in groups.items():
        for model in RANKED_TOGETHER:
            progress(TOGETHER * done / rounds, f"Validating {len(members)} creators together")
            answers = validate_linear(
                [one.weeks for one in members], model=model, grammar=members[0].grammar, level=level
            )
            for one, answer in zip(members, answers, strict=True):
                if isinstance(answer, Validation):
                    one.validations[model] = answer
            done += len(members)
    return found


def _of_champion(champion: str | None, ready: _Ready) -> dict[str, Validation]:
    if champion not in MODELS or champion in RANKED_TOGETHER:
        return {}
    return validate_all(ready.weeks, (champion,), grammar=ready.grammar, level=ready.level)[0]
