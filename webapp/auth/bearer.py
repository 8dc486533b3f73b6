"""The API's only way in: a bearer token. A session's cookie counts for nothing there, nor a token on pages."""

from __future__ import annotations

from flask import g, request

from cgn_core.db.session import open_session
from cgn_core.services import tokens
from cgn_core.settings import settings
from webapp.auth.limits import limiter
from webapp.request_scope import NotSignedIn

BEARER = frozenset(
    {
        "api.competitors.add_competitors",
        "api.competitors.list_competitors",
        "api.competitors.read_benchmark",
        "api.competitors.remove_competitor",
        "api.data.list_oddities",
        "api.data.list_versions",
        "api.data.make_repairs",
        "api.data.read_daily",
        "api.data.read_forecasts",
        "api.data.read_left_out",
        "api.data.read_weekly",
        "api.data.restore_version",
        "api.data.try_repairs",
        "api.data.undo_import",
        "api.decisions.change_settings",
        "api.decisions.imagine_past",
        "api.decisions.make_plan",
        "api.decisions.read_evidence",
        "api.decisions.read_returns",
        "api.decisions.read_settings",
        "api.diagnostics.read_diagnostics",
        "api.imports.confirm_import",
        "api.imports.discard_import",
        "api.imports.import_files",
        "api.imports.import_files_of",
        "api.imports.read_left_out",
        "api.jobs.cancel_job",
        "api.jobs.create_job",
        "api.jobs.list_jobs",
        "api.jobs.read_job",
        "api.jobs.retry_job",
        "api.large_files.add_piece",
        "api.large_files.begin",
        "api.large_files.discard",
        "api.large_files.read",
        "api.large_files.read_large_file",
        "api.large_files.take_in",
        "api.models.change_current_model",
        "api.models.list_models",
        "api.models.list_promotions",
        "api.models.read_current_model",
        "api.predictions.compare",
        "api.predictions.predict",
        "api.records.list_audit",
        "api.records.list_members",
        "api.records.list_reports",
        "api.records.read_file",
        "api.records.read_report",
        "api.records.read_track_record",
        "api.records.remove_report",
        "api.scenarios.edit_note",
        "api.scenarios.list_notes",
        "api.scenarios.list_scenarios",
        "api.scenarios.pin_note",
        "api.scenarios.remove_note",
        "api.scenarios.remove_scenario",
        "api.scenarios.rename_scenario",
        "api.scenarios.save_scenario",
        "api.schedules.add_schedule",
        "api.schedules.change_schedule",
        "api.schedules.list_schedules",
        "api.schedules.read_schedule",
        "api.schedules.remove_schedule",
        "api.workspaces.change_workspace",
        "api.workspaces.create_workspace",
        "api.workspaces.delete_workspace",
        "api.workspaces.list_workspaces",
        "api.workspaces.read_workspace",
    }
)
"""Endpoints of the REST API: they answer whoever sends an API token, and no session's cookie."""
REFUSED_PER_ADDRESS = "600 per minute"
"""Requests with no token or a wrong one, from one address. Nobody guesses 256 bits; this spares the database."""


class NoToken(NotSignedIn):
    """Send an API token: Authorization: Bearer cgn_… (made under Account, API tokens)."""

    code = "not_authorised"


class WorthlessToken(NotSignedIn):
    """The API token is worth nothing: it is unknown, over, taken back, or whoever made it may no longer do as much."""

    code = "not_authorised"


def let_bearer_in() -> None:
    """Make the token's user this request's actor, and count the request against the token's limit.

    Raises:
        NoToken: there is none.
        WorthlessToken: there is one, and it opens nothing.
        RateLimitExceeded: too many requests.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip() if scheme.casefold() == "bearer" else ""
    found = _bearer_of(token) if token else None
    if found is None:
        _count_refused()
        raise WorthlessToken if token else NoToken
    g.actor, g.api_token = found.actor, found.token_id
    _count_request()


@limiter.shared_limit(REFUSED_PER_ADDRESS, scope="api-refused")
def _count_refused() -> None:
    """Count a request that opened nothing against its network address."""


@limiter.shared_limit(lambda: settings().api_rate_limit, scope="api", key_func=lambda: str(g.api_token))
def _count_request() -> None:
    """Count a request against its token."""


def _bearer_of(token: str) -> tokens.Bearer | None:
    """Whoever stands behind a token, in a transaction of its own that writes only when its last use is to be noted."""
    with open_session(read_only=True) as session:
        found = tokens.bearer_of(session, token)
    if found is not None and found.use_is_due:
        with open_session() as session, session.begin():
            tokens.note_use(session, found.token_id)
    return found
