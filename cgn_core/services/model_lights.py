"""The lights of Model Health: each topic's state with its cause, what shows it, and what to do about it.

Those of the fit come from :mod:`cgn_core.stats.lights`; here stand those that need more than the fit: how the forecasts
did, whether growth has left its path, and how old the data are.
"""

from __future__ import annotations

from dataclasses import replace

from cgn_core.figures.locales import plain, retold
from cgn_core.figures.wording import count, day_month_year, percent, plural
from cgn_core.services.diagnoses import ModelDiagnosis
from cgn_core.services.model_summaries import Summary
from cgn_core.services.workspace_cards import STALE_AFTER_DAYS, WorkspaceCard
from cgn_core.stats.drift import Drift
from cgn_core.stats.history import FEWEST_WEEKS
from cgn_core.stats.lights import AMBER, GREEN, NOTHING, RED, Light
from cgn_core.stats.model_choice import words
from cgn_core.stats.training import Training

__all__ = ["Light", "coverage_slack", "model_lights"]

FAR_BEYOND_CHANCE = 2.0
"""Times the usual slack from which intervals are called wrong rather than doubtful."""


def model_lights(card: WorkspaceCard, found: ModelDiagnosis) -> tuple[Light, ...]:
    """One light a topic, in the order in which they matter to a reader.

    Args:
        card: of the workspace.
        found: its model under the tests.
    """
    model = found.model
    lights = [_naive(model.summary, model.training), _intervals(model.summary)]
    if found.drift is not None:
        lights += [_drift(found.drift, model.training), _cadence(found.drift)]
    of_fit = found.fit.lights if found.fit is not None else ()
    return (*lights, _data(card), *(_retold(each) for each in of_fit))


def coverage_slack(level: float, weeks: int) -> float:
    """How far measured coverage may lie from the level by chance: two standard errors of a share."""
    return 2.0 * float((level * (1 - level) / max(weeks, 1)) ** 0.5)


def _retold(light: Light) -> Light:
    return replace(light, cause=retold(light.cause), evidence=retold(light.evidence), advice=retold(light.advice))


def _naive(summary: Summary, training: Training) -> Light:
    evidence = (
        f"Off by {count(summary.mae)} followers a week on {plural(summary.origins, 'unseen week')}; the "
        f"{words(summary.baseline)}, the best naive one, by {count(summary.baseline_mae)}."
    )
    if summary.verdict == "beats_naive":
        return Light("naive", GREEN, "Forecasts are better than naive ones beyond chance.", evidence, NOTHING)
    advice = "Read forecasts as little more than the naive one, and import a longer history."
    return Light("naive", AMBER, retold(training.reason), evidence, advice)


def _intervals(summary: Summary) -> Light:
    level = summary.forecast.level
    if summary.coverage is None:
        advice = "Import more weeks; until then an interval is a promise that nothing has checked."
        return Light("intervals", AMBER, "Intervals were not measured yet.", "Too few unseen weeks.", advice)
    slack = coverage_slack(level, summary.origins)
    low, high = max(level - slack, 0.0), min(level + slack, 1.0)
    evidence = (
        f"The {percent(level)} interval held in {percent(summary.coverage)} of {plural(summary.origins, 'unseen week')}"
        f"; chance leaves {percent(low)} to {percent(high)}."
    )
    gap = summary.coverage - level
    if abs(gap) <= slack:
        return Light("intervals", GREEN, "Intervals hold as often as they promise.", evidence, NOTHING)
    if gap > 0:
        advice = "Plan with the middle of an interval: its ends are more cautious than they need be."
        return Light("intervals", AMBER, "Intervals hold more often than they promise.", evidence, advice)
    colour = RED if -gap > FAR_BEYOND_CHANCE * slack else AMBER
    advice = "Look at the weeks that were missed below; until they are explained, allow for more than the interval."
    return Light("intervals", colour, "Intervals hold less often than they promise.", evidence, advice)


def _drift(drift: Drift, training: Training) -> Light:
    rate = f"The alarm is set to {plain(drift.false_alarms_per_year)} false alarms a year."
    said = retold(drift.sentence)
    if not drift.alarm:
        return Light("drift", GREEN, said, rate, NOTHING)
    left = drift.weeks_since_start
    enough = "enough" if left >= FEWEST_WEEKS else f"too few, it takes {FEWEST_WEEKS},"
    evidence = f"{plural(left, 'complete week')} of the new level, {enough} to train on them alone. {rate}"
    if training.drift.get("start_week") == drift.start_week:
        advice = "The model in force knows of it. Hold its forecasts against each new week, and note the cause."
        return Light("drift", AMBER, said, evidence, advice)
    advice = "Retrain: the model in force was trained before it showed. Note what changed on Growth history."
    return Light("drift", RED, said, evidence, advice)


def _cadence(drift: Drift) -> Light:
    if not drift.cadence_outside:
        cause = "The last four weeks were posted as weeks before them."
        return Light("cadence", GREEN, cause, "Each content type lies within what was tried.", NOTHING)
    named = " and ".join(drift.cadence_outside)
    return Light(
        "cadence",
        AMBER,
        f"The last four weeks hold more or fewer {named} than any four weeks before.",
        "Their mean lies beyond every four weeks' mean of the history.",
        "Forecasts carry on a line that no week has checked yet; their misses will tell within some weeks.",
    )


def _data(card: WorkspaceCard) -> Light:
    age = card.data_age_days or 0
    newest = day_month_year(card.data_last_date) if card.data_last_date is not None else "unknown"
    evidence = f"The newest day is {newest}; {plural(card.weeks, 'complete week')} can be learned from."
    old = f"Data are {plural(age, 'day')} old." if age > 0 else "Data are of today."
    if age > STALE_AFTER_DAYS:
        return Light("data", AMBER, old, evidence, "Import the newest days, so that forecasts start from today.")
    if not card.is_current_data:
        cause = "The data have changed since the model was trained."
        return Light("data", AMBER, cause, evidence, "Retrain, so that the model knows the newest numbers.")
    return Light("data", GREEN, old, evidence, NOTHING)
