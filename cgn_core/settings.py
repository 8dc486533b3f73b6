"""Settings, read from the environment (``CGN_…``) once and cached; importing this module reads nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

SHORTEST_SECRET = 32
FEWEST_DISTINCT = 10
PLACEHOLDERS = ("changeme", "change-me", "change_me", "secret", "password")
SECRET_FILES = Path("/run/secrets")
"""Where container engines lay secrets: a file ``cgn_secret_key`` there sets what CGN_SECRET_KEY would."""


class Settings(BaseSettings):
    """Everything that differs between one installation and the next. Durations are seconds."""

    model_config = SettingsConfigDict(env_prefix="CGN_", extra="ignore")

    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("creator-growth-navigator")))
    """Where the embedded product keeps its database, Redis, logs and secrets."""
    database_url: str = ""
    """SQLAlchemy address; empty means SQLite in the data directory."""
    database_owner_url: str = ""
    """PostgreSQL address of the role that owns the tables; only `cgn db` and `cgn backup` use it. With it,
    `database_url` names another role, which the upgrade makes; PostgreSQL shows it one agency's rows at a time."""
    redis_url: str = ""
    """Redis address; empty means the embedded one, on a Unix socket or private port in the data directory."""
    secret_key: str = ""
    """Signs CSRF tokens and encrypts second factors; at least 32 characters. The embedded product makes its own."""
    embedded: bool = False
    """Set by ``cgn up``: one machine, loopback, no TLS, so cookies aren't marked Secure."""
    secure_cookies: bool = True
    """Mark cookies Secure; the embedded product on loopback switches it off."""
    upload_limit_bytes: int = 50 * 1024 * 1024
    """Largest file that is uploaded and read at once."""
    least_free_mb: int = 200
    """A disk with less room (MB) than this is full: the embedded product doesn't start, and `cgn doctor` says so."""
    large_upload_limit_bytes: int = 200 * 1024 * 1024
    """Largest CSV that is uploaded in pieces and read by a job."""
    files_kept_days: float = 30.0
    """Days after which a file that a job made, an export say, is deleted."""

    log_format: Literal["auto", "json", "lines"] = "auto"
    """How log lines are written; ``auto`` is JSON, but lines on a terminal and in the embedded product's files."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is worth a log line."""
    sentry_dsn: str = ""
    """Where errors are handed to, in Sentry's form; without one they stay in the log."""
    metrics_token: str = ""
    """Opens ``/metrics`` to whoever sends it as a bearer token; without one only this machine may read it."""

    smtp_host: str = ""
    """The mail server that takes our messages; without one nothing is mailed."""
    smtp_port: int = 587
    """Its port."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is made safe: from its second step on, from its first, or not at all."""
    smtp_user: str = ""
    """Signs in to it; empty where it asks for nobody."""
    smtp_password: str = ""
    """The password of ``smtp_user``."""
    mail_from: str = ""
    """The address that messages come from; needed where ``smtp_host`` is set."""

    job_lease: float = 8.0
    """How long a worker's claim on a job lasts without a heartbeat."""
    job_heartbeat: float = 2.0
    """How often a worker renews its claim and stores progress."""
    job_republish: float = 4.0
    """A queued job that nobody claimed within this time of its last publication is published again."""
    job_attempts: int = 3
    """A job that failed this many workers is failed for good."""
    job_limit_per_agency: int = 200
    """Most jobs of one agency that may wait or run at once."""
    job_soft_time_limit: float = 900.0
    """Longest a training may run before it is asked to stop; it has then failed and isn't tried again."""
    job_soft_time_limit_light: float = 300.0
    """The same for light jobs."""
    job_hard_limit_after: float = 60.0
    """A job that doesn't stop when it was asked to is ended this much later, with its process."""
    job_memory_limit: int = 2048
    """Most memory (MB) that a job's process may hold; a job that wants more has failed and isn't tried again."""
    reconciler_period: float = 1.0
    """How often the reconciler looks for work that a fault left behind."""
    worker_concurrency: int = 2
    """Jobs that one worker does at once; one light job more where it does trainings too."""
    worker_max_memory_per_child: int = 1024
    """A worker's process that held more memory (MB) than this is replaced after its job."""
    worker_grace: float = 5.0
    """How long a worker that was told to stop waits for its tasks before it ends them; their jobs are given back."""

    web_processes: int = 2
    """Processes that answer requests."""
    web_threads: int = 16
    """Requests that each of them answers at once."""
    web_grace: int = 10
    """How long a web process that was told to stop goes on answering what it has begun."""

    session_idle: float = 8 * 3600.0
    """A session that nobody used for this long is over."""
    session_absolute: float = 7 * 86400.0
    """A session is over after this long, used or not."""
    trusted_proxies: int = 0
    """Proxies in front of the portal, each of which names its visitor (X-Forwarded-For, X-Forwarded-Proto)."""
    oidc_issuer: str = ""
    """Address of an OpenID Connect provider that people may sign in with; empty means none."""
    oidc_client_id: str = ""
    """What the provider knows the portal by."""
    oidc_client_secret: str = ""
    """The secret it gave out with it."""
    oidc_name: str = "your organisation"
    """What the sign-in page calls the provider."""
    lockout_attempts: int = 10
    """Wrong passwords after which an account is locked for ``lockout_duration``."""
    lockout_duration: float = 900.0
    """How long a locked account stays locked."""
    api_rate_limit: str = "600 per minute"
    """How many requests an API token may make."""

    public_url: str = ""
    """Where people reach the portal, as links in mails name it; ``cgn up`` sets its own address."""
    invitation_lifetime: float = 7 * 86400.0
    """An invitation that nobody took up for this long has expired."""
    reset_lifetime: float = 3600.0
    """A link that sets a new password works for this long, and once."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then secret files where there are any; never a ``.env`` that happens to lie around."""
        del dotenv_settings, file_secret_settings
        files = (SecretsSettingsSource(settings_cls, secrets_dir=SECRET_FILES),) if SECRET_FILES.is_dir() else ()
        return (init_settings, env_settings, *files)


def weakness_of_secret(key: str) -> str:
    """What is weak about a secret key, as the rest of a sentence about it; "" where nothing is."""
    if not key:
        return "isn't set"
    if len(key) < SHORTEST_SECRET:
        return f"has fewer than {SHORTEST_SECRET} characters"
    if len(set(key)) < FEWEST_DISTINCT:
        return "repeats a few characters"
    if any(word in key.lower() for word in PLACEHOLDERS):
        return "is a placeholder"
    return ""


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()
