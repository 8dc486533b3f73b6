"""Which source column is which canonical column: synonyms, markers, and what other tools' layouts call things."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from cgn_core.tables import DAILY_COLUMNS, Availability

Layout = Literal["own", "public39", "social_blade", "sprout", "table"]
MONTH_FIRST: frozenset[Layout] = frozenset({"social_blade", "sprout"})
"""Tools that write the month before the day."""

DATE, CREATOR, PROVISIONAL, IMPUTED = "date", "creator", "provisional", "imputed"
MARKERS = (PROVISIONAL, IMPUTED)

SYNONYMS: dict[str, tuple[str, ...]] = {
    DATE: ("day", "data", "fecha", "datum", "dia", "tag", "jour", "date_day"),
    CREATOR: (
        "username", "account", "handle", "user", "user_name", "account_username", "account_name", "creator_name",
        "profile", "instagram_handle", "instagram_username", "usuario", "conta", "cuenta", "perfil",
        "nome_de_usuario", "nombre_de_usuario", "criador", "creador",
    ),
    PROVISIONAL: ("is_provisional",),
    IMPUTED: ("is_imputed",),
    "followers": (
        "follower", "follower_count", "followers_count", "total_followers", "followers_total", "audience", "seguidores",
        "abonnes", "total_de_seguidores",
    ),
    "follows": (
        "new_followers", "followers_gained", "gained_followers", "gained", "gains", "new_follows", "instagram_follows",
        "seguidores_no_instagram", "seguidores_de_instagram", "novos_seguidores", "nuevos_seguidores",
        "seguimentos", "seguidores_ganhos", "seguidores_ganados",
    ),
    "unfollows": (
        "unfollowers", "unfollowed", "followers_lost", "lost_followers", "lost", "losses",
        "seguidores_perdidos", "deixaram_de_seguir", "dejaron_de_seguir",
    ),
    "posts": (
        "post", "post_count", "posts_count", "feed_posts", "published_posts", "publicacoes", "publicaciones",
        "postagens",
    ),
    "reels": ("reel", "reel_count", "reels_count", "published_reels"),
    "stories": ("story", "story_count", "stories_count", "published_stories", "historias"),
    "ads": ("ad", "ads_posted", "ads_count", "ad_count", "anuncios"),
    "reach": ("instagram_reach", "accounts_reached", "alcance", "alcance_do_instagram"),
    "views": ("view", "total_views", "visualizacoes", "visualizaciones"),
    "profile_visits": (
        "profile_views", "instagram_profile_visits", "visitas_ao_perfil_do_instagram",
        "visitas_al_perfil_de_instagram", "visitas_ao_perfil", "visitas_al_perfil",
    ),
    "likes": ("like", "post_likes", "total_likes", "curtidas", "me_gusta", "gostos"),
    "comments": ("comment", "total_comments", "comentarios"),
    "saves": ("saved", "total_saves", "salvamentos", "guardados", "veces_guardado", "salvos"),
    "shares": ("share", "total_shares", "compartilhamentos", "compartidos", "veces_que_se_ha_compartido"),
    "interactions": (
        "content_interactions", "engagement", "engagements", "total_interactions", "interacoes_com_o_conteudo",
        "interacciones_con_el_contenido", "interacoes", "interacciones",
    ),
    "hashtags": ("hashtags_used", "hashtag_count", "number_of_hashtags"),
    "optimal_window_posts": ("posted_in_optimal_window", "optimal_window", "posts_in_optimal_window"),
    "minutes_spent": ("minutes", "time_spent_minutes", "minutes_of_work", "work_minutes", "minutos"),
}  # fmt: skip
"""Other names of each column, already folded; the canonical name itself always counts and comes first."""

KNOWN_OUTCOMES = frozenset({
    "growth", "net_growth", "growth_rate", "net_follower_growth", "engagement_rate", "ad_engagement", "reel_plays",
    "reel_engagement", "story_reach", "story_engagement", "post_engagement", "roi_follows_per_hour", "follows_per_hour",
    "went_viral", "viral", "saturation_flag", "impressions", "link_clicks", "website_clicks",
})  # fmt: skip
"""Outcomes of the same day that have no canonical column."""
KNOWN_OTHERS = frozenset({
    "post_time", "avg_hashtag_count", "share_posts", "share_reels", "share_stories", "post_consistency_variance_7d",
    "following", "media", "network", "platform", "social_network",
    "month", "quarter", "weekday", "week", "year", "day_of_week",
})  # fmt: skip
"""Columns of known layouts that can be computed from the others, or that no model uses."""

PUBLIC39 = frozenset({
    "username", "date", "followers", "growth", "follows", "unfollows", "posts", "stories", "reels", "ads_posted",
    "post_time", "posted_in_optimal_window", "hashtags_used", "avg_hashtag_count", "reach", "profile_visits",
    "post_likes", "reel_plays", "reel_engagement", "story_reach", "story_engagement", "comments", "saves", "shares",
    "engagement_rate", "ad_engagement", "share_posts", "share_reels", "share_stories", "post_consistency_variance_7d",
    "saturation_flag", "comp_posts", "comp_reels", "comp_stories", "minutes_spent", "roi_follows_per_hour", "month",
    "quarter", "went_viral",
})  # fmt: skip

_SOCIAL_BLADE = frozenset({"date", "followers", "following", "media"})
_SPROUT = frozenset({"date", "network", "net_follower_growth"})
NETWORKS = frozenset({"network", "platform", "social_network", "rede", "rede_social", "red", "red_social"})
"""Columns that say which network a row is about."""

_CHANGE = re.compile(
    r"(?:followers|following|media)_(?:delta|change|diff|difference|gained|daily)"
    r"|(?:delta|change|change_in|daily)_(?:followers|following|media)"
)
_COMPETITOR = re.compile(r"^(?:comp|competitor|competitors)_(.+)$")
_UNWANTED = re.compile(r"[^0-9a-z]+")

_BY_NAME = {name: name for name in (DATE, CREATOR, *MARKERS, *DAILY_COLUMNS)} | {
    synonym: name for name, synonyms in SYNONYMS.items() for synonym in synonyms
}


@dataclass(frozen=True)
class Columns:
    """Where everything stands in a table. Positions count from 0."""

    header: tuple[str, ...]
    layout: Layout
    places: dict[str, int]
    """Canonical columns, ``date``, ``creator`` and the markers."""
    competitor: dict[str, int]
    """Canonical columns of the competitor the file carries along."""
    outcomes: tuple[str, ...]
    """Source columns that are outcomes of the same day, canonical or not."""
    known: tuple[str, ...]
    """Recognised source columns without a canonical column."""
    ignored: tuple[str, ...]
    """Source columns nobody knows."""
    doubled: dict[str, list[str]] = field(default_factory=dict)
    """By canonical column, the source columns left out because another one is it already."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Canonical columns present, in canonical order."""
        return tuple(name for name in DAILY_COLUMNS if name in self.places)

    @property
    def mapping(self) -> dict[str, str]:
        """Source name to canonical name, in the file's order."""
        names = {place: name for name, place in self.places.items()}
        return {self.header[place]: names[place] for place in sorted(names)}

    def source(self, name: str) -> str:
        """What the file calls a canonical column."""
        return self.header[self.places[name]]


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """A header name without case, accents and punctuation: ``Alcance (do Instagram)`` is ``alcance_do_instagram``."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return _UNWANTED.sub("_", bare.casefold()).strip("_")


def canonical_name(header_cell: str) -> str | None:
    """The canonical column, ``date``, ``creator`` or marker that a header cell names; None for anything else."""
    return _BY_NAME.get(folded(header_cell))


def map_columns(header: Sequence[str]) -> Columns:
    """Give every column of a header its meaning. The exact canonical name wins over synonyms, then the first."""
    names = [folded(cell) for cell in header]
    places: dict[str, int] = {}
    competitor: dict[str, int] = {}
    doubled: dict[str, list[str]] = {}
    known, ignored = [], []
    order = sorted(range(len(names)), key=lambda place: (_BY_NAME.get(names[place]) != names[place], place))
    for place in order:
        name = _BY_NAME.get(names[place])
        if name is None:
            continue
        if name in places:
            doubled.setdefault(name, []).append(header[place])
        else:
            places[name] = place
    for place, folded_name in enumerate(names):
        if folded_name in _BY_NAME:
            continue
        match = _COMPETITOR.match(folded_name)
        rival = _BY_NAME.get(match.group(1)) if match else None
        if rival in DAILY_COLUMNS and rival not in competitor:
            competitor[rival] = place
        elif folded_name in KNOWN_OUTCOMES or folded_name in KNOWN_OTHERS or _CHANGE.fullmatch(folded_name):
            known.append(header[place])
        elif header[place].strip():
            ignored.append(header[place])
    outcomes = [
        header[place]
        for place, folded_name in enumerate(names)
        if folded_name in KNOWN_OUTCOMES or _is_outcome(_BY_NAME.get(folded_name))
    ]
    return Columns(
        header=tuple(header),
        layout=_layout(names),
        places=places,
        competitor=competitor,
        outcomes=tuple(outcomes),
        known=tuple(known),
        ignored=tuple(ignored),
        doubled=doubled,
    )


def _is_outcome(name: str | None) -> bool:
    return name in DAILY_COLUMNS and DAILY_COLUMNS[name].availability is Availability.OUTCOME


def _layout(names: Sequence[str]) -> Layout:
    if set(names) >= PUBLIC39:
        return "public39"
    if {CREATOR, DATE} <= {_BY_NAME.get(name) for name in names} and set(names) >= _SPROUT:
        return "sprout"
    if set(names) >= _SOCIAL_BLADE:
        return "social_blade"
    if DATE in names and all(_BY_NAME.get(name) == name for name in names):
        return "own"
    return "table"
