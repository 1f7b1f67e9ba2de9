"""The latest program texts in memory: what rows name by a hash, and new texts until they are written."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace

from tui.store.blobs import AT_HAND_BYTES, MAX_TEXT_BYTES, BlobStore, text_digest
from tui.store.records.models import JobRecord, PendingSubmission

_IN_MEMORY = 8 << 20
"""Characters of texts that are kept in memory."""
_AT_LEAST = 2
"""Texts that are, however long: a circuit and its source are looked at together."""


class TextCache:
    """The latest program texts in memory, by their hashes, and new ones until they are written.

    Called in one thread; `BlobStore` writes the texts in another.

    Attributes:
        unwritten: texts by their hashes that `BlobStore.save_text` is to be called with.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self._latest: OrderedDict[str, str] = OrderedDict()
        self._held = 0
        self.unwritten: dict[str, str] = {}

    def add(self, text: str) -> str:
        """Add a text, to be written.

        Returns:
            Its hash; empty for an empty text.
        """
        if not text:
            return ""
        digest = text_digest(text)
        # One that is there already is unwritten too: a new job needs it, so it counts as new.
        self.unwritten[digest] = text
        self._remember(digest, text)
        return digest

    def text(self, digest: str, most: int = MAX_TEXT_BYTES) -> str:
        """Return the text with this hash, from memory or its file. Blocks while it reads a file.

        Args:
            most: bytes that are read at most; `AT_HAND_BYTES` take some milliseconds.

        Returns:
            Empty when it is not known or longer.
        """
        if not digest:
            return ""
        text = self._in_memory(digest) or self._blobs.text(digest, most)
        if text:
            self._remember(digest, text)
        return text

    def at_hand(self, digest: str) -> str:
        """Return the text with this hash when it is in memory or short; else it is empty."""
        return self.text(digest, AT_HAND_BYTES)

    async def read(self, digest: str) -> str:
        """Return the text with this hash, however long, and keep it in memory; empty when it is not known."""
        text = self._in_memory(digest)
        if not text and digest:
            text = await asyncio.to_thread(self._blobs.text, digest)
        if text:
            self._remember(digest, text)
        return text

    def without_texts(self, record: JobRecord) -> JobRecord:
        """Return the record with hashes in place of its texts, which are added."""
        job = record.job
        if not job.circuit and not job.source and not job.inputs:
            return record
        return replace(
            record,
            job=replace(job, circuit="", source="", inputs=""),
            circuit_hash=self.add(job.circuit) or record.circuit_hash,
            source_hash=self.add(job.source) or record.source_hash,
            inputs_hash=self.add(job.inputs) or record.inputs_hash,
        )

    def submission_without_texts(self, pending: PendingSubmission) -> PendingSubmission:
        """Return the submission with hashes in place of its texts, which are added; without transpilation."""
        submission = pending.submission
        return replace(
            pending,
            submission=replace(
                submission,
                qasm="",
                source="",
                params="",
                inputs="",
                transpilation=None,
                prediction=submission.predicted,
                sweep=None,
                further=(),
            ),
            circuit_hash=self.add(submission.qasm) or pending.circuit_hash,
            source_hash=self.add(submission.source) or pending.source_hash,
            params_hash=self.add(submission.params) or pending.params_hash,
            inputs_hash=self.add(submission.inputs) or pending.inputs_hash,
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
