from __future__ import annotations

from pathlib import Path

import pytest

from cgn_core import settings as module


def test_a_secret_file_sets_what_the_variable_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cgn_redis_url").write_text("redis://from-a-file/0\n", encoding="utf-8")
    monkeypatch.delenv("CGN_REDIS_URL", raising=False)
    monkeypatch.setattr(module, "SECRET_FILES", tmp_path)
    assert module.Settings().redis_url == "redis://from-a-file/0"


def test_the_environment_comes_before_a_secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cgn_redis_url").write_text("redis://from-a-file/0", encoding="utf-8")
    monkeypatch.setenv("CGN_REDIS_URL", "redis://from-the-environment/0")
    monkeypatch.setattr(module, "SECRET_FILES", tmp_path)
    assert module.Settings().redis_url == "redis://from-the-environment/0"


def test_without_secret_files_nothing_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CGN_REDIS_URL", raising=False)
    monkeypatch.setattr(module, "SECRET_FILES", tmp_path / "absent")
    assert module.Settings().redis_url == ""
