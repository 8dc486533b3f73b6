"""Tests of what a fit left unexplained: is its spread even, has it a memory, is it normal, is a bend left in it?

The statistics are statsmodels' own; the exact p-value of Durbin and Watson's is ours, because statsmodels gives none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from cgn_core.stats.arrays import Floats, Matrix
from cgn_core.stats.judged_weeks import JudgedWeeks

SIZE = 0.05
"""Chance that at least one of the tests speaks up where all is well (Holm's correction)."""
FEWEST_FREE = 8
"""Weeks beyond the fitted terms below which a test of residuals says nothing."""
HOLDS, DOUBTFUL, NOT_ENOUGH_WEEKS, NOT_TESTABLE = "holds", "doubtful", "not_enough_weeks", "not_testable"
MOST_LAGS = 10
RESET_POWERS = (2, 3)
NODES = 400
ROUNDING = 1e-12
SMALLEST_SHARE = 1e-8
"""Singular values below this share of the largest count as zero."""


@dataclass(frozen=True)
class ResidualTest:
    """One test of the residuals."""

    statistic: float | None
    p_value: float | None
    adjusted_p_value: float | None
    """After Holm's correction for all tests made; the verdict goes by it."""
    verdict: str
    """holds | doubtful | not_enough_weeks | not_testable"""
    sentence: str


@dataclass(frozen=True)
class Question:
    """What a test asks, and what its answers mean."""

    asks: str
    fine: str
    doubtful: str


QUESTIONS = {
    "breusch_pagan": Question(
        "whether the spread around the fit moves with the content",
        "The spread around the fit does not move with the content.",
        "The spread around the fit moves with the content.",
    ),
    "white": Question(
        "whether the spread around the fit moves with the content, its squares and products",
        "The spread around the fit is even.",
        "The spread around the fit is uneven.",
    ),
    "durbin_watson": Question(
        "whether a week's miss tells the next week's",
        "One week's miss does not tell the next week's.",
        "One week's miss tells the next week's.",
    ),
    "ljung_box": Question(
        "whether misses have a longer memory",
        "Misses have no memory over several weeks.",
        "Misses have a memory over several weeks.",
    ),
    "jarque_bera": Question(
        "whether misses follow the normal law",
        "Misses are spread as the normal law says.",
        "Misses are more lopsided or have more extremes than the normal law allows.",
    ),
    "reset": Question(
        "whether a bend is left that straight lines miss",
        "No bend is left that straight lines would miss.",
        "Something bends that the fit takes as straight.",
    ),
    "cusum": Question(
        "whether the same numbers hold from the first week to the last",
        "The same numbers hold from the first week to the last.",
        "The numbers of the early weeks do not hold for the late ones.",
    ),
}


def residual_tests(judged: JudgedWeeks) -> dict[str, ResidualTest]:
    """Breusch-Pagan, White, Durbin-Watson, Ljung-Box, Jarque-Bera and RESET on a fit's weeks, not yet corrected.

    Every statistic equals statsmodels' on ``judged.scaled_design`` and ``judged.residuals``. Where the weeks are too
    few, or there is nothing to test, the verdict says so and the numbers are None.

    Source: Koenker (1981), doi:10.1016/0304-4076(81)90062-2; White (1980), doi:10.2307/1912934; Durbin & Watson (1971),
        doi:10.1093/biomet/58.1.1; Ljung & Box (1978), doi:10.1093/biomet/65.2.297; Jarque & Bera (1980),
        doi:10.1016/0165-1765(80)90024-5; Ramsey (1969), Journal of the Royal Statistical Society B 31(2).
    """
    made: dict[str, Callable[[JudgedWeeks], tuple[float, float] | str]] = {
        "breusch_pagan": _breusch_pagan,
        "white": _white,
        "durbin_watson": _durbin_watson,
        "ljung_box": _ljung_box,
        "jarque_bera": _jarque_bera,
        "reset": _reset,
    }
    return {name: as_test(name, answer(judged, ask)) for name, ask in made.items()}


def answer(judged: JudgedWeeks, ask: Callable[[JudgedWeeks], tuple[float, float] | str]) -> tuple[float, float] | str:
    """A test's statistic and p-value, or why there is none."""
    if judged.freedom < FEWEST_FREE:
        return NOT_ENOUGH_WEEKS
    return NOT_TESTABLE if judged.exact else ask(judged)


def as_test(name: str, found: tuple[float, float] | str) -> ResidualTest:
    """A test's answer in words, before it is corrected for the others."""
    if isinstance(found, str):
        reason = (
            "there are not enough weeks."
            if found == NOT_ENOUGH_WEEKS
            else "there is nothing in this fit to test it on."
        )
        return ResidualTest(None, None, None, found, f"It can't be told {QUESTIONS[name].asks}: {reason}")
    statistic, p_value = found
    if not (math.isfinite(statistic) and math.isfinite(p_value)):
        return as_test(name, NOT_TESTABLE)
    return ResidualTest(float(statistic), float(np.clip(p_value, 0.0, 1.0)), None, HOLDS, QUESTIONS[name].fine)


def holm(tests: dict[str, ResidualTest], *, size: float = SIZE) -> dict[str, ResidualTest]:
    """Verdicts that leave one false alarm among all tests to chance at most as often as ``size``.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2).
    """
    asked = sorted((test.p_value, name) for name, test in tests.items() if test.p_value is not None)
    corrected = dict(tests)
    largest = 0.0
    for rank, (p_value, name) in enumerate(asked):
        largest = min(max(largest, (len(asked) - rank) * p_value), 1.0)
        doubtful = largest <= size
        words = QUESTIONS[name]
        corrected[name] = replace(
            tests[name],
            adjusted_p_value=largest,
            verdict=DOUBTFUL if doubtful else HOLDS,
            sentence=words.doubtful if doubtful else words.fine,
        )
    return corrected


def durbin_watson_p_value(statistic: float, design: Matrix) -> float:
    """Two-sided exact p-value for independent normal errors.

    Args:
        statistic: Durbin and Watson's d.
        design: shape (n, k), full column rank, n > k.
    Source: Imhof (1961), doi:10.1093/biomet/48.3-4.419, on the eigenvalues of Durbin & Watson (1971).
    """
    weeks = len(design)
    complement = np.linalg.qr(design, mode="complete")[0][:, design.shape[1] :]
    steps = np.diff(complement, axis=0)
    values = np.linalg.eigvalsh(steps.T @ steps)
    below = _negative(values - statistic)
    assert weeks > design.shape[1]
    return min(1.0, 2 * min(below, 1 - below))


def _negative(weights: Floats) -> float:
    """Probability that a weighted sum of independent chi-squares, one degree of freedom each, is negative (Imhof)."""
    largest = float(np.abs(weights).max())
    if largest <= ROUNDING or (weights >= 0).all() or (weights <= 0).all():
        return 0.5 if largest <= ROUNDING else float((weights <= 0).all())
    scaled = weights / largest
    nodes, parts = np.polynomial.legendre.leggauss(NODES)
    places, parts = (nodes + 1) / 2, parts / 2
    # The whole half line in terms of places = u / (1 + u).
    u = places / (1 - places)
    turned = np.outer(u, scaled)
    angle = 0.5 * np.arctan(turned).sum(axis=1)
    shrunk = 0.25 * np.log1p(turned**2).sum(axis=1)
    integral = float((parts / (1 - places) ** 2 * np.sin(angle) / u * np.exp(-shrunk)).sum())
    return float(np.clip(0.5 - integral / math.pi, 0.0, 1.0))


def _breusch_pagan(judged: JudgedWeeks) -> tuple[float, float] | str:
    if len(judged.terms) == 1:
        return NOT_TESTABLE
    from statsmodels.stats.diagnostic import het_breuschpagan

    found = het_breuschpagan(judged.residuals, judged.design)
    return float(found[0]), float(found[1])


def _white(judged: JudgedWeeks) -> tuple[float, float] | str:
    terms = len(judged.terms)
    if terms == 1:
        return NOT_TESTABLE
    if len(judged.weeks) < terms * (terms + 1) / 2 + FEWEST_FREE:
        return NOT_ENOUGH_WEEKS
    others = judged.design[:, 1:]
    away = (others - others.mean(axis=0)) / others.std(axis=0)
    columns = np.column_stack([np.ones(len(away)), away])
    first, second = np.triu_indices(terms)
    products = columns[:, first] * columns[:, second]
    # statsmodels' het_white takes the same regression, but warns of squares that follow from others (of 0 and 1, of the
    # yearly pair); its degrees of freedom are the rank as well.
    left, sizes, _ = np.linalg.svd(products, full_matrices=False)
    rank = int((sizes > SMALLEST_SHARE * sizes[0]).sum())
    squares = judged.residuals**2
    total = float(((squares - squares.mean()) ** 2).sum())
    explained = float(((left[:, :rank].T @ (squares - squares.mean())) ** 2).sum())
    if rank == 1 or total <= 0:
        return NOT_TESTABLE
    statistic = len(squares) * explained / total
    return statistic, float(special.chdtrc(rank - 1, statistic))


def _durbin_watson(judged: JudgedWeeks) -> tuple[float, float] | str:
    from statsmodels.stats.stattools import durbin_watson

    statistic = float(durbin_watson(judged.residuals))
    return statistic, durbin_watson_p_value(statistic, judged.scaled_design)


def lags_of(weeks: int) -> int:
    """How many weeks back a memory is looked for: a fifth of the history, at most ten."""
    return max(1, min(MOST_LAGS, weeks // 5))


def _ljung_box(judged: JudgedWeeks) -> tuple[float, float] | str:
    from statsmodels.stats.diagnostic import acorr_ljungbox

    found = acorr_ljungbox(judged.residuals, lags=[lags_of(len(judged.weeks))])
    return float(found["lb_stat"].iloc[0]), float(found["lb_pvalue"].iloc[0])


def _jarque_bera(judged: JudgedWeeks) -> tuple[float, float] | str:
    from statsmodels.stats.stattools import jarque_bera

    found = jarque_bera(judged.residuals)
    return float(found[0]), float(found[1])


def _reset(judged: JudgedWeeks) -> tuple[float, float] | str:
    """RESET's F test in the fit's own weights; with even weights it is statsmodels' ``linear_reset(use_f=True)``."""
    if len(judged.terms) == 1:
        return NOT_TESTABLE
    root = np.sqrt(judged.weights)
    counted = int((judged.weights > 0).sum())
    added = len(RESET_POWERS)
    if counted - len(judged.terms) - added < FEWEST_FREE - added:
        return NOT_ENOUGH_WEEKS
    design, growth = judged.scaled_design * root[:, None], judged.growth / np.sqrt(judged.variance) * root
    coefficients, *_ = np.linalg.lstsq(design, growth, rcond=None)
    fitted = judged.design @ coefficients
    spread = float(fitted.std())
    if spread <= ROUNDING * max(float(np.abs(fitted).max()), 1e-300):
        return NOT_TESTABLE
    # Powers of the centred fit span the same space with the design as powers of the fit, but stay apart in size.
    centred = (fitted - fitted.mean()) / spread
    powers = np.column_stack([centred**power for power in RESET_POWERS]) / np.sqrt(judged.variance)[:, None]
    basis = np.linalg.qr(design)[0]
    extra = powers * root[:, None]
    extra = extra - basis @ (basis.T @ extra)
    left = growth - design @ coefficients
    directions, sizes, _ = np.linalg.svd(extra, full_matrices=False)
    if sizes[-1] <= np.sqrt(ROUNDING) * max(float(np.linalg.norm(powers)), 1e-300):
        return NOT_TESTABLE
    explained = float(((directions.T @ left) ** 2).sum())
    freedom = counted - design.shape[1] - added
    unexplained = float(left @ left) - explained
    if unexplained <= ROUNDING * float(left @ left):
        return NOT_TESTABLE
    statistic = explained / added / (unexplained / freedom)
    return statistic, float(special.fdtrc(added, freedom, statistic))
