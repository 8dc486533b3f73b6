"""Files in: what a file holds, and the daily tables of its creators."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile

import pandas as pd

from cgn_core.errors import InvalidInput, NotImportable, UnreadableFile
from cgn_core.ingest.drops import Drop, read_drop
from cgn_core.ingest.large import Progress, read_large
from cgn_core.ingest.questions import NO_ANSWERS, Answers
from cgn_core.ingest.reading import MAX_BYTES, Reading, read_bytes
from cgn_core.ingest.weeks import read_weeks
from cgn_core.tables import DAYS_PER_WEEK, Daily


def validate(path: str | Path, *, answers: Answers = NO_ANSWERS) -> Reading:
    """What a file holds: format, columns, findings, questions. Bad content becomes findings, not an exception.

    Args:
        path: of the file.
        answers: to its questions, by their keys.

    Raises:
        UnreadableFile: there is no such file, or it can't be opened.
    """
    source = Path(path)
    if _is_large(source):
        return validate_together(source, answers=answers).readings[0]
    return read_bytes(_bytes(source), file_name=source.name, today=datetime.now(UTC).date(), answers=answers)


def validate_together(
    *paths: str | Path, time_zone: str = "UTC", answers: Answers = NO_ANSWERS, progress: Progress | None = None
) -> Drop:
    """What several files hold together; those of one account are joined.

    A single CSV of many creators may be of any length: above 50 MB it is read in parts.

    Args:
        paths: at least one.
        time_zone: in which the seconds of a download become days.
        answers: to the files' questions, by their keys.
        progress: told how much of a large file is read, from 0 to 1, and a sentence.

    Raises:
        UnreadableFile: there is no such file, or it can't be opened.
    """
    sources = [Path(path) for path in paths]
    if len(sources) == 1 and _is_large(sources[0]):
        return _read_in_parts(sources[0], time_zone=time_zone, answers=answers, progress=progress)
    files = [(source.name, _bytes(source)) for source in sources]
    return read_drop(files, today=datetime.now(UTC).date(), time_zone=time_zone, answers=answers)


def read_many(*paths: str | Path, time_zone: str = "UTC") -> dict[str, Daily]:
    """Every creator of the files, by name; files of one account are joined, one that none names goes by the first file.

    Args:
        paths: at least one.
        time_zone: in which the seconds of a download become days.

    Raises:
        NotImportable: a file has errors; the first is the message.
        UnreadableFile: there is no such file, or it can't be opened.
    """
    drop = validate_together(*paths, time_zone=time_zone)
    errors = [finding.message for finding in drop.findings if finding.severity == "error"]
    if errors:
        raise NotImportable(errors[0])
    return {daily.creator or Path(paths[0]).stem: daily for daily in drop.creators}


def read(*paths: str | Path, creator: str | None = None) -> Daily:
    """One creator's daily table.

    Args:
        paths: files of the creator, which are joined, or of several of whom ``creator`` is one.
        creator: whose; needed where the files hold several.

    Raises:
        NotImportable, UnreadableFile: the file can't be used; the sentence says why.
        InvalidInput: several creators and none chosen, or no such creator.
    """
    found = read_many(*paths)
    if creator is not None:
        wanted = creator.removeprefix("@")
        if wanted not in found:
            raise InvalidInput(f"The files hold no creator {wanted}; they hold {', '.join(found)}.")
        return found[wanted]
    if len(found) != 1:
        raise InvalidInput(f"The files hold {len(found)} creators: {', '.join(found)}. Choose one with creator.")
    return next(iter(found.values()))


def weekly_sums(path: str | Path) -> pd.DataFrame:
    """Monday-Sunday sums of a plain file of any number of creators, straight from its bytes, without findings.

    Plain is delimited text of ISO days and numbers from zero on, each day of a creator once.

    Args:
        path: of the file.

    Returns: ``creator``, ``week_start`` and a column a metric, a row for each week that has all seven days; NaN where a
    day's cell is empty. Of ``followers``, a level, it is the mean of the seven days.

    Raises:
        NotImportable: the file isn't plain; ``read_many`` says what is odd in it.
        UnreadableFile: there is no such file, or it can't be opened.
    """
    source = Path(path)
    weeks = read_weeks(_bytes(source))
    if weeks is None:
        raise NotImportable(
            f"{source.name} isn't a plain table of ISO days and numbers with each day of a creator once; read it with "
            "read_many, or see what is odd in it with validate."
        )
    sums = dict(zip(weeks.columns, weeks.sums, strict=True))
    if "followers" in sums:
        sums["followers"] = sums["followers"] / DAYS_PER_WEEK
    creators = pd.Categorical.from_codes(weeks.codes, pd.Index(weeks.creators))
    return pd.DataFrame({"creator": creators, "week_start": weeks.week_starts.astype("datetime64[s]"), **sums})


def _is_large(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > MAX_BYTES


def _read_in_parts(path: Path, *, time_zone: str, answers: Answers, progress: Progress | None) -> Drop:
    """A CSV that isn't held in memory at once."""
    try:
        with path.open("rb") as source:
            return read_large(
                source,
                size=path.stat().st_size,
                file_name=path.name,
                today=datetime.now(UTC).date(),
                time_zone=time_zone,
                answers=answers,
                new_file=TemporaryFile,
                progress=progress or (lambda _share, _sentence: None),
                read=read_drop,
            )
    except OSError as error:
        raise UnreadableFile(f"{path} can't be read: {error.strerror or error}.") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path} can't be read: {error.strerror or error}.") from None
