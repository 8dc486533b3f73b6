"""Can the effects be told apart? Variance inflation and the scaled condition number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cgn_core.stats.judged_weeks import CALENDAR_NAMES, JudgedWeeks

HIGH_INFLATION = 10.0
"""Variance inflation from which an effect is hard to tell from the others' (a correlation of 0.95 with them)."""
HIGH_CONDITION = 30.0
"""Belsley's bound for the condition number of the design with columns of length one."""


@dataclass(frozen=True)
class Collinearity:
    """How far the terms move together over the weeks."""

    vif: dict[str, float]
    """By term, how many times larger its variance is than if it moved alone; 1 is apart."""
    condition_number: float
    """Of the content's own columns and the intercept."""
    undetermined: tuple[str, ...]
    """Levers that always move with others or never vary: no variance inflation could be given."""
    verdict: str
    """apart | entangled | undetermined"""
    sentence: str


def collinearity(judged: JudgedWeeks) -> Collinearity:
    """Variance inflation factors and the scaled condition number of a fit's design.

    The factors equal statsmodels' ``variance_inflation_factor``. The condition number is that of the intercept and the
    content's columns, scaled to length one and not centred. Calendar terms may move together (half a year can't tell a
    trend from a season) without harm to what is asked, so the verdict goes by the content's effects alone.

    Source: Belsley, Kuh & Welsch (1980), Regression Diagnostics, chapter 3, doi:10.1002/0471725153.
    """
    design = judged.design
    others = design[:, 1:]
    inflation: dict[str, float] = {}
    if others.shape[1]:
        away = others - others.mean(axis=0)
        away = away / np.linalg.norm(away, axis=0)
        inverse = np.linalg.inv(np.linalg.qr(away, mode="r"))
        inflation = {name: float(value) for name, value in zip(judged.terms[1:], (inverse**2).sum(axis=1), strict=True)}
    content = [place for place, name in enumerate(judged.terms) if name not in CALENDAR_NAMES]
    columns = design[:, content]
    singular = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), compute_uv=False)
    condition = float(singular[0] / singular[-1])
    entangled = [judged.terms[place] for place in content[1:] if inflation[judged.terms[place]] > HIGH_INFLATION]
    if judged.undetermined:
        verdict = "undetermined"
        sentence = f"The effect of {_listed(judged.undetermined)} can't be told: never varied, or only with the rest."
    elif entangled or condition > HIGH_CONDITION:
        verdict = "entangled"
        names = _listed(entangled) if entangled else "some terms"
        sentence = f"The effect of {names} is hard to tell from the others, with which it moves."
    else:
        verdict, sentence = "apart", "The effects can be told apart."
    return Collinearity(inflation, condition, judged.undetermined, verdict, sentence)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    words = [name.replace("_", " ") for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
