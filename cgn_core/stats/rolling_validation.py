"""Rolling-origin validation of the weekly linear models for many creators at once; the answers are cross_validate's.

Creators with as many weeks are solved together at each origin, from one QR factor each. Where a window leaves an effect
open, hangs on a single week, or lies close to either, the creator's own fit decides, as it does in ``cross_validate``.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cgn_core.errors import ConstantSeries, InvalidInput, TooFewObservations
from cgn_core.stats.arrays import Cube, FlagMatrix, Flags, Matrix
from cgn_core.stats.batched import huber_together, weighted_leverages
from cgn_core.stats.history import FEWEST_WEEKS, MONDAY_OFFSET
from cgn_core.stats.intervals import LEVELS, require_level, residuals_needed
from cgn_core.stats.judged_forecasts import Judged, TargetWeeks, midpoints, said_gain
from cgn_core.stats.origins import window_start
from cgn_core.stats.orthonormal import orthonormal
from cgn_core.stats.penalised_estimators import BLOCKS, FIRST_SHARE, PENALTIES
from cgn_core.stats.validation import (
    Grammar,
    Progress,
    Validation,
    default_initial,
    no_progress,
    validate_weeks,
)
from cgn_core.stats.weekly_estimators import LARGEST_LEVERAGE
from cgn_core.stats.weekly_models import PIECES, SINGLE_LEVER
from cgn_core.tables import DAYS_PER_WEEK

LINEAR_MODELS = ("single_lever", "ols", "ridge", "huber")
SAFE_LEVERAGE = LARGEST_LEVERAGE * (1 - 1e-6)
CLEAR = 1e-3
"""Smallest singular value of a scaled design over the largest from which every effect is determined beyond doubt."""
BLOCK = 256
"""Creators solved together."""


class _Plain(NamedTuple):
    """m creators whose fits train on every target before an origin; n weeks, k terms."""

    design: Cube
    """Shape (m, n, k), the intercept first."""
    growth: Matrix
    """Shape (m, n)."""
    follows_on: FlagMatrix
    """Shape (m, n), whether the next target is the next week."""
    counts: Cube
    """Shape (m, n, levers)."""
    links: Matrix
    """Shape (k, levers), how many of each term a piece of each lever is."""


def validate_linear(
    creators: Sequence[TargetWeeks],
    *,
    model: str,
    grammar: Grammar | None = None,
    level: float = 0.9,
    progress: Progress = no_progress,
) -> tuple[Validation | TooFewObservations | ConstantSeries, ...]:
    """What ``cross_validate`` finds for each creator.

    Args:
        creators: prepared weeks, of any lengths.
        model: single_lever | ols | ridge | huber.
        grammar: None takes each creator's ``default_initial`` and the next week.
        level: of the interval.
        progress: called for every creator.
    Returns: a validation per creator, or why there is none: one short history must not stop a batch.

    Raises:
        InvalidInput: no such model.
        UnsupportedLevel: a level that doesn't lie between 0 and 1.
    """
    if model not in LINEAR_MODELS:
        raise InvalidInput(f"Solved together are {', '.join(LINEAR_MODELS)}, not {model!r}.")
    require_level(level)
    groups: dict[tuple[int, tuple[str, ...], Grammar], list[int]] = defaultdict(list)
    for number, weeks in enumerate(creators):
        rules = grammar or Grammar(initial=default_initial(len(weeks)))
        groups[len(weeks), weeks.levers, rules].append(number)
    found: dict[int, Validation | TooFewObservations | ConstantSeries] = {}
    for (_, _, rules), numbers in groups.items():
        for first in range(0, len(numbers), BLOCK):
            block = numbers[first : first + BLOCK]
            plain = [number for number in block if _is_plain(creators[number], rules)]
            ready = dict(zip(plain, _answers([creators[each] for each in plain], model, rules, level), strict=True))
            for number in block:
                progress(len(found) / len(creators), f"Validating creator {len(found) + 1} of {len(creators)}")
                try:
                    found[number] = validate_weeks(
                        creators[number], model=model, grammar=rules, level=level, ready=ready.get(number, {})
                    )
                except (TooFewObservations, ConstantSeries) as refusal:
                    found[number] = refusal
    return tuple(found[number] for number in range(len(creators)))


def _is_plain(weeks: TargetWeeks, rules: Grammar) -> bool:
    """Whether there is a fit at every origin, trained on the targets before it and nothing else."""
    history = weeks.history
    if rules.refit != 1 or len(weeks) == 0 or not np.isfinite(history.recorded).all():
        return False
    if rules.window is not None and (np.diff(weeks.mondays) != DAYS_PER_WEEK).any():
        return False
    trained = history.complete_weeks
    if weeks.levers != history.levers or not np.array_equal(trained * DAYS_PER_WEEK - MONDAY_OFFSET, weeks.mondays):
        return False
    places = np.isin(history.week_numbers, trained)
    return all(
        np.allclose(one, other, rtol=1e-12, atol=0.0)
        for one, other in (
            (history.weekly_counts[places], weeks.counts),
            (history.weekly_growth[places], weeks.growth),
        )
    )


def _stack(creators: Sequence[TargetWeeks], model: str) -> _Plain:
    names = creators[0].levers
    counts = np.stack([weeks.counts for weeks in creators])
    links = np.eye(len(names))
    if model in SINGLE_LEVER:
        links = np.array([[float(name in PIECES) for name in names]])
    mondays = np.stack([weeks.mondays for weeks in creators])
    return _Plain(
        design=np.concatenate([np.ones((*counts.shape[:2], 1)), counts @ links.T], axis=2),
        growth=np.stack([weeks.growth for weeks in creators]),
        follows_on=np.diff(mondays, axis=1, append=0) == DAYS_PER_WEEK,
        counts=counts,
        links=links,
    )


def _answers(creators: Sequence[TargetWeeks], model: str, rules: Grammar, level: float) -> list[dict[int, Judged]]:
    """The forecasts that can be made together: per creator by the place of the week."""
    answers: list[dict[int, Judged]] = [{} for _ in creators]
    if not creators:
        return answers
    plain = _stack(creators, model)
    for place in range(max(rules.initial, FEWEST_WEEKS) - 1 + rules.ahead, plain.growth.shape[1], rules.step):
        origin = place - rules.ahead + 1
        past = slice(window_start(origin, rules.window), origin)
        question = _Question.of(level, residuals=past.stop - past.start)
        if past.stop - past.start < FEWEST_WEEKS or question is None:
            continue
        # A term that never varied has no effect to be known; a fit leaves it out.
        varied = np.ptp(plain.design[:, past], axis=1) > 0
        for pattern in np.unique(varied, axis=0):
            members = np.flatnonzero((varied == pattern).all(axis=1))
            kept = np.flatnonzero(pattern)
            part = plain.design[members][:, :, [0, *kept]]
            fits = _fit(part[:, past], plain.growth[members, past], model)
            if fits is None:
                continue
            said = np.einsum("ck,ck->c", part[:, place], fits.coefficients)
            effects = fits.coefficients[:, 1:] @ plain.links[kept - 1]
            quantiles = said[:, None] + question.quantiles(np.sort(fits.left_out, axis=1))
            for row in np.flatnonzero(fits.clear).tolist():
                creator = members[row]
                moved = None
                if plain.follows_on[creator, place]:
                    moved = plain.counts[creator, place + 1] - plain.counts[creator, place]
                answers[creator][place] = question.answer(
                    place,
                    actual=float(plain.growth[creator, place]),
                    repeatable=float(said[row]),
                    viral=float(fits.left_out[row].mean()),
                    quantiles=quantiles[row].tolist(),
                    next_better=None if moved is None else said_gain(effects[row], moved),
                )
    return answers


class _Fits(NamedTuple):
    """m creators' fits to their n weeks before an origin."""

    coefficients: Matrix
    """Shape (m, k)."""
    left_out: Matrix
    """Shape (m, n), what each week is missed by when it is left out."""
    clear: Flags
    """Shape (m,), whether every effect is determined beyond doubt, and by more than one week."""


def _fit(design: Cube, growth: Matrix, model: str) -> _Fits | None:
    """One of the models; None where there are too few weeks for the terms."""
    if design.shape[1] <= design.shape[2]:
        return None
    basis = orthonormal(design)
    leverages = (basis.columns**2).sum(axis=2)
    # The inverse of the scaled triangle has the same ratio of singular values as the scaled design.
    scaled = np.linalg.svd(np.sqrt((design**2).sum(axis=1))[:, :, None] * basis.inner, compute_uv=False)
    clear = (scaled[:, -1] > CLEAR * scaled[:, 0]) & (basis.rank == design.shape[2])
    clear &= (leverages.max(axis=1) < SAFE_LEVERAGE) & (np.ptp(growth, axis=1) > 0)
    if model == "huber":
        coefficients, weights = huber_together(basis, growth)
        leverages = weighted_leverages(basis, weights)
    else:
        coefficients = ridge_together(design, growth) if model == "ridge" else basis.solve(growth)
    residuals = growth - np.einsum("cnk,ck->cn", design, coefficients)
    return _Fits(coefficients, residuals / (1 - np.minimum(leverages, SAFE_LEVERAGE)), clear)


def ridge_together(design: Cube, growth: Matrix) -> Matrix:
    """What ``penalised_estimators.ridge`` gives each of m creators.

    Args:
        design: shape (m, n, k), the intercept first.
        growth: shape (m, n).
    Returns: coefficients, shape (m, k).
    """
    weeks, terms = design.shape[1:]
    if terms == 1:
        level: Matrix = growth.mean(axis=1, keepdims=True)
        return level
    first = min(max(terms + 1, int(np.ceil(FIRST_SHARE * weeks))), weeks - 1)
    edges = np.unique(np.linspace(first, weeks, min(BLOCKS, weeks - first) + 1).round().astype(int))
    missed = np.zeros((len(design), len(PENALTIES)))
    for start, stop in itertools.pairwise(edges.tolist()):
        path = _ridge_paths(design[:, :start], growth[:, :start])
        said = path @ design[:, start:stop].transpose(0, 2, 1)
        missed += np.abs(growth[:, None, start:stop] - said).sum(axis=2)
    coefficients: Matrix = _ridge_paths(design, growth)[np.arange(len(design)), np.argmin(missed, axis=1)]
    return coefficients


def _ridge_paths(design: Cube, growth: Matrix) -> Cube:
    """Coefficients at every penalty; shape (m, penalties, k)."""
    terms, centre, middle = design[:, :, 1:], design[:, :, 1:].mean(axis=1), growth.mean(axis=1)
    scale = terms.std(axis=1)
    scale = np.where(scale > 0, scale, 1.0)
    left, singular, right = np.linalg.svd((terms - centre[:, None]) / scale[:, None], full_matrices=False)
    moved = np.einsum("cnk,cn->ck", left, growth - middle[:, None])
    filtered = singular[:, None] / (singular[:, None] ** 2 + growth.shape[1] * PENALTIES[:, None])
    slopes = (filtered * moved[:, None]) @ right / scale[:, None]
    free = middle[:, None] - np.einsum("cpk,ck->cp", slopes, centre)
    return np.concatenate([free[:, :, None], slopes], axis=2)


class _Question(NamedTuple):
    """What a forecast is asked for, of a history with so many residuals."""

    shown: float
    """Level of the interval that is shown."""
    wanted: tuple[float, ...]
    """Levels that the history supports."""
    probabilities: tuple[float, ...]
    """Of the median; then the ends of each wanted level; then those that stand for the whole distribution."""

    @classmethod
    def of(cls, level: float, *, residuals: int) -> _Question | None:
        """None where no level up to this one is supported."""
        wanted = tuple(sorted({each for each in (*LEVELS, level) if residuals_needed(each) <= residuals}))
        shown = max((each for each in wanted if each <= level), default=None)
        if shown is None:
            return None
        ends = [end for each in wanted for end in ((1 - each) / 2, (1 + each) / 2)]
        return cls(shown, wanted, (0.5, *ends, *(midpoints(level).tolist() if level in wanted else ())))

    def quantiles(self, ordered: Matrix) -> Matrix:
        """As ``weibull_quantile``, of m creators' ascending residuals: shape (m, n) in, (m, probabilities) out."""
        last = ordered.shape[1] - 1
        places = np.clip((last + 2) * np.array(self.probabilities) - 1, 0.0, float(last))
        below = places.astype(np.int64)
        above = np.minimum(below + 1, last)
        found: Matrix = ordered[:, below] + (places - below) * (ordered[:, above] - ordered[:, below])
        return found

    def answer(
        self,
        place: int,
        *,
        actual: float,
        repeatable: float,
        viral: float,
        quantiles: list[float],
        next_better: float | None,
    ) -> Judged:
        """One creator's."""
        ends = quantiles[1 : 1 + 2 * len(self.wanted)]
        intervals = dict(zip(self.wanted, zip(ends[::2], ends[1::2], strict=True), strict=True))
        low, high = intervals[self.shown]
        return Judged(
            place=place,
            actual=actual,
            expected=repeatable + viral,
            median=quantiles[0],
            low=low,
            high=high,
            repeatable=repeatable,
            viral=viral,
            intervals=intervals,
            spread=tuple(quantiles[1 + 2 * len(self.wanted) :]),
            next_better=next_better,
        )
