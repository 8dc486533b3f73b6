"""Meta Business Suite's daily metric CSV: blocks of a title, a header ``Date, Primary`` and a row a day."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cgn_core.ingest.columns import folded
from cgn_core.ingest.counts import parse_counts
from cgn_core.ingest.delimited import EMPTY_CELLS
from cgn_core.ingest.findings import Findings, RefusedFile, excerpt, listed
from cgn_core.ingest.fragments import Metrics
from cgn_core.ingest.grid import MOST_ROWS, Floats
from cgn_core.ingest.questions import Asking

Platform = Literal["instagram", "unnamed", "facebook"]

METRICS: dict[str, str] = {
    "instagram_follows": "follows",
    "seguidores_no_instagram": "follows",
    "seguidores_de_instagram": "follows",
    "reach": "reach",
    "instagram_reach": "reach",
    "alcance": "reach",
    "alcance_do_instagram": "reach",
    "alcance_de_instagram": "reach",
    "views": "views",
    "instagram_views": "views",
    "visualizacoes": "views",
    "visualizaciones": "views",
    "content_interactions": "interactions",
    "instagram_content_interactions": "interactions",
    "interacoes_com_o_conteudo": "interactions",
    "interacciones_con_el_contenido": "interactions",
    "instagram_profile_visits": "profile_visits",
    "visitas_ao_perfil_do_instagram": "profile_visits",
    "visitas_al_perfil_de_instagram": "profile_visits",
}
"""Block titles, folded, that are a canonical column."""
NOT_STORED = frozenset({"instagram_link_clicks", "cliques_no_link_do_instagram", "link_clicks"})
"""Known titles without a canonical column."""
ALONE_FACEBOOK = frozenset({"follows", "seguidores", "visits", "visitas"})
"""Titles that Facebook's own blocks have where they name no platform."""
DATES = frozenset({"date", "data", "fecha"})
PRIMARY = "primary"
PROVISIONAL_DAYS = 2
MOST_BLOCKS = 100
"""Business Suite knows about twenty metrics."""
_LONGEST_TITLE = 80
SEARCHED = 40
"""Lines at the top in which the first block must begin."""
_HEAD = 262_144
_MANY_FILLED = re.compile(r"(?:[,;\t\s\"]*[^,;\t\s\"][^,;\t]*(?:[,;\t]|$)){7}")
"""Seven cells that hold anything, whatever delimits them."""
_SEPARATOR = re.compile(r"\Asep=(.)\s*\Z", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Block:
    """One metric's days as the file writes them."""

    title: str
    rows: tuple[tuple[int, str, str], ...]
    """Line, day and value."""
    is_daily: bool = True
    """False: another kind of table, such as an audience's ages, of which nothing is read."""

    @property
    def column(self) -> str | None:
        """The canonical column; None for a metric that has none, or another platform's."""
        return None if self.platform == "facebook" or not self.is_daily else METRICS.get(folded(self.title))

    @property
    def platform(self) -> Platform:
        """Whose metric the title says it is."""
        name = folded(self.title)
        if "instagram" in name:
            return "instagram"
        return "facebook" if "facebook" in name or name in ALONE_FACEBOOK else "unnamed"


def metric_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a Business Suite export; none where the text is something else.

    Also re-saved by Excel: semicolons, tabs, or whole rows quoted once more.

    Raises:
        RefusedFile: more blocks than an account has metrics.
    """
    if not _looks_like_blocks(text):
        return ()
    blocks: list[Block] = []
    title, is_open = "", False
    rows: list[tuple[int, str, str]] = []
    for line, cells in _rows(text):
        filled = [cell for cell in cells if cell]
        if _is_header(cells, title):
            blocks += _closed(title, rows) if is_open else []
            title = title or cells[1]
            rows, is_open = [], True
        elif len(filled) == 1 and not is_open and not _LETTER.search(filled[0]):
            continue
        elif len(filled) == 1 and not _DAY.match(cells[0]):
            blocks += _closed(title, rows, is_daily=is_open) if title and title != filled[0] else []
            title, rows, is_open = filled[0], [], False
        elif filled and is_open:
            rows.append((line, cells[0], cells[1] if len(cells) > 1 else ""))
    blocks += _closed(title, rows, is_daily=is_open) if title else []
    if len(blocks) > MOST_BLOCKS:
        raise RefusedFile(
            "too_many_blocks",
            f"has {len(blocks):,} blocks of metrics and at most {MOST_BLOCKS} are read; export one account by itself.",
        )
    return tuple(blocks)


def are_instagrams(blocks: Sequence[Block], asking: Asking, *, beside_facebook: bool = False) -> bool:
    """Whether titles without a platform, such as Reach, are Instagram's: asked where Facebook's stand beside them.

    Args:
        blocks: of one file.
        asking: of the file.
        beside_facebook: whether another file of the drop makes it doubtful; then it is asked of this file alone.
    """
    unnamed = [block.title for block in blocks if block.platform == "unnamed" and block.column is not None]
    if not unnamed:
        return True
    is_mixed = any(block.platform == "facebook" for block in blocks)
    verb, whose, they = ("names", "is it", "it is") if len(unnamed) == 1 else ("name", "are they", "they are")
    beside = ", and Facebook's numbers are in the same file" if is_mixed else ""
    if beside_facebook and not is_mixed:
        beside = ", and other files beside it have Facebook's numbers or tell the same days otherwise"
    topic = "platform_here" if beside_facebook else "platform"
    titles = listed([excerpt(title) for title in unnamed])
    chosen = asking.ask(
        topic,
        f"{titles} {verb} no platform{beside}; whose {whose}?",
        [("instagram", f"Instagram's: {they} read"), ("facebook", f"Facebook's: {they} left out")],
        proposed=None if is_mixed or beside_facebook else "instagram",
    )
    return chosen != "facebook"


def metric_fragments(blocks: Sequence[Block], found: Findings, *, instagram: bool = True) -> tuple[Metrics, ...]:
    """One fragment per block that is Instagram's; what is left out is said.

    Args:
        blocks: of one file.
        found: takes the findings.
        instagram: whether titles that name no platform, such as Reach, are Instagram's.
    """
    fragments, skipped = [], []
    for block in blocks:
        column = block.column
        if column is None or (block.platform == "unnamed" and not instagram):
            skipped.append(block.title)
            continue
        fragment = _fragment(block, column, found, is_alone=sum(each.is_daily for each in blocks) == 1)
        if fragment is not None:
            fragments.append(fragment)
    if skipped:
        found.add(
            "info",
            "blocks_left_out",
            f"{listed([excerpt(title) for title in skipped])} {'is' if len(skipped) == 1 else 'are'} not a daily "
            "metric of an Instagram account that is used here, and left out.",
        )
    return tuple(fragments)


def _closed(title: str, rows: list[tuple[int, str, str]], *, is_daily: bool = True) -> list[Block]:
    return [Block(title[:_LONGEST_TITLE], tuple(rows), is_daily)]


def _fragment(block: Block, column: str, found: Findings, *, is_alone: bool) -> Metrics | None:
    unreadable = [line for line, day, _ in block.rows if not _readable_day(day)]
    if unreadable:
        found.add(
            "error",
            "not_a_date",
            f"{block.title} has no day such as 2026-01-05 in {found.places(unreadable)}; export the file again.",
            unreadable,
        )
        return None
    if not block.rows:
        found.add("warning", "no_rows", f"{block.title} has no day at all; choose a longer period and export it again.")
        return None
    # The hour is noise: it flips with American daylight saving; converting it would move days.
    days = np.array([day[:10] for _, day, _ in block.rows], dtype="datetime64[D]")
    values, wrong = _counts([value for _, _, value in block.rows])
    lines = np.array([line for line, _, _ in block.rows], dtype=np.int64)
    order = np.argsort(days, kind="stable")
    days, values, lines = days[order], values[order], lines[order]
    doubled = np.flatnonzero(np.diff(days) == np.timedelta64(0, "D")) + 1
    if wrong or len(doubled):
        rows = lines[doubled].tolist() or [int(block.rows[place][0]) for place in wrong]
        found.add(
            "error",
            "duplicate_dates" if len(doubled) else "not_a_number",
            f"{block.title} has {'a day twice' if len(doubled) else 'text where a number belongs'} in "
            f"{found.places(rows)}; export the file again.",
            rows,
        )
        return None
    return Metrics(
        source=found.file_name if is_alone else f"{found.file_name} ({block.title})",
        creator="",
        days=days,
        values={column: values},
        lines=lines,
        omits_zero_days=frozenset({column}),
        provisional_days=PROVISIONAL_DAYS,
    )


def _readable_day(day: str) -> bool:
    try:
        np.datetime64(day[:10], "D")
    except ValueError:
        return False
    return bool(_DAY.match(day))


def _counts(cells: Sequence[str]) -> tuple[Floats, list[int]]:
    empty = frozenset(EMPTY_CELLS)
    counts = parse_counts([None if cell in empty else cell for cell in cells], whole=True)
    return counts.values, counts.unreadable.tolist()


def _looks_like_blocks(text: str) -> bool:
    """Whether a header ``Date, Primary``, or a title repeated by its value column, stands near the top."""
    title = ""
    lines = _top_lines(text)
    # A header's two cells may have delimiters of their own; tables of days have far more cells in every line.
    if all(map(_MANY_FILLED.match, lines)):
        return False
    for _, cells in _rows("\n".join(lines)):
        if _is_header(cells, title):
            return True
        filled = [cell for cell in cells if cell]
        title = filled[0] if len(filled) == 1 else title
    return False


def _top_lines(text: str) -> list[str]:
    """The first lines; of most files a small part of the text holds them."""
    for size in (_HEAD // 32, _HEAD):
        # The last one may be cut off.
        lines = text[:size].splitlines()
        if len(lines) > SEARCHED or len(text) <= size:
            break
    return lines[:SEARCHED]


def _is_header(cells: Sequence[str], title: str) -> bool:
    filled = [cell for cell in cells if cell]
    if len(filled) != 2 or folded(filled[0]) not in DATES:  # noqa: PLR2004 - a day and its value
        return False
    value = folded(filled[1])
    return value == PRIMARY or (value == folded(title) != "")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Line numbers and cells, blank and ``sep=`` lines left out; rows quoted as a whole are opened."""
    lines = text.splitlines()[: MOST_ROWS + 1]
    delimiter = _delimiter(lines)
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or _SEPARATOR.match(line.strip().strip('"')):
            continue
        cells = _cells(line, delimiter)
        if len([cell for cell in cells if cell]) == 1 and '"' in cells[0]:
            cells = _cells(cells[0], _delimiter([cells[0]]))
        rows.append((number, cells))
    return rows


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter))]
    except (csv.Error, StopIteration):
        return [line.strip()]


def _delimiter(lines: Sequence[str]) -> str:
    for line in lines[:1]:
        announced = _SEPARATOR.match(line.strip().strip('"'))
        if announced:
            return announced.group(1)
    top = lines[:SEARCHED]
    return max((",", ";", "\t"), key=lambda mark: sum(mark in line for line in top))
