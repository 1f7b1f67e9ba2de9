"""The repository's submissions: their states, and how their circuits were transpiled."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tui.common.clock import Clock
from tui.domain.circuits import Transpilation
from tui.domain.jobs import Submission
from tui.store.blobs import TextCache
from tui.store.cache import StoreCache
from tui.store.records.models import (
    JobRecord,
    PendingState,
    PendingSubmission,
    Transpiled,
    merge_submissions,
    merge_transpiled,
)
from tui.store.records.tables import SUBMISSIONS, TRANSPILATIONS

_KEPT_FOR = timedelta(days=30)
_FORGET_EVERY = timedelta(hours=1)


class SubmissionRepository:
    """Submissions by their own tags, read from memory; changes are made there and written by `flush`."""

    def __init__(self, clock: Clock, texts: TextCache) -> None:
        self._clock = clock
        self._texts = texts
        self._cache = StoreCache()
        self._forgot: datetime | None = None

    def submissions(self) -> tuple[PendingSubmission, ...]:
        """Return all submissions, the earliest first."""
        return self._cache.submissions_by_creation()

    def pending_submissions(self) -> tuple[PendingSubmission, ...]:
        """Return those that may still be sent, or whose job may be found; the earliest first."""
        return tuple(sorted(self._cache.pending.values(), key=lambda pending: pending.created))

    def submission(self, tag: str) -> PendingSubmission | None:
        """Return the submission with this own tag; `None` when there is none."""
        return self._cache.values[SUBMISSIONS].get((tag,))

    def upsert_submission(self, pending: PendingSubmission) -> PendingSubmission:
        """Add or update a submission, with its texts and its transpilation.

        Returns:
            The submission as kept: without its texts, and not put back when it has come further already.
        """
        known = self.submission(pending.tag)
        changed = self._clock.now()
        if known is not None and known.changed is not None:
            # Later than what it follows, whatever was done to the clock.
            changed = max(changed, known.changed + timedelta(microseconds=1))
        lean = replace(self._texts.submission_without_texts(pending), changed=changed)
        merged = lean if known is None else merge_submissions(known, lean)
        self._cache.upsert(SUBMISSIONS, merged)
        if pending.submission.transpilation is not None and lean.circuit_hash:
            self._upsert_transpiled(
                Transpiled(lean.circuit_hash, pending.submission.transpilation, lean.source_hash)
            )
        if merged.state in {PendingState.REFUSED, PendingState.WITHDRAWN}:
            self._remove_unused_transpiled({merged.circuit_hash})
        return merged

    def submission_with_texts(self, pending: PendingSubmission) -> Submission:
        """Return what the user asked for, with its circuit and source, which may be read from small files."""
        return replace(
            pending.submission,
            qasm=self._texts.text(pending.circuit_hash),
            source=self._texts.text(pending.source_hash),
        )

    def remove_submission(self, tag: str) -> None:
        """Remove a submission that was never sent; one that is not known is none."""
        pending = self.submission(tag)
        if pending is not None:
            self._cache.remove(SUBMISSIONS, (tag,))
            self._remove_unused_transpiled({pending.circuit_hash})

    def transpilation(self, record: JobRecord) -> Transpilation | None:
        """Return how the job's circuit was transpiled; `None` when that was not done here."""
        kept = self._cache.values[TRANSPILATIONS].get((record.circuit_hash,))
        return None if kept is None else kept.transpilation

    def _remove_old_submissions(self) -> None:
        """Remove what ended long ago; once an hour, for a qdeck may run for months."""
        now = self._clock.now()
        if self._forgot is not None and abs(now - self._forgot) < _FORGET_EVERY:
            return
        self._forgot = now
        limit = now - _KEPT_FOR
        held = self._cache.values[SUBMISSIONS].values()
        old = [one for one in held if not one.state.open and (one.changed or one.created) < limit]
        for pending in old:
            self._cache.remove(SUBMISSIONS, (pending.tag,))
        self._remove_unused_transpiled({pending.circuit_hash for pending in old})

    def _upsert_transpiled(self, transpiled: Transpiled) -> None:
        known = self._cache.values[TRANSPILATIONS].get((transpiled.circuit_hash,))
        self._cache.upsert(TRANSPILATIONS, merge_transpiled(known, transpiled) if known else transpiled)

    def _rename_transpiled(self, old: str, new: str) -> None:
        """Keep a transpilation under another hash: the service has the circuit in another form."""
        held = self._cache.values[TRANSPILATIONS]
        known = held.get((old,))
        if known is not None and (new,) not in held:
            self._upsert_transpiled(replace(known, circuit_hash=new))
        self._remove_unused_transpiled({old})

    def _remove_unused_transpiled(self, digests: set[str]) -> None:
        for key in self._cache.unused({(digest,) for digest in digests}):
            self._cache.remove(TRANSPILATIONS, key)
