"""Errors handed to a collector that speaks Sentry's protocol, without anything that says who was affected."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import structlog

from cgn_core.errors import SetupError
from cgn_core.logs.redaction import redacted_deeply
from cgn_core.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint

DISTRIBUTION = "creator-growth-navigator"


def hand_on_errors(process: str, used: Settings) -> None:
    """Send what is logged as an error, with its trace, to ``sentry_dsn``.

    No request bodies, cookies, headers, addresses, local variables or SQL parameters are sent: an event is the trace,
    the redacted message, and the ids by which the log is found.

    Raises:
        SetupError: the package isn't installed, or the address is none.
    """
    try:
        import sentry_sdk
        from sentry_sdk.integrations.atexit import AtexitIntegration
        from sentry_sdk.integrations.dedupe import DedupeIntegration
        from sentry_sdk.integrations.excepthook import ExcepthookIntegration
        from sentry_sdk.integrations.logging import LoggingIntegration
        from sentry_sdk.integrations.threading import ThreadingIntegration
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise SetupError(
            "CGN_SENTRY_DSN is set, but the package that hands errors on isn't installed; install "
            f"{DISTRIBUTION}[sentry], or leave CGN_SENTRY_DSN empty."
        ) from None
    try:
        sentry_sdk.init(
            dsn=used.sentry_dsn,
            release=f"{DISTRIBUTION}@{version(DISTRIBUTION)}",
            environment="embedded" if used.embedded else "production",
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            traces_sample_rate=0.0,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                LoggingIntegration(level=logging.INFO, event_level=logging.ERROR),
                ExcepthookIntegration(),
                ThreadingIntegration(propagate_scope=False),
                DedupeIntegration(),
                AtexitIntegration(callback=_end_silently),
            ],
            # Brotli, which it would take where that is installed, isn't what every collector of this protocol reads.
            _experiments={
                "transport_compression_algo": "gzip",  # type: ignore[typeddict-item]  # its annotation wants an enum
            },
            before_send=_anonymous,
            before_breadcrumb=_anonymous_crumb,
        )
    except BadDsn:
        raise SetupError("CGN_SENTRY_DSN is no address that a collector of errors gave out.") from None
    sentry_sdk.set_tag("process", process)


def _end_silently(_pending: int, _timeout: float) -> None:
    """The library would print to standard error that it waits."""


def _anonymous(event: Event, _hint: Hint) -> Event | None:
    for name in ("user", "request", "server_name"):
        event.pop(name, None)  # type: ignore[misc]  # a TypedDict whose keys are all optional
    kept: Any = redacted_deeply(event)
    kept["tags"] = {**(kept.get("tags") or {}), **structlog.contextvars.get_contextvars()}
    return kept  # type: ignore[no-any-return]  # redacting keeps the shape


def _anonymous_crumb(crumb: Breadcrumb, _hint: BreadcrumbHint) -> Breadcrumb | None:
    kept: Any = redacted_deeply(crumb)
    return kept  # type: ignore[no-any-return]  # redacting keeps the shape
