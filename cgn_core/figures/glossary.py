"""What the statistical words mean, for a person who never heard them: pages show these beside the words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word and its meaning in a few sentences without another word that needs explaining."""

    name: str
    words: str


TERMS = {
    "interval": Term(
        "Interval",
        "The range that the true number lies in with the stated chance. Of a hundred intervals of 90 %, about ninety "
        "hold what comes. A wide one says that the history can't tell more exactly.",
    ),
    "expected": Term(
        "Expected",
        "The mean of everything that could happen. Rare viral days pull it up, so half of all weeks bring less than "
        "that: the median is the number that half of them exceed.",
    ),
    "median": Term("Median", "The number that half of all such weeks exceed and half miss. Viral days hardly move it."),
    "repeatable": Term(
        "Repeatable and viral",
        "Repeatable growth comes back when the same is posted again. Viral growth comes from single days far above the "
        "rest, which nobody can plan; its part here is what such days bring on average.",
    ),
    "extrapolation": Term(
        "Beyond what was tried",
        "A plan with more of something than any week of the history, or a mix unlike any. The model's line is carried "
        "on, but no week checks it. Far beyond, no number is given at all.",
    ),
    "naive": Term(
        "Naive forecast",
        "The simplest forecasts there are, such as last week's number again. A model that isn't better than those on "
        "weeks it had not seen is not worth believing.",
    ),
    "coverage": Term(
        "Intervals that held",
        "The share of past weeks whose growth fell into the interval given before them. With 90 % promised it should "
        "come near 90 %.",
    ),
    "error": Term(
        "Off by, on average",
        "The mean distance between what was forecast before a week and what the week then brought, no matter in which "
        "direction.",
    ),
    "marginal": Term(
        "One hour more",
        "What another hour of work on this brings beyond what is done already. That, not the average, decides what to "
        "do next.",
    ),
    "average": Term(
        "Average return",
        "Followers divided by hours, over all that was done. It says what the work was worth, not what more of it "
        "would be worth.",
    ),
    "break_even": Term(
        "Break-even", "The point where the followers that a piece brings are worth exactly what its work costs."
    ),
    "not_distinguishable": Term(
        "Not distinguishable",
        "The interval holds both more and less than nothing. The history can't tell whether there is an effect; it "
        "doesn't say that there is none.",
    ),
    "saturation": Term(
        "Saturation",
        "Each further piece brings less than the one before. It is only claimed when a test would find it by chance in "
        "at most one of twenty histories without it.",
    ),
    "power": Term(
        "Power",
        "The chance that this history would have shown the effect if it were there. A low one means: that nothing was "
        "found says little.",
    ),
    "carry_over": Term(
        "Carry-over",
        "What a piece still brings after its own day. It counts to the piece's effect, so that this is the total.",
    ),
    "counterfactual": Term(
        "What would have come",
        "The difference that another plan would have made in weeks that are over. What luck brought is the same in "
        "both, so it cancels and the difference is known better than either week alone.",
    ),
    "plan_gain": Term(
        "Gain of a plan",
        "How many followers more the planned weeks bring than posting as in the last four weeks, with the interval of "
        "that difference.",
    ),
    "risk": Term(
        "Careful or bold",
        "Bold plans for the highest growth on average. Careful plans for what is reached in nine of ten cases, which "
        "favours what is known well over what looks good on few weeks.",
    ),
    "seasonality": Term(
        "Seasonality",
        "What weekday and time of year bring by themselves, with the same posting on every day. Viral days are left "
        "out.",
    ),
    "break": Term(
        "Break",
        "A lasting change of growth that neither posting nor season explains, noticed by adding up small surprises "
        "until chance can't explain them.",
    ),
    "residual": Term(
        "Miss",
        "What a week brought beyond what the fit gives it, measured in the usual size of such misses. If the fit has "
        "caught everything, misses look like noise: even, without a bend, and one week's says nothing of the next's.",
    ),
    "normal_quantile": Term(
        "Normal quantiles",
        "Misses put in order beside where the normal law would have them. On the line they follow it; ends that bend "
        "away are weeks more extreme than the law allows, such as viral ones.",
    ),
    "memory": Term(
        "Memory of misses",
        "How like the misses of weeks are that lie one, two or more weeks apart. A bar beyond the dashed lines hints "
        "at something that comes back, such as a season, that the fit doesn't know.",
    ),
    "leverage": Term(
        "Leverage",
        "How unusual a week's posting was, and so how strongly that one week pulls the fit towards itself: 0 not at "
        "all, 1 the fit goes through it.",
    ),
    "cooks_distance": Term(
        "Cook's distance",
        "How far all of the fit's numbers would move if one week were left out. A week that towers over the rest "
        "deserves a look at its data.",
    ),
    "inflation": Term(
        "Variance inflation",
        "How much wider an effect's uncertainty is because it moves together with others. 1 is apart; from 10 on the "
        "history can hardly tell which of them did it.",
    ),
    "coefficient": Term(
        "Effect of a piece",
        "The followers that one more piece brings, on all days on which it works together, with the range that the "
        "history leaves open. A pale bar can't be told from nothing.",
    ),
    "stability": Term(
        "Stability",
        "Each effect as the history would have given it at the time. A line that settles is one number; one that keeps "
        "wandering says that the effect itself has changed.",
    ),
    "drift": Term(
        "Drift",
        "Small surprises in one direction added up week by week. Where they pass the dashed line growth has left its "
        "path. The lines are set so that a history like this one passes them by chance only as often as is stated.",
    ),
    "score": Term(
        "Scores",
        "Different measures of how far forecasts lie from what came, all on weeks that the model had not seen. Lower "
        "is better, except where a share is given.",
    ),
    "champion": Term(
        "Champion and challenger",
        "The champion is the model in force. A challenger is another form, tried on the same weeks; it takes over only "
        "when it is better by more than luck explains.",
    ),
    "percentile": Term(
        "Percentile",
        "How many of a hundred accounts like the compared ones grow more slowly. With few accounts the range is wide.",
    ),
    "p_value": Term(
        "p",
        "How often a test result at least this clear would come by chance if there were nothing to find. Below 0.05 is "
        "the usual bar.",
    ),
    "data_version": Term(
        "Data version",
        "Each import or repair makes a new numbered table; none is ever changed. The hash proves that two are alike.",
    ),
    "model_version": Term(
        "Model version",
        "Each training makes a new numbered model on one data version. It is never changed, so a number can be made "
        "again from both.",
    ),
}
"""By key; a page names the key and never writes the words itself."""
