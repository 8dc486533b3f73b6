"""Sign in with an OpenID Connect provider: authorization code flow with PKCE, state and nonce, by Authlib.

What Authlib leaves to its caller is checked here: the audience, the exact issuer of metadata and token, that there is
an ID token at all, and that its signature is of an asymmetric kind.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskIntegration, FlaskOAuth2App
from flask import Blueprint, render_template, request, session
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests import RequestException

from cgn_core.errors import InvalidInput, NotFound, SetupError
from cgn_core.services.outside_identities import Claims, sign_in_from_outside
from cgn_core.settings import Settings, settings
from webapp import routes
from webapp.auth.forms import SignInForm
from webapp.auth.limits import limiter
from webapp.auth.session_cookie import current_browser
from webapp.auth.views import PER_ADDRESS, go_on, relative_only
from webapp.errors import CrossSite
from webapp.request_scope import db

WANTED = "elsewhere_next"
"""In Flask's signed cookie: where to go afterwards."""
SECONDS = 5
"""Longest wait for the provider."""
LEEWAY_SECONDS = 60
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that only the provider can make; "none" and those with the shared secret aren't among them."""

blueprint = Blueprint("openid", __name__)
log = logging.getLogger(__name__)


class WrongProvider(Exception):
    """The answer isn't what the configured provider would give to us."""


def check_provider(used: Settings) -> None:
    """Refuse a half-configured or unprotected provider.

    Raises:
        SetupError: it has no client id, or is reached without TLS.
    """
    if not used.oidc_issuer:
        return
    parts = urlsplit(used.oidc_issuer)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
        raise SetupError("CGN_OIDC_ISSUER must begin with https://.")
    if not used.oidc_client_id:
        raise SetupError("CGN_OIDC_ISSUER is set, so CGN_OIDC_CLIENT_ID must be, too.")


@blueprint.app_context_processor
def name_for_templates() -> dict[str, str]:
    """``openid``: what the provider is called, "" where there is none."""
    return {"openid": settings().oidc_name if settings().oidc_issuer else ""}


@blueprint.get(routes.SIGN_IN_ELSEWHERE)
@limiter.limit(PER_ADDRESS)
def begin() -> ResponseReturnValue:
    """Send the browser to the provider."""
    client = _client_or_not_found()
    # A link of ours or an address typed in, never another site, which could sign its visitors in unasked.
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        raise CrossSite
    session[WANTED] = relative_only(request.args.get("next", ""))
    try:
        _metadata(client)
        leads_there: ResponseReturnValue = client.authorize_redirect(_redirect_uri())
    except (AuthlibBaseError, RequestException, WrongProvider, ValueError, RuntimeError) as error:
        return _refused(f"{settings().oidc_name} can't be reached at the moment. Try again in a minute.", error)
    return leads_there


@blueprint.get(routes.SIGN_IN_BACK)
@limiter.limit(PER_ADDRESS)
def back() -> ResponseReturnValue:
    """Take the provider's answer, verify it and let its subject in."""
    client = _client_or_not_found()
    wanted = relative_only(session.get(WANTED, ""))
    try:
        claims = _verified(client)
    except (AuthlibBaseError, JoseError, RequestException, WrongProvider, ValueError, KeyError, RuntimeError) as error:
        return _refused(f"The answer of {settings().oidc_name} couldn't be verified. Start again.", error)
    try:
        result = sign_in_from_outside(db(writes=True), claims, browser=current_browser())
    except InvalidInput as error:
        return _refused(error.message)
    return go_on(result, wanted)


def _verified(client: Any) -> Claims:
    metadata = _metadata(client)
    issuer = settings().oidc_issuer
    if request.args.get("iss", issuer) != issuer:  # RFC 9207
        raise WrongProvider("iss of the answer")
    found = client.authorize_access_token(
        claims_options={
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": settings().oidc_client_id},
        },
        leeway=LEEWAY_SECONDS,
    )
    said = found.get("userinfo")
    if not said:
        raise WrongProvider("no ID token")
    email = said.get("email", "")
    return Claims(
        issuer=metadata["issuer"],
        subject=str(said["sub"]),
        email=email if isinstance(email, str) else "",
        email_is_verified=said.get("email_verified") is True,
    )


def _metadata(client: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = client.load_server_metadata()
    if metadata.get("issuer") != settings().oidc_issuer:
        client.server_metadata.clear()  # so that it is asked anew once it is mended
        raise WrongProvider("issuer of the metadata")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [one for one in offered if one in ALGORITHMS]
    if not metadata["id_token_signing_alg_values_supported"]:
        raise WrongProvider("no signature that only the provider can make")
    return metadata


def _client_or_not_found() -> Any:
    used = settings()
    if not used.oidc_issuer:
        raise NotFound
    return _client(used.oidc_issuer, used.oidc_client_id, used.oidc_client_secret)


@cache
def _client(issuer: str, client_id: str, client_secret: str) -> Any:
    return FlaskOAuth2App(
        FlaskIntegration("openid"),
        "openid",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "default_timeout": SECONDS},
    )


def _redirect_uri() -> str:
    return (settings().public_url or request.host_url).rstrip("/") + routes.SIGN_IN_BACK


def _refused(sentence: str, cause: Exception | None = None) -> ResponseReturnValue:
    if cause is not None:
        log.warning("sign-in elsewhere failed: %s: %s", type(cause).__name__, cause)
    form = SignInForm(formdata=None, data={"next": relative_only(session.get(WANTED, ""))})
    return render_template("sign_in.html", form=form, problem=sentence), 403
