from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgn_core.errors import InvalidInput
from cgn_core.stats import planner_search
from cgn_core.stats.planner_search import best_plan
from cgn_core.stats.planner_task import Counts, Task

MINUTES = np.array([45.0, 120.0, 8.0])
EFFECTS = np.array([13.0, 20.0, 4.0])


def random_task(
    rng: np.random.Generator, *, weeks: int, highs: list[int], cap: float, caution: float, fading: bool
) -> Task:
    """Doubtful effects that the weeks share; ``fading`` weeks count the less of a piece the later it is posted."""
    effects = EFFECTS * rng.uniform(0.5, 1.5, 3)
    counted, tilt = np.ones((weeks, 3)), np.zeros((weeks, 3))
    if fading:
        decay, end_value = rng.uniform(0.3, 0.9), rng.uniform()
        left = 7 * np.arange(weeks, 0, -1) - 3
        counted = np.repeat((1 - (1 - end_value) * decay**left)[:, None], 3, axis=1)
        tilt = np.repeat((-(1 - end_value) * left * decay ** (left - 1))[:, None], 3, axis=1)
    loads = np.zeros((weeks, 3, 5))
    loads[:, range(3), range(1, 4)] = counted
    loads[:, :, 4] = tilt * effects
    spread = np.array([30.0 * weeks, *(effects * rng.uniform(0.05, 1.5, 3)), 0.03])
    mixed = rng.standard_normal((5, 5))
    joint = mixed @ mixed.T
    scale = spread / np.sqrt(np.diag(joint))
    return Task(
        lows=np.zeros(3, dtype=np.int64),
        highs=np.array(highs),
        minutes=MINUTES,
        cap=cap,
        usual=np.array([2.0, 1.5, 2.25]),
        means=counted * effects,
        loads=loads,
        exposed=np.array([1.0, 0.0, 0.0, 0.0, 0.0]),
        covariance=scale[:, None] * joint * scale,
        dispersion=3.0,
        gained=float(rng.uniform(-20, 315)) * weeks,
        floor=30.0 * weeks,
        noise=float(rng.choice([0.0, 500.0])),
        caution=caution,
    )


def value(task: Task, counts: Counts) -> float:
    """By the definition, not by the search's own sums."""
    mean = float((counts * task.means).sum())
    exposure = task.exposed + np.einsum("wk,wkd->d", counts, task.loads)
    noise = task.dispersion * max(mean + task.gained, task.floor) + task.noise
    return mean - task.caution * float(np.sqrt(exposure @ task.covariance @ exposure + noise))


def brute_force(task: Task) -> float:
    weeks = len(task.means)
    every = [
        np.array(week)
        for week in product(*(range(low, high + 1) for low, high in zip(task.lows, task.highs, strict=True)))
        if np.dot(week, task.minutes) <= task.cap + 1e-9
    ]
    return max(value(task, np.array(plan)) for plan in product(every, repeat=weeks))


def small_task(seed: int) -> Task:
    rng = np.random.default_rng(seed)
    weeks = int(rng.integers(1, 4))
    highs = rng.integers(1, 4, 3) if weeks < 3 else [1, int(rng.integers(0, 2)), 2]
    return random_task(
        rng,
        weeks=weeks,
        highs=[int(high) for high in highs],
        cap=float(rng.uniform(50, 350)),
        caution=float(rng.choice([0.0, 0.5, 1.28, 2.33])),
        fading=bool(rng.random() < 0.5),
    )


def test_no_plan_beats_the_one_found_in_two_hundred_small_cases() -> None:
    for seed in range(200):
        task = small_task(seed)
        plan, gap = best_plan(task)
        assert gap == 0
        assert value(task, plan) == pytest.approx(brute_force(task), abs=1e-6), f"seed {seed}"


def test_the_search_values_plans_by_the_definition() -> None:
    task = random_task(np.random.default_rng(3), weeks=3, highs=[3, 2, 5], cap=300, caution=1.28, fading=True)
    chosen = [5, 0, 7]
    totals = task.start + task.features[range(3), chosen].sum(axis=0)
    assert task.value(totals[None])[0] == pytest.approx(value(task, task.patterns[chosen]))


@pytest.mark.parametrize("fading", [False, True])
def test_twelve_weeks_of_realistic_bounds_are_planned_exactly(*, fading: bool) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        task = random_task(rng, weeks=12, highs=[10, 8, 30], cap=720, caution=1.28, fading=fading)
        task = replace(task, covariance=task.covariance / 9)  # effects known as well as after half a year
        plan, gap = best_plan(task)
        assert gap == 0
        best = value(task, plan)
        for week in range(12):  # no exchange of one week is better
            for other in task.patterns[:: 1 + len(task.patterns) // 40]:
                assert value(task, np.vstack([plan[:week], other[None], plan[week + 1 :]])) <= best + 1e-6


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    weeks=st.integers(1, 5),
    cap=st.floats(0, 600),
    caution=st.sampled_from([0.0, 0.25, 1.28, 3.0]),
    fading=st.booleans(),
)
def test_every_plan_keeps_to_bounds_and_hours_and_is_no_worse_than_plans_at_random(
    *, seed: int, weeks: int, cap: float, caution: float, fading: bool
) -> None:
    rng = np.random.default_rng(seed)
    task = random_task(rng, weeks=weeks, highs=[4, 3, 6], cap=cap, caution=caution, fading=fading)
    plan, gap = best_plan(task)
    assert plan.shape == (weeks, 3)
    assert (plan >= task.lows).all()
    assert (plan <= task.highs).all()
    assert (plan @ task.minutes <= cap * (1 + 1e-9)).all()
    best = value(task, plan) + gap
    for _ in range(50):
        assert value(task, task.patterns[rng.integers(0, len(task.patterns), weeks)]) <= best + 1e-6


def certain(task: Task, effects: list[float]) -> Task:
    """The same without any doubt."""
    means = np.tile(effects, (len(task.means), 1))
    return replace(task, means=means, covariance=np.zeros((5, 5)), dispersion=0.0, noise=0.0)


@pytest.mark.parametrize("caution", [0.0, 1.28])
def test_what_brings_nothing_is_not_posted(caution: float) -> None:
    task = random_task(np.random.default_rng(1), weeks=2, highs=[3, 2, 4], cap=400, caution=caution, fading=False)
    plan, _ = best_plan(certain(task, [10.0, 0.0, -1.0]))
    assert plan.tolist() == [[3, 0, 0], [3, 0, 0]]


@pytest.mark.parametrize("caution", [0.0, 1.28])
def test_of_equally_good_weeks_the_one_nearest_to_the_usual_is_taken(caution: float) -> None:
    task = random_task(np.random.default_rng(1), weeks=2, highs=[4, 4, 0], cap=180, caution=caution, fading=False)
    alike = replace(certain(task, [5.0, 5.0, 0.0]), minutes=np.array([45.0, 45.0, 8.0]), usual=np.array([1.0, 3.0, 0]))
    plan, _ = best_plan(alike)
    assert plan.tolist() == [[1, 3, 0], [1, 3, 0]]


def test_of_plans_with_the_same_total_the_evenest_is_taken() -> None:
    rng = np.random.default_rng(8)
    task = random_task(rng, weeks=4, highs=[8, 4, 0], cap=2_000, caution=1.28, fading=False)
    # Doubt that outgrows the mean: fewer pieces are best than bounds and hours allow.
    doubt = np.concatenate([[0.0], (1.5 * task.means[0] / task.caution) ** 2, [0.0]])
    doubtful = replace(task, covariance=np.diag(doubt), dispersion=0.0, noise=2_000.0)
    plan, gap = best_plan(doubtful)
    assert gap == 0
    assert 0 < plan[:, 0].sum() < 32
    assert (plan.max(axis=0) - plan.min(axis=0) <= 1).all()


def test_more_doubt_about_a_type_never_adds_to_its_share() -> None:
    task = random_task(np.random.default_rng(5), weeks=3, highs=[8, 4, 20], cap=480, caution=1.28, fading=False)
    shares = []
    for doubt in (0.01, 1.0, 4.0, 100.0):
        plan, _ = best_plan(replace(task, covariance=np.diag([0.0, doubt * task.means[0, 0] ** 2, 1.0, 0.1, 0.0])))
        shares.append(int(plan[:, 0].sum()))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


def test_a_search_that_is_cut_short_says_how_much_better_another_plan_could_be(monkeypatch: pytest.MonkeyPatch) -> None:
    task = random_task(np.random.default_rng(9), weeks=4, highs=[5, 4, 9], cap=400, caution=1.28, fading=True)
    exact, none = best_plan(task)
    monkeypatch.setattr(planner_search, "MOST_WORK", 0)
    rough, gap = best_plan(task)
    assert none == 0
    assert gap > 0
    assert value(task, rough) <= value(task, exact) <= value(task, rough) + gap


def test_more_weeks_than_can_be_searched_are_refused() -> None:
    task = random_task(np.random.default_rng(0), weeks=1, highs=[200, 200, 200], cap=1e6, caution=0, fading=False)
    with pytest.raises(InvalidInput, match="narrow them"):
        best_plan(task)


def test_types_that_no_doubt_tells_apart_are_planned_by_what_is_usual_and_fast() -> None:
    # One lever for all, as the single-lever model has it: every mix of so many pieces is the same.
    task = random_task(np.random.default_rng(2), weeks=12, highs=[9, 9, 30], cap=900, caution=1.28, fading=False)
    shared = np.ones((5, 5)) * 900.0
    shared[:, [0, 4]] = shared[[0, 4], :] = 0.0
    one_lever = replace(task, means=np.full((12, 3), 12.0), covariance=shared, noise=50_000.0)
    plan, gap = best_plan(one_lever)
    assert gap == 0
    totals = plan.sum(axis=1)
    assert totals.max() - totals.min() <= 1
    assert (plan[:, 1] == 0).all()  # reels take the most minutes, and ties go to fewer hours
    sums = range(int(task.highs.sum()) * 12 + 1)
    best = max(sums, key=lambda pieces: value(one_lever, np.array([[0, 0, pieces], *[[0, 0, 0]] * 11])))
    assert totals.sum() == best
