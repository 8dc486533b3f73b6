from __future__ import annotations

from cgn_core.ingest.findings import Findings, shown


def test_names_from_files_break_no_sentence() -> None:
    found = Findings("a.csv")
    found.add("error", "x", "\ufeffda\u202ete\n is there twice.")
    assert found.found[0].message == "a.csv:  da te  is there twice."


def test_a_word_without_end_is_cut_and_the_sentence_still_ends() -> None:
    assert shown(f"a.csv: no column is named {'x' * 5000}.") == f"a.csv: no column is named {'x' * 100}…x."
    assert shown("x" * 90) == "x" * 90


def test_a_sentence_without_end_is_cut() -> None:
    text = shown("a.csv: " + "many words " * 1000 + ".")
    assert len(text) < 1600
    assert text.endswith(".")
