"""A page asks the database a handful of statements, each of them once: they are half of what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event

from cgn_core.access import Actor
from cgn_core.services.imports import Imported

MOST = 16
PAGES = (
    "", "/predictor", "/growth-history", "/decisions", "/model-health", "/competitors", "/data", "/reports", "/jobs",
)  # fmt: skip
"""Of a creator."""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_few_statements_and_none_of_them_twice(
    browser: Callable[[Actor | None], Any], owner: Actor, imported: Imported, page: str
) -> None:
    path = f"/workspaces/{imported.workspace_id}{page}"
    visitor = browser(owner)
    visitor.page(path)
    asked: Counter[str] = Counter()

    def note(*told: object) -> None:
        words = str(told[2])  # without who asks, which the request for the form's token asks too
        if words.startswith("SELECT") and "set_config" not in words and "FROM user_sessions" not in words:
            asked[f"{words} {told[3]}"] += 1

    event.listen(Engine, "before_cursor_execute", note)
    try:
        visitor.page(path)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert 0 < asked.total() <= MOST, asked
    assert [statement for statement, times in asked.items() if times > 1] == []
