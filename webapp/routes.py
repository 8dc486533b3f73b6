"""Every address inside the product, built here and nowhere else, so that no link is ever made of user input."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode
from uuid import UUID

PORTFOLIO = "/"
NEW_WORKSPACE = "/new-workspace"
JOBS = "/jobs"
AUDIT = "/audit"
AUDIT_CSV = "/audit.csv"
PRIVACY = "/privacy"
MY_DATA = "/account/my-data.json"
SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
SIGN_IN_CODE = "/sign-in/code"
SIGN_IN_ELSEWHERE = "/sign-in/elsewhere"
SIGN_IN_BACK = "/sign-in/elsewhere/back"
CONFIRM = "/account/confirm"
MY_PASSWORD = "/account/password"  # noqa: S105 - an address
SECOND_FACTOR = "/account/second-factor"
SECOND_FACTOR_BEGIN = "/account/second-factor/begin"
SECOND_FACTOR_FINISH = "/account/second-factor/finish"
SECOND_FACTOR_OFF = "/account/second-factor/off"
RECOVERY_CODES = "/account/second-factor/recovery-codes"
SECOND_FACTOR_OF_ALL = "/account/second-factor/of-all"
SECOND_FACTOR_RESET = "/account/second-factor/reset"
SESSIONS = "/account/sessions"
SESSION_END = "/account/sessions/end"
SIGN_OUT_EVERYWHERE = "/account/sessions/end-all"
PROFILE = "/account/profile"
INVITATION = "/invitation/<token>"
FORGOTTEN = "/password/forgotten"
NEW_PASSWORD = "/password/reset/<token>"  # noqa: S105 - an address
TEAM = "/team"
AGENCY = "/agency"
TOKENS = "/account/tokens"
TOKEN_REVOKE = "/account/tokens/revoke"  # noqa: S105 - an address
API_DOCS = "/api/v1/docs"
PORTFOLIO_CSV = "/portfolio.csv"
ARRIVALS = "/arrivals"

WORKSPACE = "/workspaces/<workspace_id>"


def query_of(wanted: Mapping[str, str]) -> str:
    """``?name=value``, whatever the values are; "" for none."""
    return f"?{urlencode(wanted)}" if wanted else ""


def audit(wanted: Mapping[str, str]) -> str:
    """The audit log, filtered."""
    return AUDIT + query_of(wanted)


def audit_csv(wanted: Mapping[str, str]) -> str:
    """The same as a file."""
    return AUDIT_CSV + query_of(wanted)


def invitation(token: str) -> str:
    """Where whoever has the token takes an invitation up."""
    return INVITATION.replace("<token>", token)


def new_password(token: str) -> str:
    """Where whoever has the token sets a new password."""
    return NEW_PASSWORD.replace("<token>", token)


def home(workspace_id: UUID) -> str:
    """A workspace's first page."""
    return f"/workspaces/{workspace_id}"


def predictor(workspace_id: UUID) -> str:
    """The levers and the answer."""
    return f"/workspaces/{workspace_id}/predictor"


def scenario(workspace_id: UUID, scenario_id: UUID) -> str:
    """The Predictor with a saved scenario on its levers: an address to share inside the team."""
    return f"{predictor(workspace_id)}?scenario={scenario_id}"


def planned(workspace_id: UUID, plan: Mapping[str, float]) -> str:
    """The Predictor with a plan on its levers."""
    pieces = ",".join(f"{quote(name)}:{count:g}" for name, count in plan.items())
    return f"{predictor(workspace_id)}?plan={pieces}"


def growth_history(workspace_id: UUID) -> str:
    """Actual growth against the forecasts made before."""
    return f"/workspaces/{workspace_id}/growth-history"


def decisions(workspace_id: UUID) -> str:
    """What an hour returns."""
    return f"/workspaces/{workspace_id}/decisions"


def model_health(workspace_id: UUID) -> str:
    """Scores, baselines, coverage."""
    return f"/workspaces/{workspace_id}/model-health"


def competitors(workspace_id: UUID) -> str:
    """The accounts a workspace is compared with."""
    return f"/workspaces/{workspace_id}/competitors"


def data(workspace_id: UUID) -> str:
    """Uploads, findings, versions."""
    return f"/workspaces/{workspace_id}/data"


def arrived(arrival_id: UUID | str, workspace_id: UUID | None) -> str:
    """What was found in a large file, on the page that it was dropped on."""
    page = NEW_WORKSPACE if workspace_id is None else data(workspace_id)
    return f"{page}?arrival={UUID(str(arrival_id))}"


def workspace_jobs(workspace_id: UUID) -> str:
    """One workspace's jobs."""
    return f"/workspaces/{workspace_id}/jobs"


def export_csv(workspace_id: UUID) -> str:
    """The daily table as a file."""
    return f"/workspaces/{workspace_id}/export.csv"


def version_rejects(workspace_id: UUID, number: int) -> str:
    """Rows that a version's files held and that were left out."""
    return f"/workspaces/{workspace_id}/versions/{number}/left-out.csv"


def upload_rejects(upload_id: UUID) -> str:
    """The same of files that await a decision."""
    return f"/uploads/{upload_id}/left-out.csv"


def reports(workspace_id: UUID) -> str:
    """Client reports."""
    return f"{home(workspace_id)}/reports"


def stored_file(file_id: UUID | str) -> str:
    """A file that a job made."""
    return f"/files/{UUID(str(file_id))}"


def export_file(workspace_id: UUID, table: str, form: str) -> str:
    """The daily table, the weeks or the forecasts, as csv or xlsx."""
    return f"/workspaces/{workspace_id}/exports/{table}.{form}"
