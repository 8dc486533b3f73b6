"""Who may reach what by the REST API: a line for every route of it, as in classes.py, which explains how to add one."""

from __future__ import annotations

from .reach import EDITS, OWN, PUBLIC, READS, STAFF, Reach, Sends, sends

WORKSPACE = "/api/v1/workspaces/<workspace_id>"

API_ROUTES: dict[str, Reach | Sends] = {
    "GET /api/v1/docs": PUBLIC,
    "GET /api/v1/openapi.json": PUBLIC,
    "GET /api/v1/jobs": OWN,
    "POST /api/v1/jobs": sends(EDITS, {"kind": "score", "workspace_id": "{workspace}"}),
    "GET /api/v1/jobs/<job_id>": READS,
    "POST /api/v1/jobs/<job_id>/cancel": EDITS,
    "POST /api/v1/jobs/<job_id>/retry": EDITS,
    "GET /api/v1/workspaces": OWN,
    "POST /api/v1/workspaces": sends(STAFF, {"handle": "someone.new"}),
    f"GET {WORKSPACE}": READS,
    f"PATCH {WORKSPACE}": sends(EDITS, {"time_zone": "Asia/Tokyo"}),
    f"POST {WORKSPACE}/predictions": sends(READS, {"plans": [{}]}),
    f"POST {WORKSPACE}/what-if": sends(READS, {"plan": {}}),
}
