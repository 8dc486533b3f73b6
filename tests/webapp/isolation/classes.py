"""Who may reach what: a line for every callback, page and route. A new one fails the tests until it has its line here.

How to add one:

- **a callback** (server side): ``"webapp.pages.mine.save": EDITS`` in CALLBACKS, under its module and function,
- **a page**: its module's name in PAGES,
- **a route**: ``"GET /things/<thing_id>.csv": READS`` in ROUTES, under its method and rule; where it needs a body,
  ``sends(EDITS, {...})`` (JSON) or ``sends(EDITS, field="…")`` (a form), in which ``"{workspace}"`` stands for the id
  that the matrix forges,
- **a select** ``readable_*``, ``editable_*`` of ``cgn_core.db``: SELECTS: who sees rows of a workspace, and who those
  of the agency,
- **a slot or a button that carries an id**: SLOTS and BUTTONS name the kind of id; ARGUMENTS the same for routes.

Kinds of ids are the keys of what ``world.furnish`` returns. The owner's cells prove that a line is right: where an id
stands in the wrong place, the owner is refused as everybody is.
"""

from __future__ import annotations

import base64
from typing import Any

from .api_classes import API_ROUTES
from .reach import EDITS, MANAGES, MINE, NEVER, OWN, OWNERS, PUBLIC, READS, STAFF, Reach, Sends, sends

PAGE_CALLBACK = "dash.dash.update"
"""Dash's own, which draws every page: PAGES says who may reach them."""

CALLBACKS: dict[str, Reach] = {
    "webapp.pages.competitors.add_file": EDITS,
    "webapp.pages.competitors.remove": EDITS,
    "webapp.pages.competitors.table_of_measures": EDITS,
    "webapp.pages.data.discard_file": MINE,
    "webapp.pages.data.import_file": MINE,
    "webapp.pages.data.read_again": EDITS,
    "webapp.pages.data.read_file": EDITS,
    "webapp.pages.data.save": EDITS,
    "webapp.pages.data.show_header": READS,
    "webapp.pages.data_calendar.show": READS,
    "webapp.pages.data_repairs.leave": OWN,
    "webapp.pages.data_repairs.look_at_choice": EDITS,
    "webapp.pages.data_repairs.look_by_hand": EDITS,
    "webapp.pages.data_repairs.make": EDITS,
    "webapp.pages.data_repairs.show": READS,
    "webapp.pages.data_versions.restore": EDITS,
    "webapp.pages.data_versions.show": READS,
    "webapp.pages.data_versions.undo": EDITS,
    "webapp.pages.decision_evidence.show_evidence": READS,
    "webapp.pages.decision_money.recount": READS,
    "webapp.pages.decision_plan.replan": READS,
    "webapp.pages.decisions.save_plan": EDITS,
    "webapp.pages.decisions.save_prices": EDITS,
    "webapp.pages.growth_history.show_span": READS,
    "webapp.pages.jobs.cancel": EDITS,
    "webapp.pages.jobs.refresh": READS,
    "webapp.pages.jobs.retry": EDITS,
    "webapp.pages.large_files.discard_file": MINE,
    "webapp.pages.large_files.import_file": MINE,
    "webapp.pages.large_files.read_again": MINE,
    "webapp.pages.large_files.refresh": MINE,
    "webapp.pages.model_health.retrain": EDITS,
    "webapp.pages.model_state.redraw_decisions": READS,
    "webapp.pages.model_state.redraw_health": READS,
    "webapp.pages.model_state.redraw_history": READS,
    "webapp.pages.model_state.redraw_home": READS,
    "webapp.pages.model_versions.challenge": EDITS,
    "webapp.pages.model_versions.promote": EDITS,
    "webapp.pages.new_workspace.discard_file": MINE,
    "webapp.pages.new_workspace.generate": STAFF,
    "webapp.pages.new_workspace.import_file": MINE,
    "webapp.pages.new_workspace.read_again": STAFF,
    "webapp.pages.new_workspace.read_file": STAFF,
    "webapp.pages.past_weeks.ask": READS,
    "webapp.pages.portfolio.benchmark_all": STAFF,
    "webapp.pages.portfolio.export_all": STAFF,
    "webapp.pages.portfolio.refresh": OWN,
    "webapp.pages.portfolio.retrain_all": STAFF,
    "webapp.pages.predictor.keep": READS,
    "webapp.pages.predictor.use_planned": READS,
    "webapp.pages.reports.mail": EDITS,
    "webapp.pages.reports.make": EDITS,
    "webapp.pages.reports.refresh": READS,
    "webapp.pages.reports.remove": EDITS,
    "webapp.pages.scenarios.change": EDITS,
    "webapp.pages.scenarios.rename": EDITS,
    "webapp.pages.scenarios.save": EDITS,
    "webapp.pages.schedules.add": EDITS,
    "webapp.pages.schedules.change": EDITS,
    "webapp.pages.schedules.save": EDITS,
    "webapp.pages.validation_form.show": READS,
    "webapp.pages.validation_form.validate": EDITS,
    "webapp.pages.workers.refresh_workers": STAFF,
    "webapp.shell.show_jobs": OWN,
    "webapp.shell.take_pulse": OWN,
}

PAGES: dict[str, Reach] = {
    "competitors": READS,
    "data": READS,
    "decisions": READS,
    "growth_history": READS,
    "home": READS,
    "jobs": OWN,
    "model_health": READS,
    "new_workspace": STAFF,
    "portfolio": OWN,
    "predictor": READS,
    "reports": READS,
    "workspace_jobs": READS,
}

ROUTES: dict[str, Reach | Sends] = {
    "GET /": OWN,
    "GET /<path:path>": OWN,
    "GET /_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": PUBLIC,
    "GET /_dash-dependencies": OWN,
    "GET /_dash-layout": OWN,
    "GET /_favicon.ico": PUBLIC,
    "GET /_reload-hash": OWN,
    "GET /account/confirm": OWN,
    "GET /account/password": OWN,
    "GET /account/second-factor": OWN,
    "GET /account/sessions": OWN,
    "GET /assets/<path:filename>": PUBLIC,
    "GET /bootstrap/static/<path:filename>": PUBLIC,
    "GET /files/<file_id>": READS,
    "GET /healthz": PUBLIC,
    "GET /metrics": PUBLIC,
    "GET /portfolio.csv": OWN,
    "GET /readyz": PUBLIC,
    "GET /sign-in": PUBLIC,
    "GET /sign-in/code": PUBLIC,
    "GET /sign-in/elsewhere": PUBLIC,
    "GET /sign-in/elsewhere/back": PUBLIC,
    "GET /uploads/<upload_id>/left-out.csv": MINE,
    "GET /workspaces/<workspace_id>/export.csv": READS,
    "GET /workspaces/<workspace_id>/exports/<table>.<form>": READS,
    "GET /workspaces/<workspace_id>/versions/<int:number>/left-out.csv": READS,
    "POST /_dash-update-component": OWN,
    "POST /account/confirm": OWN,
    "POST /account/password": OWN,
    "POST /account/second-factor/begin": OWN,
    "POST /account/second-factor/finish": OWN,
    "POST /account/second-factor/of-all": OWNERS,
    "POST /account/second-factor/off": OWN,
    "POST /account/second-factor/recovery-codes": OWN,
    "POST /account/second-factor/reset": sends(MANAGES, member="{member}"),
    "POST /account/sessions/end": sends(MINE, session="{session}"),
    "POST /account/sessions/end-all": OWN,
    "POST /arrivals": sends(EDITS, {"workspace": "{workspace}", "name": "large.csv", "size": 60_000_000}),
    "POST /arrivals/<arrival_id>/read": MINE,
    "POST /sign-in": PUBLIC,
    "POST /sign-in/code": PUBLIC,
    "POST /sign-out": PUBLIC,
    "PUT /arrivals/<arrival_id>/pieces/<int:number>": sends(MINE, b"date,followers\n"),
    **API_ROUTES,
}

SELECTS: dict[str, tuple[Reach, Reach]] = {
    "editable_competitors": (EDITS, NEVER),
    "editable_invitations": (NEVER, OWNERS),
    "editable_members": (NEVER, OWNERS),
    "editable_files": (EDITS, NEVER),
    "editable_jobs": (EDITS, STAFF),
    "editable_notes": (EDITS, NEVER),
    "editable_scenarios": (EDITS, NEVER),
    "editable_schedules": (EDITS, STAFF),
    "editable_tokens": (NEVER, STAFF),
    "editable_workspaces": (EDITS, NEVER),
    "own_arrivals": (MINE, MINE),
    "readable_competitors": (READS, NEVER),
    "readable_data_versions": (READS, NEVER),
    "readable_files": (READS, MINE),
    "readable_jobs": (READS, STAFF),
    "readable_members": (NEVER, OWN),
    "readable_model_versions": (READS, NEVER),
    "readable_notes": (READS, NEVER),
    "readable_scenarios": (READS, NEVER),
    "readable_schedules": (READS, STAFF),
    "readable_tokens": (NEVER, STAFF),
    "readable_uploads": (MINE, MINE),
    "readable_workspaces": (READS, NEVER),
    "removed_members": (NEVER, OWNERS),
    "removed_notes": (EDITS, NEVER),
    "removed_scenarios": (EDITS, NEVER),
    "removed_schedules": (EDITS, STAFF),
}
"""Who sees rows of a workspace that they may reach so, and who those of the whole agency."""

DROPPED = "data:text/csv;base64," + base64.b64encode(b"date,followers\n2026-11-01,10\n2026-11-02,11\n").decode()

SLOTS: dict[str, Any] = {
    "-workspace.data": "{workspace}",
    "-workspace.value": "{workspace}",
    "scenarios-editing.data": "{scenario}",
    "scenarios-name.value": "Two reels more",
    "scenarios-new-name.value": "One reel more",
    "schedules-editing.data": "{schedule}",
    "jobs-cancel-pressed.data": {"of": "{job}", "at": 1},
    "jobs-retry-pressed.data": {"of": "{ended_job}", "at": 1},
    "reports-remove-pressed.data": {"of": "{file}", "at": 1},
    "-pressed.data": {"of": "", "at": 1},
    "plan-caution.value": "bold",
    "money-currency.value": "CHF",
    "past-way.value": "add",
    "-uploaded.data": "{upload}",
    "-arrival.data": "{arrival}",
    "reports-file.value": "{file}",
    "reports-to.value": "{user}",
    "versions-form.value": "daily",
    "predictor-rested.data": {"plan": {"reels": 3}, "model": 1},
    "key.data": "{key}",
    "-dropped.data": {"contents": [DROPPED], "names": ["forged.csv"]},
    ".n_clicks": 1,
    ".contents": DROPPED,
    ".filename": "forged.csv",
    "-zone.value": "UTC",
    "-profile.value": "micro",
    "-days.value": 100,
    "validate-model.value": "daily",
    "validate-initial.value": None,
    "validate-window.value": None,
    "validate-level.value": 90,
}
"""What stands in a slot, by the end of its ``id.property``; 2 in all others."""

BUTTONS: dict[str, str] = {
    "competitors-remove": "competitor",
    "data-restore": "version",
    "repairs-choice": "place",
    "scenarios-copy": "scenario",
    "scenarios-remove": "scenario",
    "scenarios-rename": "scenario",
    "scenarios-undo": "removed_scenario",
    "schedules-edit": "schedule",
    "schedules-pause": "schedule",
    "schedules-remove": "schedule",
    "schedules-undo": "removed_schedule",
}
"""Buttons in rows: the type of their ids, and the kind of what the other part of the id names."""

ROWS: dict[str, list[tuple[dict[str, Any], Any]]] = {
    "money-minutes": [({"name": "reels"}, 90)],
    "past-change": [({"name": "reels"}, 1)],
    "plan-least": [({"name": "reels"}, 1)],
    "plan-most": [({"name": "reels"}, 3)],
    "predictor-lever": [({"name": "reels"}, 3)],
}
"""Other things in rows: the rest of their ids, and their values."""

ARGUMENTS: dict[str, Any] = {
    "arrival_id": "{arrival}",
    "file_id": "{file}",
    "filename": "tokens.css",
    "fingerprinted_path": "dash.min.js",
    "form": "csv",
    "job_id": "{job}",
    "number": "{version}",
    "package_name": "dash",
    "path": "jobs",
    "table": "daily",
    "upload_id": "{upload}",
    "workspace_id": "{workspace}",
}
"""What stands in a route's or page's address."""
