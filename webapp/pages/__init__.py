"""The pages, listed by hand: a new one is added here; it and its callbacks to tests/webapp/isolation/classes.py.

A page module has

- ``PATH``: a Dash path template, ``routes.WORKSPACE + "/…"`` for pages of a workspace,
- ``TITLE``: its name in the tab,
- ``HAS_CHARTS = True`` where it draws charts: the library then begins to load with the page; other pages never load it,
- ``class Ids(StrEnum)``: its component ids, each beginning with the page's name,
- ``layout(...)``: keyword arguments by name: ``workspace_id: UUID`` on pages of a workspace (already parsed, not yet
  authorised: hand it to a service, which raises NotFound), and any query parameters it names, as text. Everything else
  in a query is dropped. It returns what stands in ``<main>``; the shell puts header and navigation around it,
- its callbacks at module level. Ids from States go through ``request_scope.identifier``. A callback that stores
  something calls ``db(writes=True)``, one that only looks calls ``db()``. Errors are raised: the shell shows their
  sentence.

``shell.Ids.FINISHED`` is a store whose data changes when a job ends: an Input for what should then be drawn anew.
"""

from __future__ import annotations

from types import ModuleType

from . import (
    agency,
    audit,
    competitors,
    data,
    decisions,
    growth_history,
    home,
    jobs,
    model_health,
    new_workspace,
    portfolio,
    predictor,
    privacy,
    reports,
    team,
    workspace_jobs,
)

PAGES: tuple[ModuleType, ...] = (
    portfolio,
    new_workspace,
    jobs,
    audit,
    team,
    agency,
    privacy,
    home,
    predictor,
    growth_history,
    decisions,
    model_health,
    competitors,
    data,
    reports,
    workspace_jobs,
)
