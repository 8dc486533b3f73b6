"""How each number that pages show is worked out: one sentence and its formula, the same wherever the number stands."""

from __future__ import annotations

FORMULAS = {
    "expected": (
        "expected = repeatable + viral. repeatable = growth of a week without posts + \N{N-ARY SUMMATION} pieces "
        "\N{MULTIPLICATION SIGN} followers per piece, each piece with what it still brings in the days after it. "
        "The interval holds equal tails of the distribution of the whole week, the model's own doubt included."
    ),
    "against_usual": (
        "difference = expected growth of this plan \N{MINUS SIGN} expected growth of the last four weeks' mean plan. "
        "Noise that both share cancels; what is left is the doubt about followers per piece."
    ),
    "split": (
        "repeatable = the week without viral days. viral = rate of viral days \N{MULTIPLICATION SIGN} their mean size, "
        "as found in the history's days 4.5 to 5 robust deviations above the rest."
    ),
    "coverage": (
        "share of weeks with low \N{LESS-THAN OR EQUAL TO} growth \N{LESS-THAN OR EQUAL TO} high. Each interval was "
        "made from the weeks before its week alone: in validation, refitting at every week, and since the first "
        "forecast was shown, as it was shown."
    ),
    "error": ("mean of |growth \N{MINUS SIGN} median forecast| over all weeks that had a forecast made before them."),
    "viral_weeks": "weeks with at least one day 4.5 to 5 robust deviations above what posting and calendar explain.",
    "growth": "follows \N{MINUS SIGN} unfollows where both are known, else followers at the end less at the start.",
    "overall_return": (
        "all followers gained in the last twelve weeks / all hours of work in them (ratio estimate; interval by "
        "Student's t over the weeks)."
    ),
    "hours": "recorded minutes of work where they are known, else \N{N-ARY SUMMATION} pieces \N{MULTIPLICATION SIGN} "
    "minutes per piece, / 60; mean of the last twelve weeks.",
    "marginal": (
        "followers per piece \N{MULTIPLICATION SIGN} 60 / minutes per piece; the effect comes from daily growth with "
        "calendar, other content and carry-over held, viral days taken out; interval by Student's t, errors clustered "
        "by week."
    ),
    "average": (
        "followers per piece / hours really worked per piece over the last twelve weeks, where they are recorded; "
        "else at the minutes per piece."
    ),
    "per_piece": "followers per piece, all days on which it works together, from the fit to daily growth.",
    "money": (
        "net = value of a follower \N{MULTIPLICATION SIGN} followers per piece \N{MINUS SIGN} cost of an hour "
        "\N{MULTIPLICATION SIGN} minutes / 60. Break-even value = cost of the piece / followers per piece. Both prices "
        "are taken as given, so the interval is the effect's."
    ),
    "net_period": (
        "net = hours \N{MULTIPLICATION SIGN} (value of a follower \N{MULTIPLICATION SIGN} followers per hour "
        "\N{MINUS SIGN} cost of an hour), over the last twelve weeks."
    ),
    "response": (
        "followers a week = followers per piece \N{MULTIPLICATION SIGN} pieces, a straight line until a one-sided test "
        "of the squared count (weighted, viral excess out, 5 % for all types together) claims a bend; then a parabola."
    ),
    "power": "chance that the test would have claimed the bend that is named, by the noncentral t distribution.",
    "counterfactual": (
        "difference = \N{N-ARY SUMMATION} (changed \N{MINUS SIGN} posted pieces) \N{MULTIPLICATION SIGN} followers per "
        "piece \N{MULTIPLICATION SIGN} expected over repeatable growth; interval from the covariance of the effects. "
        "What each week's luck brought stays as it was."
    ),
    "plan": (
        "the whole weeks with the most expected followers (or the highest lower quantile, when careful) within hours "
        "and bounds, found exactly. gain = expected growth of the plan \N{MINUS SIGN} that of the last four weeks' "
        "mean, over all planned weeks, with what works on afterwards."
    ),
    "weekday": (
        "followers of a weekday \N{MINUS SIGN} those of the mean day, with posting, trend and season held and viral "
        "days out; interval by Student's t, errors clustered by week."
    ),
    "season": (
        "a \N{MULTIPLICATION SIGN} sin(2\N{GREEK SMALL LETTER PI} day / 365.25) + b \N{MULTIPLICATION SIGN} "
        "cos(2\N{GREEK SMALL LETTER PI} day / 365.25), fitted with posting and weekday held, as followers a week."
    ),
    "naive": "the week before, taken as the forecast; the best of the naive forecasts where several were tried.",
}
"""By key; shown with the data version and the model version that the number was made from."""
