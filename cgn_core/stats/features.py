"""Which column is known when, and the refusal of predictors that are computed from the week they should predict."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from cgn_core.errors import LeakageError
from cgn_core.stats.leakage import WEEKLY_LEADS, near_determined, suspects_of
from cgn_core.tables import CONTENT_TYPES, DAILY_COLUMNS, DEFAULT_MINUTES, Availability


@dataclass(frozen=True)
class Feature:
    """One weekly feature."""

    name: str
    availability: Availability
    unit: str
    sentence: str
    """What it is, for a person."""


_P, _C, _L, _O = Availability.PLANNED, Availability.CALENDAR, Availability.LAGGED, Availability.OUTCOME
FEATURES: Mapping[str, Feature] = MappingProxyType({
    feature.name: feature
    for feature in (
        Feature("posting_frequency", _P, "pieces per week", "Posts, reels and stories together: the single lever."),
        Feature("posts", _P, "posts per week", "Posts of the week; carousels count as posts."),
        Feature("reels", _P, "reels per week", "Reels of the week."),
        Feature("stories", _P, "stories per week", "Stories of the week."),
        Feature("ads", _P, "ads per week", "Ads of the week; bought, not made."),
        Feature("share_posts", _P, "share of pieces", "Posts among the pieces of the week."),
        Feature("share_reels", _P, "share of pieces", "Reels among the pieces of the week."),
        Feature("share_stories", _P, "share of pieces", "Stories among the pieces of the week."),
        Feature("shannon_diversity", _P, "nats", "How mixed the week is: Shannon's entropy of the three shares."),
        Feature("simpson_diversity", _P, "probability", "Chance that two pieces of the week differ in type."),
        Feature("optimal_window_share", _P, "share of pieces", "Pieces posted within the best window of the day."),
        Feature("posting_variance", _P, "pieces squared", "Variance of the pieces per day over the seven days."),
        Feature("days_posted", _P, "days per week", "Days on which anything was posted."),
        Feature("hashtags_per_post", _P, "hashtags per piece", "Hashtags over posts and reels."),
        Feature("hours", _P, "hours per week", "Hours of work: as noted, else by the minutes a piece takes."),
        Feature("year_sine", _C, "-1 to 1", "Month of the year as a wave, first of a pair."),
        Feature("year_cosine", _C, "-1 to 1", "Month of the year as a wave, second of a pair."),
        Feature("holidays", _C, "days per week", "Holidays in the week, of those given."),
        Feature("lag_growth", _L, "followers per week", "Net growth of the last known week."),
        Feature("lag_engagement_rate", _L, "share", "Weighted engagement rate of the last known week."),
        Feature("lag_reach", _L, "accounts per week", "Reach of the last known week."),
        Feature("lag_log_followers", _L, "log of followers", "Log of the followers last known before the week."),
        Feature("stock_posts", _L, "posts", "What is left to work of the posts before the week (carry-over)."),
        Feature("stock_reels", _L, "reels", "What is left to work of the reels before the week (carry-over)."),
        Feature("stock_stories", _L, "stories", "What is left to work of the stories before the week (carry-over)."),
        Feature("net_growth", _O, "followers per week", "What is forecast: followers gained less lost."),
        Feature("gross_follows", _O, "followers per week", "Followers gained, before those who left."),
        Feature("unfollows", _O, "followers per week", "Followers lost."),
        Feature("reach", _O, "accounts per week", "Accounts reached in the week."),
        Feature("interactions", _O, "interactions per week", "Likes, comments, saves and shares of the week."),
        Feature("saves", _O, "saves per week", "Saves of the week."),
        Feature("engagement_rate", _O, "share", "Interactions over reach, weighted by the types of content posted."),
        Feature("follows_per_hour", _O, "followers per hour", "Net growth of the week over its hours of work."),
        Feature("saturation_flag", _O, "0 or 1", "Growth per hour under half of usual in a week of no fewer hours."),
    )
})  # fmt: skip
"""Every column of the weekly feature table, in its order."""

PLANNED = frozenset({"content_diversity", "post_time", "avg_hashtag_count", "post_consistency_variance_7d"})
"""Other names of planned columns, as the layouts of formats.md have them."""
CALENDAR = frozenset({"month", "quarter", "weekday", "day_of_week", "week", "year", "holiday", "trend"})
OUTCOME = frozenset({
    # growth and its parts
    "growth", "net_growth", "growth_rate", "net_follower_growth", "follower_growth", "followers_growth",
    "audience_growth", "new_followers", "new_follows", "followers_gained", "gained_followers", "gained", "gains",
    "instagram_follows", "seguidores_no_instagram", "seguidores_de_instagram", "novos_seguidores",
    "nuevos_seguidores", "seguidores_ganhos", "seguidores_ganados", "seguidores_perdidos", "deixaram_de_seguir",
    "dejaron_de_seguir", "seguimentos", "unfollowers", "unfollowed", "followers_lost", "lost_followers", "lost",
    "losses", "follows_and_unfollows",
    # the level at the week's end
    "follower", "follower_count", "followers_count", "total_followers", "followers_total", "audience", "seguidores",
    "total_de_seguidores", "abonnes", "followers_end", "end_followers", "followers_audience",
    # what an hour brought
    "roi", "roi_follows_per_hour", "follows_per_hour", "growth_per_hour", "follows_per_post", "went_viral", "viral",
    "viral_day", "saturation_flag", "saturation",
    # what the audience did
    "engagement", "engagements", "interacoes", "interacciones", "engagement_rate", "er", "post_engagement",
    "reel_engagement", "story_engagement", "ad_engagement", "content_interactions", "total_interactions",
    "interacoes_com_o_conteudo", "interacciones_con_el_contenido", "accounts_engaged", "impressions", "views_total",
    "view", "total_views", "visualizacoes", "visualizaciones", "plays", "reel_plays", "video_views", "reached",
    "accounts_reached", "instagram_reach", "alcance", "alcance_do_instagram", "story_reach", "post_reach",
    "reel_reach", "visits", "profile_views", "instagram_profile_visits", "visitas_ao_perfil",
    "visitas_ao_perfil_do_instagram", "visitas_al_perfil", "visitas_al_perfil_de_instagram", "link_clicks",
    "website_clicks", "instagram_link_clicks", "cliques_no_link_do_instagram", "like", "like_count", "post_likes",
    "total_likes", "curtidas", "gostos", "me_gusta", "comment", "total_comments", "comments_count", "comentarios",
    "saved", "total_saves", "salvamentos", "salvos", "guardados", "veces_guardado", "share", "total_shares",
    "compartilhamentos", "compartidos", "veces_que_se_ha_compartido",
})  # fmt: skip
"""Outcomes without a canonical column, and other names of those with one, as formats.md gives them."""
DECORATIONS = frozenset({
    "log", "log1p", "ln", "sqrt", "scaled", "scale", "normalised", "normalized", "norm", "standardised",
    "standardized", "std", "zscore", "z", "centred", "centered", "ranked", "rank", "pct", "percent",
    "percentage", "rate", "ratio", "total", "sum", "avg", "average", "mean", "median", "max", "min", "count",
    "number", "of", "the", "n", "num", "rolling", "smoothed", "moving", "cumulative", "cum", "diff", "change",
    "delta", "raw", "new", "same", "this", "next", "lead", "led", "shift", "shifted", "future", "ahead",
    "forward", "day", "days", "daily", "week", "weeks", "weekly", "month", "monthly", "per", "hour", "post",
    "posts", "reel", "reels", "story", "stories", "piece", "follower", "x", "times", "squared", "copy", "value",
    "instagram", "ig", "end", "in", "at", "d", "w", "k",
})  # fmt: skip
"""Words that turn a known outcome into the same outcome by another name, such as ``log_reach``."""
AMBIGUOUS = frozenset({"share", "lost", "gained", "gains"})
"""Outcomes by themselves; beside other words they may mean anything."""
LAG = re.compile(r"(?:lag_?\d*_\w+|\w+_lag_?\d*|last_week_\w+|previous_\w+)")


def plain(name: str) -> str:
    """A column's name in lower case with underscores, without accents: ``Taxa média`` and ``taxaMedia`` are one."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", bare.casefold()).strip("_")


def availability_of(name: str) -> Availability:
    """When a weekly feature is known; a column that the registry doesn't know enters lagged only."""
    key = plain(name)
    if LAG.fullmatch(key):
        return Availability.LAGGED
    if key in FEATURES:
        return FEATURES[key].availability
    if key in PLANNED:
        return Availability.PLANNED
    if key in CALENDAR:
        return Availability.CALENDAR
    if key in DAILY_COLUMNS:
        return DAILY_COLUMNS[key].availability
    return Availability.OUTCOME if _is_outcome(key) else Availability.LAGGED


def is_lagged_by_name(name: str) -> bool:
    """Whether a column is known to hold weeks before its own."""
    key = plain(name)
    return bool(LAG.fullmatch(key)) or (key in FEATURES and FEATURES[key].availability is Availability.LAGGED)


def _is_outcome(key: str) -> bool:
    """Whether the name is that of a known outcome, once words that change nothing about when it is known are gone."""
    words = key.split("_")
    bare = [word for word in words if not re.fullmatch(r"[a-z]?\d+[a-z]?", word)]
    for start in range(len(bare)):
        for stop in range(len(bare), start, -1):
            core = "_".join(bare[start:stop])
            known = core in OUTCOME or (core in DAILY_COLUMNS and DAILY_COLUMNS[core].availability is _O)
            # A share of posts is planned: that word alone says shares only where nothing stands beside it.
            if core in AMBIGUOUS and len(bare) > 1:
                continue
            if known and all(word in DECORATIONS for word in bare[:start] + bare[stop:]):
                return True
    return False


def check_predictors(
    predictors: pd.DataFrame,
    target: pd.Series[float],
    *,
    declared_planned: frozenset[str] = frozenset(),
    parts: pd.DataFrame | None = None,
    minutes: Mapping[str, float] = DEFAULT_MINUTES,
    leads: tuple[int, ...] = WEEKLY_LEADS,
) -> None:
    """Refuse predictors that are only known once the week is over.

    Args:
        predictors: one row per week, one column per same-week predictor.
        target: the growth they should predict, same rows.
        declared_planned: unknown columns that a person has declared to be planned.
        parts: what growth is made of, same rows, where it is known: ``follows``, ``unfollows``, ``followers`` (at the
            week's end) and ``minutes_spent``.
        minutes: of work per piece, for growth per hour where hours aren't among the predictors.
        leads: rows by which a column may run ahead of growth; 0 to 2 weeks.

    Raises:
        LeakageError: a column is a known outcome; or unknown and not declared planned; or nearly determined by the
            target or its parts (scaled, logged, divided by hours, shifted by up to two weeks) given the planned ones.
    """
    names = [str(name) for name in predictors.columns]
    for name in names:
        _check_name(name, declared_planned)
    known = [name for name in names if availability_of(name) in {Availability.PLANNED, Availability.CALENDAR}]
    for name in names:
        if name in CONTENT_TYPES or availability_of(name) is Availability.CALENDAR:
            continue
        others = predictors.drop(columns=name)
        suspects = suspects_of(others, target, parts, minutes)
        given = predictors[[other for other in known if other != name]].to_numpy(dtype="float64")
        if near_determined(predictors[name].to_numpy(dtype="float64"), suspects, given, leads=leads):
            raise LeakageError(f"{name} follows from the growth it should predict almost exactly; leave it out.")


def _check_name(name: str, declared_planned: frozenset[str]) -> None:
    availability = availability_of(name)
    if availability is Availability.OUTCOME:
        raise LeakageError(
            f"{name} is only known once the week is over, so it can't predict that week; use its value of the week "
            "before instead."
        )
    if availability is Availability.LAGGED and not is_lagged_by_name(name) and name not in declared_planned:
        raise LeakageError(
            f"{name} is not known to be planned before the week; use last week's value, or declare it planned if "
            "you set it yourself in advance."
        )
