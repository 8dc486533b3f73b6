"""Champion and challenger: whether a newly trained form takes the place of the one in force, on the same weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cgn_core.errors import InvalidInput
from cgn_core.stats.baselines import BASELINES
from cgn_core.stats.model_choice import DOUBT, FEWEST_ORIGINS, UnseenWeeks, doubt, words


@dataclass(frozen=True)
class Challenge:
    """A challenger beside the champion; errors are mean absolute ones, in followers per week."""

    champion: str
    challenger: str
    champion_mae: float
    challenger_mae: float
    weeks: int
    """Unseen weeks that both forecast."""
    p_value: float | None
    """Probability of a lead this large if the challenger were no better; None where too few weeks judge."""
    promoted: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """As stored with a training."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Challenge:
        """The inverse of :meth:`to_json`."""
        return cls(**stored)


def judge_challenger(unseen: UnseenWeeks, *, champion: str, challenger: str, tried: int = 1) -> Challenge:
    """The challenger is promoted when its errors are smaller beyond what a one-sided paired t test leaves to chance.

    Args:
        unseen: errors of both on the same weeks, each refit at every origin.
        champion: the form in force; a model or a naive forecast.
        challenger: another form.
        tried: how many challengers this one is the best of; the bound is divided by it (Bonferroni).

    Raises:
        InvalidInput: ``unseen`` lacks one of them.
    """
    for name in (champion, challenger):
        if name not in unseen.absolute:
            raise InvalidInput(f"The {words(name)} forecast none of the unseen weeks, so it can't be judged on them.")
    before, after = unseen.absolute[champion], unseen.absolute[challenger]
    chance = doubt(before - after, ahead=unseen.ahead) if unseen.count >= FEWEST_ORIGINS else None
    promoted = chance is not None and chance <= DOUBT / tried
    said = (
        f"Over {unseen.count} unseen weeks the challenger, the {words(challenger)}, is off by {after.mean():,.0f} "
        f"followers a week and the champion, the {words(champion)}, by {before.mean():,.0f}: "
    )
    if chance is None:
        said += f"fewer than {FEWEST_ORIGINS} weeks judge nothing, so the champion stays."
    elif promoted:
        said += "better beyond chance, so it takes the champion's place."
    elif after.mean() < before.mean():
        said += "a lead that chance alone could give, so the champion stays."
    else:
        said += "no better, so the champion stays."
    return Challenge(
        champion=champion,
        challenger=challenger,
        champion_mae=float(before.mean()),
        challenger_mae=float(after.mean()),
        weeks=unseen.count,
        p_value=chance,
        promoted=promoted,
        sentence=said,
    )


def best_challenger(unseen: UnseenWeeks, *, champion: str) -> Challenge | None:
    """The best of the models that aren't the champion, judged as the best of so many; None where there is no other."""
    others = [name for name in unseen.absolute if name not in BASELINES and name != champion]
    if not others or champion not in unseen.absolute:
        return None
    best = min(others, key=lambda name: float(unseen.absolute[name].mean()))
    return judge_challenger(unseen, champion=champion, challenger=best, tried=len(others))
