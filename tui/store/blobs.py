"""Files beside the database: results by job, program texts by hash; compressed, written atomically.

Texts are addressed by their content: many jobs may have the same one, and its hash is what the rows keep. A
result belongs to one job and is shared with none, and its file names that job, so it is addressed by its job
and can be found even where the database is lost. It begins with the SHA-256 of what follows, so that damage
is found all the same; what is damaged counts as missing, and the service is asked again.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import re
import threading
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from tui.common.atomic_file import make_folder, replace_file
from tui.common.bounded_read import read_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.values import Value
from tui.domain.results import ExecutionSpan, JobResult, PubResult, Role
from tui.store.records.models import Key

MAX_TEXT_BYTES = 64 << 20
"""The largest program text that is read back: a compressed file could pretend to be endless."""
AT_HAND_BYTES = 1 << 20
"""The largest program text that is read in the event loop: a few milliseconds."""
_MOST_FILE_BYTES = 2_000_000_000
_LARGE = 4 << 20
DEFAULT_BYTES = 2 << 30
"""Largest total of all files: 2 GiB."""
_SLACK = 0.95
"""Share of it that is kept when something has to go, so that not every new file makes one go."""
_SEAL = b'{"sha256":"%s",'
_SEALED = len(_SEAL % (b"0" * 64))


class _ResultFile(Value, frozen=True):
    """Content of a result's file; `raw` as text when it is text, so that `zcat` shows it.

    An abridged one has SHA-256 of the service's answer, which is beside it, instead.
    """

    service: str
    job_id: str
    pubs: tuple[PubResult, ...]
    note: str = ""
    raw: str | None = None
    raw_bytes: bytes = b""
    role: Role = Role.NONE
    abridged: bool = False
    spans: tuple[ExecutionSpan, ...] = ()
    answer_hash: str = ""


class BlobStore:
    """Results and program texts. Every method blocks: call it in a thread, except for small texts.

    Args:
        quota: bytes that all files may take together; the oldest are removed, with a warning.
            Default: `DEFAULT_BYTES`.

    Attributes:
        needed: hashes of the texts that are never removed; `None`: not known yet, so nothing is removed. Set
            it before calling a method that saves something.
        warnings: sentences for the user; the reader takes them out.
    """

    def __init__(self, results: Path, texts: Path, quota: int | None = None) -> None:
        self.results = results
        self.texts = texts
        self.warnings: list[str] = []
        self.needed: Collection[str] | None = None
        self._quota = Quota((results, texts), DEFAULT_BYTES if quota is None else quota)

    def save_result(self, key: Key, result: JobResult) -> None:
        """Write a result; the service's answer of an abridged one in a file of its own.

        Raises:
            QdeckError: `STORAGE`.
        """
        raw, raw_bytes = "", b""
        if result.abridged:
            # Large as it is, it is neither read nor parsed for a look at the summary.
            self._write(self._answer_path(key), result.raw)
        else:
            try:
                raw = result.raw.decode("utf-8")
            except UnicodeDecodeError:
                raw_bytes = result.raw
        body = _ResultFile(
            key[0],
            key[1],
            result.pubs,
            result.note,
            None if raw_bytes else raw,
            raw_bytes,
            result.role,
            result.abridged,
            result.spans,
            _digest(result.raw) if result.abridged else "",
        )
        self._write(self._result_path(key), _sealed(msgspec.json.encode(body)))

    def result(self, key: Key, *, short: bool = False) -> JobResult | None:
        """Return the result kept for the job; `None` when there is none that can be read.

        Args:
            key: of the job.
            short: an abridged result without the service's answer; one whose answer is gone has none anyway.
        """
        try:
            data = gzip.decompress(read_file(self._result_path(key), _MOST_FILE_BYTES))
            body = msgspec.json.decode(_intact(data), type=_ResultFile)
        except (OSError, EOFError, zlib.error, msgspec.MsgspecError, UnicodeDecodeError):
            # Missing or damaged: the service is asked again.
            return None
        if (body.service, body.job_id) != key:
            return None
        raw = body.raw_bytes if body.raw is None else body.raw.encode()
        if body.abridged and not short:
            raw = self._answer(key, body.answer_hash)
        return JobResult(
            pubs=body.pubs, raw=raw, note=body.note, role=body.role, abridged=body.abridged, spans=body.spans
        )

    def _answer(self, key: Key, digest: str) -> bytes:
        try:
            data = gzip.decompress(read_file(self._answer_path(key), _MOST_FILE_BYTES))
        except (OSError, EOFError, zlib.error):
            return b""
        return data if _digest(data) == digest else b""

    def remove_result(self, key: Key) -> None:
        """Remove the result's file, when there is one.

        Raises:
            QdeckError: `STORAGE`.
        """
        try:
            self._result_path(key).unlink(missing_ok=True)
            self._answer_path(key).unlink(missing_ok=True)
        except OSError as error:
            raise _storage_error(self._result_path(key), error) from error

    def save_text(self, digest: str, text: str) -> None:
        """Write a program's text under its hash.

        Raises:
            QdeckError: `STORAGE`.
        """
        path = self._text_path(digest)
        if self.text(digest):
            # Another process may remove it in this moment.
            with contextlib.suppress(OSError):
                # It counts as new again: a job of today needs it.
                os.utime(path)
                return
        self._write(path, text.encode("utf-8", "surrogatepass"))

    def text(self, digest: str, most: int = MAX_TEXT_BYTES) -> str:
        """Read a text.

        Args:
            most: bytes that are read at most, uncompressed.

        Returns:
            The text with this hash; empty when there is none that can be read, or it has more bytes.
        """
        try:
            with gzip.open(io.BytesIO(read_file(self._text_path(digest), _MOST_FILE_BYTES))) as file:
                data = file.read(most)
        except (OSError, EOFError, zlib.error):
            return ""
        return data.decode("utf-8", "surrogatepass") if _digest(data) == digest else ""

    def _write(self, path: Path, data: bytes) -> None:
        try:
            make_folder(path.parent)
            # What is measured hardly shrinks: of much of it a quick attempt is enough.
            level = 6 if len(data) < _LARGE else 1
            replace_file(path, [gzip.compress(data, level, mtime=0)])
        except OSError as error:
            raise _storage_error(path, error) from error
        needed = None if self.needed is None else [self._text_path(digest) for digest in self.needed]
        files, freed = self._quota.add(path, needed)
        if files:
            limit = self._quota.limit / (1 << 30)
            self.warnings.append(
                f"Results and circuits took more than {limit:.3g} GiB: the {files} oldest files "
                f"({freed / (1 << 20):.3g} MiB) were let go. The service may still have those results."
            )

    def _result_path(self, key: Key) -> Path:
        # Ids are the service's, so they are not trusted as file names: the hash makes them unique.
        readable = re.sub(r"[^A-Za-z0-9-]", "_", f"{key[0]}-{key[1]}")[:60]
        return self.results / f"{readable}-{_digest(repr(key).encode())[:12]}.json.gz"

    def _answer_path(self, key: Key) -> Path:
        path = self._result_path(key)
        return path.with_name(path.name.replace(".json.gz", ".answer.gz"))

    def _text_path(self, digest: str) -> Path:
        return self.texts / digest[:2] / f"{digest}.qasm.gz"


def text_digest(text: str) -> str:
    """Return the name a text is kept under: SHA-256 of its UTF-8, in hex."""
    return _digest(text.encode("utf-8", "surrogatepass"))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sealed(body: bytes) -> bytes:
    """Return a JSON object with the checksum of its other members before them."""
    return _SEAL % _digest(body).encode() + body[1:]


def _intact(data: bytes) -> bytes:
    """Return what was sealed.

    Raises:
        msgspec.DecodeError: it is not what was written.
    """
    if data[:11] != _SEAL[:11]:
        # Of an earlier version: it has the checksum of its compressed form alone.
        return data
    body = b"{" + data[_SEALED:]
    if data[:_SEALED] != _SEAL % _digest(body).encode():
        raise msgspec.DecodeError("the checksum is of something else")
    return body


def _storage_error(path: Path, error: OSError) -> QdeckError:
    return QdeckError(
        ErrorKind.STORAGE,
        f"{path} cannot be written: {error.strerror or error}.",
        "Make room or check the permissions.",
    )


class Quota:
    """A bound on the bytes of all files below some folders: the oldest that nothing needs are removed first.

    Thread-safe; several processes may have one over the same folders.

    Args:
        folders: searched with all folders below them.
        limit: bytes.
    """

    def __init__(self, folders: tuple[Path, ...], limit: int) -> None:
        self._folders = folders
        self.limit = limit
        self._used: int | None = None
        self._lock = threading.Lock()

    def add(self, path: Path, needed: Collection[Path] | None = ()) -> tuple[int, int]:
        """Count a file that was written, and remove the oldest ones when there are too many bytes. Blocks.

        The file just written stays, whatever it takes. Another process' files are counted the next time the
        limit seems to be reached.

        Args:
            needed: files that stay, too; `None`: that is not known, so all stay for now.

        Returns:
            How many files were removed, and their bytes.
        """
        with self._lock:
            if self._used is None:
                self._used = sum(size for _, size, _ in self._files())
            else:
                with contextlib.suppress(OSError):
                    self._used += path.stat().st_size
            if needed is None or self._used <= self.limit:
                return 0, 0
            return self._make_room({path, *needed})

    def _make_room(self, staying: set[Path]) -> tuple[int, int]:
        files = sorted(self._files())
        used = sum(size for _, size, _ in files)
        least = self.limit if used <= self.limit else int(self.limit * _SLACK)
        gone = freed = 0
        for _, size, path in files:
            if used - freed <= least:
                break
            if Path(path) in staying:
                continue
            # Another process may have been quicker.
            with contextlib.suppress(OSError):
                Path(path).unlink()
                gone, freed = gone + 1, freed + size
        self._used = used - freed
        return gone, freed

    def _files(self) -> Iterator[tuple[int, int, str]]:
        """Yield time of the last use in ns, bytes and path of all files."""
        for folder in self._folders:
            for parent, _, names in os.walk(folder):
                for name in names:
                    path = f"{parent}/{name}"
                    with contextlib.suppress(OSError):
                        found = os.lstat(path)
                        yield found.st_mtime_ns, found.st_size, path
