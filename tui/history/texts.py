"""Program texts by their hashes: the latest in memory, the new ones owed to the disk, the rest in files."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from tui.history.blobs import Blobs, text_digest
from tui.history.records import Intent, Record

_IN_MEMORY = 64


class Texts:
    """Texts as they are taken in and asked for, all in one thread; `Blobs` writes them in another."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._latest: OrderedDict[str, str] = OrderedDict()
        self.owed: dict[str, str] = {}
        """Texts by their hashes that `Blobs.keep_text` is to be called with."""

    def keep(self, text: str) -> str:
        """Take in a text; returns its hash, empty for an empty one."""
        if not text:
            return ""
        digest = text_digest(text)
        # One that is there already is owed too: a new job needs it, so it counts as new.
        self.owed[digest] = text
        self._remember(digest, text)
        return digest

    def text(self, digest: str) -> str:
        """The text with this hash, which may be read from a small file; empty when it is not known."""
        if not digest:
            return ""
        text = self._latest.get(digest) or self.owed.get(digest)
        if text is None:
            text = self._blobs.text(digest)
        if text:
            self._remember(digest, text)
        return text

    def without(self, record: Record) -> Record:
        """The record with hashes in place of its texts, which are taken in."""
        job = record.job
        if not job.circuit and not job.source:
            return record
        return replace(
            record,
            job=replace(job, circuit="", source=""),
            circuit_hash=self.keep(job.circuit) or record.circuit_hash,
            source_hash=self.keep(job.source) or record.source_hash,
        )

    def without_program(self, intent: Intent) -> Intent:
        """The intent with hashes in place of its texts, which are taken in."""
        submission = intent.submission
        return replace(
            intent,
            submission=replace(submission, qasm="", source=""),
            circuit_hash=self.keep(submission.qasm) or intent.circuit_hash,
            source_hash=self.keep(submission.source) or intent.source_hash,
        )

    def _remember(self, digest: str, text: str) -> None:
        self._latest[digest] = text
        self._latest.move_to_end(digest)
        if len(self._latest) > _IN_MEMORY:
            self._latest.popitem(last=False)
