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
    "residual": (
        "miss = (growth \N{MINUS SIGN} fitted) / standard deviation of all misses. For the daily fit growth and "
        "fitted are weekly sums without viral days, each over the standard deviation that the fit gives that week."
    ),
    "normal_quantile": (
        "the i-th smallest of n misses against the normal quantile of the median of Beta(i, n + 1 \N{MINUS SIGN} "
        "i); band: its 2.5 and 97.5 % points."
    ),
    "memory": (
        "correlation k weeks apart = \N{N-ARY SUMMATION} miss(t) \N{MULTIPLICATION SIGN} miss(t + k) / "
        "\N{N-ARY SUMMATION} miss(t)\N{SUPERSCRIPT TWO}; bounds: \N{PLUS-MINUS SIGN}1.96 / \N{SQUARE ROOT}n."
    ),
    "leverage": (
        "h = the week's diagonal of X(X'X)\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT ONE}X'; studentised miss = miss / "
        "(spread without the week \N{MULTIPLICATION SIGN} \N{SQUARE ROOT}(1 \N{MINUS SIGN} h))."
    ),
    "cooks_distance": (
        "D = miss\N{SUPERSCRIPT TWO} \N{MULTIPLICATION SIGN} h / (terms \N{MULTIPLICATION SIGN} "
        "spread\N{SUPERSCRIPT TWO} \N{MULTIPLICATION SIGN} (1 \N{MINUS SIGN} h)\N{SUPERSCRIPT TWO}), h being the "
        "leverage; listed from 4 / n."
    ),
    "inflation": (
        "VIF = 1 / (1 \N{MINUS SIGN} R\N{SUPERSCRIPT TWO}) of the term on all others, over the weeks of the fit."
    ),
    "stability": ("least squares on the first n weeks alone, for each n; band: two standard errors."),
    "drift": (
        "up(t) = max(0, up(t \N{MINUS SIGN} 1) + surprise \N{MINUS SIGN} 1), down alike with the sign turned; "
        "surprise = (growth \N{MINUS SIGN} forecast from the weeks before) / robust deviation, clipped at 3. "
        "Bounds by block bootstrap of this account's own surprises to the stated rate of false alarms."
    ),
    "coverage_by_level": (
        "share of unseen weeks inside the interval of each level; whisker: two standard errors of a share."
    ),
    "scores": (
        "over all unseen weeks, each forecast from the weeks before it alone: MAE = mean |growth \N{MINUS SIGN} "
        "median|; RMSE = \N{SQUARE ROOT}mean (growth \N{MINUS SIGN} expected)\N{SUPERSCRIPT TWO}; scaled = MAE / "
        "mean |weekly change|; R\N{SUPERSCRIPT TWO} = 1 \N{MINUS SIGN} squared errors / those of the mean so far; "
        "CRPS = twice the mean pinball loss over all quantiles; Winkler = width + 2 / (1 \N{MINUS SIGN} level) "
        "\N{MULTIPLICATION SIGN} what lies outside."
    ),
    "ranking": (
        "mean |growth \N{MINUS SIGN} median forecast| of each on the same unseen weeks; interval by Student's t "
        "over the weeks."
    ),
    "followers": ("the newest day's count of followers, as imported."),
    "portfolio_row": (
        "followers: the newest count. Last week and sparkline: follows \N{MINUS SIGN} unfollows of each complete "
        "week. Next week: expected growth at the mean plan of the last four weeks, with the interval of the "
        "model's distribution."
    ),
    "portfolio_gained": ("\N{N-ARY SUMMATION} growth of the newest complete week, over the creators that have it."),
    "portfolio_held": (
        "\N{N-ARY SUMMATION} weeks inside their interval / \N{N-ARY SUMMATION} unseen weeks, over the creators' models."
    ),
    "portfolio_better": ("models whose error on unseen weeks is smaller than the best naive one's beyond chance."),
    "portfolio_needing": (
        "creators whose state asks for somebody: data missing or old, no sound model, or a failed job."
    ),
    "glance": (
        "beats naive by 1 \N{MINUS SIGN} error / error of the best naive forecast; intervals hold in the share of "
        "unseen weeks inside them; viral days lie 4.5 to 5 robust deviations above what posting explains."
    ),
    "percentile": (
        "share of the peers that grow more slowly, relative to size; interval by a moving-block bootstrap of "
        "weeks, drawn for all accounts at once."
    ),
    "relative_growth": (
        "mean over the shared weeks of growth / followers at the week's start; interval by a moving-block bootstrap."
    ),
    "head_to_head": (
        "share of the shared weeks in which the creator grew faster relative to size; interval by the same bootstrap."
    ),
    "peer_account": (
        "followers and last week's growth as in the account's file; posts a week: mean of its last eight weeks."
    ),
    "peers": ("accounts that were added on the Competitors page."),
    "insights": (
        "each number is worked out as in the card that its Why leads to, and a sentence is only said where its "
        "interval or its test bears it out."
    ),
    "lights": (
        "forecasts: paired t test against the best naive one; intervals: within two standard errors of the promise; "
        "drift: see its chart; tests of the fit: 5 % for all of them together (Holm), so a sound fit raises any of "
        "them in one of twenty cases."
    ),
    "challenge": (
        "one-sided paired t test of the absolute errors of both on the same weeks, at 5 % divided by the number of "
        "forms tried."
    ),
    "naive": "the week before, taken as the forecast; the best of the naive forecasts where several were tried.",
}
"""By key; shown with the data version and the model version that the number was made from."""
