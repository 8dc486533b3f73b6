"""Files in: what a file holds, and the daily tables of its creators."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cgn_core.errors import InvalidInput, NotImportable, UnreadableFile
from cgn_core.ingest.reading import Reading, read_bytes
from cgn_core.tables import Daily


def validate(path: str | Path) -> Reading:
    """What a file holds: format, columns, findings. Bad content becomes findings, not an exception.

    Raises:
        UnreadableFile: there is no such file, or it can't be opened.
    """
    source = Path(path)
    try:
        data = source.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path} can't be read: {error.strerror or error}.") from None
    return read_bytes(data, file_name=source.name, today=datetime.now(UTC).date())


def read_many(*paths: str | Path) -> dict[str, Daily]:
    """Every creator of the files, by name; a file that names none goes by its own name.

    Raises:
        NotImportable: a file has errors; the first is the message.
        InvalidInput: two files hold the same creator.
    """
    found: dict[str, Daily] = {}
    for path in paths:
        reading = validate(path)
        errors = [finding.message for finding in reading.findings if finding.severity == "error"]
        if errors:
            raise NotImportable(errors[0])
        for daily in reading.creators:
            name = daily.creator or Path(path).stem
            if name in found:
                raise InvalidInput(f"{path} holds {name} a second time; give each creator once.")
            found[name] = daily
    return found


def read(*paths: str | Path, creator: str | None = None) -> Daily:
    """One creator's daily table.

    Args:
        paths: files of the creator, or of several of whom ``creator`` is one.
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
