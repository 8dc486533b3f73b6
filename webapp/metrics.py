"""``/metrics``, for a Prometheus server: requests and callbacks are counted here, the rest is read when asked for."""

from __future__ import annotations

import hmac
import logging
import os
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from dash import Dash
from flask import Blueprint, Flask, Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from cgn_core.db.scope import Crossing, acting_for
from cgn_core.db.session import reading
from cgn_core.errors import NotFound
from cgn_core.services.metrics import Figure, figures_of_jobs, figures_of_parts
from cgn_core.settings import settings
from webapp.request_log import QUIET, route

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which the processes of one gunicorn add up; webapp/serving.py makes it before they are forked."""
UPDATE = "/_dash-update-component"
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
FIRST_ERROR = 400

REQUESTS = Histogram(
    "cgn_request_seconds",
    "Seconds that answering took, by route; files of the portal's own and health checks aren't counted.",
    ("method", "route", "status"),
    buckets=BUCKETS,
)
CALLBACKS = Histogram(
    "cgn_callback_seconds",
    "Seconds that callbacks took; refused is a sentence to whoever asked, failed is a mistake of ours.",
    ("callback", "outcome"),
    buckets=BUCKETS,
)

blueprint = Blueprint("metrics", __name__)
log = logging.getLogger(__name__)


def register_metrics(server: Flask, dash_app: Dash) -> None:
    """Count every answer, and know callbacks by the functions that they are."""

    @server.after_request
    def count(response: Response) -> Response:
        # What Werkzeug's proxies stand for, as it documents it: each look through one costs.
        asked = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - typed as a request
        here = g._get_current_object()  # noqa: SLF001 - as above
        if "request_began" not in here or asked.endpoint in QUIET:
            return response
        seconds = time.perf_counter() - here.request_began
        REQUESTS.labels(asked.method, route(), str(response.status_code)).observe(seconds)
        if asked.path == UPDATE and response.status_code < FIRST_ERROR:
            here.callback = callback_name(dash_app, asked.get_json(silent=True))
            CALLBACKS.labels(here.callback, here.get("callback_outcome", "done")).observe(seconds)
        return response


def callback_name(dash_app: Dash, body: Any) -> str:
    """``pages.jobs.refresh``: the function behind the output that was asked for."""
    output = body.get("output") if isinstance(body, dict) else None
    declared = dash_app.callback_map.get(output) if isinstance(output, str) else None
    function = declared.get("callback") if declared else None
    if function is None:
        return "unknown"
    return f"{function.__module__}.{function.__name__}".removeprefix("webapp.")


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Everything that is measured, for whoever may read it; for others there is no such page."""
    if not may_read():
        raise NotFound
    registry = CollectorRegistry()
    if os.environ.get(SHARED_FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package annotates most, not this
    else:
        registry.register(REGISTRY_OF_THIS_PROCESS)
    registry.register(Read())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def may_read() -> bool:
    """Whether the token was sent; where none is set, whether a program of this machine asks, by no proxy.

    A proxy on this machine has a loopback address too, whoever it asks for: so a request that was handed on, or that
    asked for a name of the portal's, doesn't count as this machine's.
    """
    token = settings().metrics_token
    if token:
        sent = request.headers.get("Authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())
    if any(name in request.headers for name in FORWARDED):
        return False
    peer = request.remote_addr or ""
    return is_loopback(f"[{peer}]" if ":" in peer else peer) and is_loopback(request.host)


def is_loopback(host: str) -> bool:
    """Whether a host, with its port or without, is this machine's own: as a number or as ``localhost``."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


class OfThisProcess(Collector):
    """The counts of a web server with one process, without what the package says about Python itself."""

    def collect(self) -> Iterator[Any]:
        """REQUESTS and CALLBACKS."""
        yield from REQUESTS.collect()
        yield from CALLBACKS.collect()


class Read(Collector):
    """What the database and Redis say at this moment; the same whichever process is asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family per figure; those of the database are left out while it doesn't answer."""
        yield from families(figures_of_parts())
        try:
            with acting_for(Crossing.MEASURES), reading() as session:
                found = figures_of_jobs(session)
        except SQLAlchemyError as error:
            log.warning("the database doesn't say what is measured: %s", error)
            found = []
        answers = Figure("cgn_database_up", "Whether the database answers.", (((), float(bool(found))),))
        yield from families([*found, answers])


def families(figures: list[Figure]) -> Iterator[GaugeMetricFamily]:
    """Figures as the package writes them."""
    for figure in figures:
        family = GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
        for labels, value in figure.values:
            family.add_metric(labels, value)
        yield family


REGISTRY_OF_THIS_PROCESS = OfThisProcess()
