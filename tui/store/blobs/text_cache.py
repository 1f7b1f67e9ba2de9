"""Program texts by their hashes: the latest in memory, new ones until they are written, the rest in files."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace

from tui.store.blobs.blob_store import AT_HAND_BYTES, MAX_TEXT_BYTES, BlobStore, text_digest
from tui.store.records.models import JobRecord, PendingSubmission

_IN_MEMORY = 8 << 20
"""Characters of texts that are kept in memory."""
_AT_LEAST = 2
"""Texts that are, however long: a circuit and its source are looked at together."""


class TextCache:
    """Texts as they are taken in and asked for, all in one thread; `BlobStore` writes them in another."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._latest: OrderedDict[str, str] = OrderedDict()
        self._held = 0
        self.unwritten: dict[str, str] = {}
        """Texts by their hashes that `BlobStore.save_text` is to be called with."""

    def keep(self, text: str) -> str:
        """Take in a text; returns its hash, empty for an empty one."""
        if not text:
            return ""
        digest = text_digest(text)
        # One that is there already is unwritten too: a new job needs it, so it counts as new.
        self.unwritten[digest] = text
        self._remember(digest, text)
        return digest

    def text(self, digest: str, most: int = MAX_TEXT_BYTES) -> str:
        """The text with this hash, which may be read from its file, when that holds no more bytes.

        Empty when it is not known. Blocks while it reads: at most some milliseconds for `AT_HAND_BYTES`.
        """
        if not digest:
            return ""
        text = self._in_memory(digest) or self._blobs.text(digest, most)
        if text:
            self._remember(digest, text)
        return text

    def at_hand(self, digest: str) -> str:
        """The text with this hash when it is in memory or short; empty when it is not, or not known."""
        return self.text(digest, AT_HAND_BYTES)

    async def read(self, digest: str) -> str:
        """The text with this hash, however long; it is at hand for a while then. Empty when not known."""
        text = self._in_memory(digest)
        if not text and digest:
            text = await asyncio.to_thread(self._blobs.text, digest)
        if text:
            self._remember(digest, text)
        return text

    def without(self, record: JobRecord) -> JobRecord:
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

    def without_program(self, intent: PendingSubmission) -> PendingSubmission:
        """The intent with hashes in place of its texts, which are taken in; without its transpilation."""
        submission = intent.submission
        return replace(
            intent,
            submission=replace(submission, qasm="", source="", transpilation=None),
            circuit_hash=self.keep(submission.qasm) or intent.circuit_hash,
            source_hash=self.keep(submission.source) or intent.source_hash,
        )

    def _in_memory(self, digest: str) -> str:
        return self._latest.get(digest) or self.unwritten.get(digest, "")

    def _remember(self, digest: str, text: str) -> None:
        if digest not in self._latest:
            self._held += len(text)
        self._latest[digest] = text
        self._latest.move_to_end(digest)
        while self._held > _IN_MEMORY and len(self._latest) > _AT_LEAST:
            _, oldest = self._latest.popitem(last=False)
            self._held -= len(oldest)
