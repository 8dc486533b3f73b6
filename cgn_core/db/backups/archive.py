"""The file of a backup: a ZIP of parts and a manifest, whose last 64 bytes are the SHA-256 in hex of all before them.

Any ZIP program reads it: the digest stands in the archive's comment. Writing needs no seeking, so that a backup can go
into a pipe.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from cgn_core.errors import InvalidInput

FORMAT = 1
MANIFEST = "manifest.json"
MARK = b"sha256:"
DIGEST_LENGTH = 64
CHUNK = 1024 * 1024


class DamagedBackup(InvalidInput):
    """The backup isn't what was written; take another one."""

    code = "damaged_backup"


@dataclass(frozen=True)
class Part:
    """One part as it is when unpacked."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds and where it comes from; times are UTC in ISO form."""

    product: str
    version: str
    made_at: str
    database: str
    """``sqlite`` or ``postgresql``."""
    server: str
    """The database's own version."""
    schema: str
    """The last migration that it went through."""
    tables: dict[str, int]
    """Rows of each table, in the order in which they can be filled."""
    columns: dict[str, list[str]]
    ledger: dict[str, Any]
    """How many forecasts are kept, and a hash over the ends of all chains."""
    audit: dict[str, Any]
    """How many lines of how many agencies, and ``heads``: where each chain ends, sealed, as the log tells it."""
    problems: list[str] = field(default_factory=list)
    """What was wrong with the chains when the backup was made."""
    parts: dict[str, Part] = field(default_factory=dict)
    format: int = FORMAT


class Writer:
    """Writes parts one after the other, then the manifest."""

    def __init__(self, output: BinaryIO) -> None:
        self._sealed = _Sealed(output)
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._sealed), "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.parts: dict[str, Part] = {}

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[PartWriter]:
        """A part to write to, until the body ends."""
        with self._zip.open(name, "w", force_zip64=True) as opened:
            writer = PartWriter(opened)
            yield writer
        self.parts[name] = Part(writer.digest.hexdigest(), writer.bytes)

    def discard(self) -> None:
        """Write no more: the backup isn't going to be one."""
        self._sealed.discard()
        self._zip.close()

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, the parts' checksums in it, and the digest over everything."""
        whole = manifest | {"parts": {name: asdict(part) for name, part in self.parts.items()}}
        self._zip.writestr(MANIFEST, json.dumps(whole, indent=2, ensure_ascii=False))
        self._zip.comment = MARK + bytes(DIGEST_LENGTH)
        self._zip.close()
        self._sealed.finish()


class PartWriter:
    """Counts and hashes what is written to a part."""

    def __init__(self, opened: IO[bytes]) -> None:
        self._opened = opened
        self.digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes | memoryview) -> None:
        """Add to the part."""
        self._opened.write(data)
        self.digest.update(data)
        self.bytes += len(data)

    def copy_from(self, file: Path) -> None:
        """Add a whole file."""
        with file.open("rb") as source:
            while chunk := source.read(CHUNK):
                self.write(chunk)


class _Sealed:
    """Holds the last bytes back until it is known that they are the last, and puts the digest in their place."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._digest = hashlib.sha256()
        self._held = b""

    def write(self, data: bytes | memoryview) -> int:
        together = self._held + bytes(data)
        self._pass_on(together[:-DIGEST_LENGTH])
        self._held = together[-DIGEST_LENGTH:]
        return len(data)

    def flush(self) -> None:
        """Nothing waits but what has to."""

    def finish(self) -> None:
        self._output.write(self._digest.hexdigest().encode())
        self._output.flush()

    def discard(self) -> None:
        self._output = io.BytesIO()

    def _pass_on(self, data: bytes) -> None:
        self._digest.update(data)
        self._output.write(data)


class Reader:
    """A backup that is what was written: opening it has read every byte."""

    def __init__(self, file: Path) -> None:
        """Check the file from its first byte to its last.

        Raises:
            InvalidInput: there is no such file, it is no backup of this product, or of a version that came later.
            DamagedBackup: a byte of it has changed, or its end is missing.
        """
        self.file = file
        _check_digest(file)
        try:
            self._zip = zipfile.ZipFile(file)
            told = json.loads(self._zip.read(MANIFEST))
            if told.get("format") != FORMAT:
                raise InvalidInput(f"{file} was written by a newer version of this product; restore it with that one.")
            parts = {name: Part(**part) for name, part in told.pop("parts").items()}
            self.manifest = Manifest(**told, parts=parts)
        except (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as error:
            raise DamagedBackup(f"{file} is no backup that this product can read.") from error
        for name in parts:
            self._check_part(name)

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """A part to read from."""
        with self._zip.open(name) as opened:
            yield opened

    def unpack(self, name: str, target: Path) -> None:
        """Write a part to a file of its own."""
        with self.part(name) as source, target.open("wb") as opened:
            shutil.copyfileobj(source, opened, CHUNK)

    def _check_part(self, name: str) -> None:
        wanted, digest, count = self.manifest.parts[name], hashlib.sha256(), 0
        try:
            with self.part(name) as opened:
                while chunk := opened.read(CHUNK):
                    digest.update(chunk)
                    count += len(chunk)
        except (KeyError, OSError, zipfile.BadZipFile, ValueError) as error:
            raise DamagedBackup(f"{self.file} is damaged: its part {name} can't be read; take another one.") from error
        if (digest.hexdigest(), count) != (wanted.sha256, wanted.bytes):
            raise DamagedBackup(f"{self.file} is damaged: its part {name} isn't what was written; take another one.")


def _check_digest(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            left = file.stat().st_size - DIGEST_LENGTH
            opened.seek(max(0, left - len(MARK)))
            mark, said = opened.read(len(MARK)), opened.read()
            opened.seek(0)
            digest = hashlib.sha256()
            while left > 0 and (chunk := opened.read(min(CHUNK, left))):
                digest.update(chunk)
                left -= len(chunk)
    except OSError as error:
        raise InvalidInput(f"{file} can't be read ({(error.strerror or str(error)).lower()}).") from None
    if said == digest.hexdigest().encode() and mark == MARK:
        return
    if mark != MARK:
        raise DamagedBackup(f"{file} is no backup of this product, or its end is missing; take another one.")
    raise DamagedBackup(f"{file} is damaged: it isn't what was written; take another one.")
