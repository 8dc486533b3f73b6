from __future__ import annotations

import pytest

from cgn_core.ingest.findings import RefusedFile
from cgn_core.ingest.records import read_records

EXPECTED = (("date", "followers"), [("2026-01-05", "2026-01-06"), (5, None)])


@pytest.mark.parametrize(
    "text",
    [
        '[{"date":"2026-01-05","followers":5},{"date":"2026-01-06","followers":null}]',
        '[{"date":"2026-01-05","followers":5},{"date":"2026-01-06"}]',
        '{"meta":{"x":1},"data":[{"date":"2026-01-05","followers":5},{"date":"2026-01-06","followers":"n/a"}]}',
        '{"date":"2026-01-05","followers":5}\n{"date":"2026-01-06","followers":null}\n',
        '{"date":["2026-01-05","2026-01-06"],"followers":[5,null]}',
    ],
    ids=["records", "a key left out", "inside an object", "one a line", "columns"],
)
def test_records_are_found_wherever_json_puts_them(text: str) -> None:
    grid = read_records(text)
    assert (grid.header, list(grid.columns)) == EXPECTED
    assert grid.unit == "record"
    assert grid.lines.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[{"date": "2026-01-05", "followers": 5]', "broken_json"),
        ("[1, 2, 3]", "not_a_table"),
        ("[[1, 2], [3, 4]]", "not_a_table"),
        ("[]", "no_rows"),
        ("{}", "no_rows"),
        ('{"a": [1], "b": [1, 2]}', "not_a_table"),
        ("[" * 100_000, "broken_json"),
        ("[" + "{}," * 2_000_001 + "{}]", "too_many_cells"),
        ("[{" + ",".join(f'"c{number}":1' for number in range(600)) + "}]", "too_many_columns"),
    ],
)
def test_other_json_is_refused_in_words(text: str, code: str) -> None:
    with pytest.raises(RefusedFile) as refused:
        read_records(text)
    assert refused.value.finding_code == code
