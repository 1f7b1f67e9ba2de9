"""What the history keeps of submissions from here: how far each has come, and how it was transpiled."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tui.common.clock import Clock
from tui.domain.circuits import Transpilation
from tui.domain.submissions import Submission
from tui.store.blobs.text_cache import TextCache
from tui.store.cache import StoreCache
from tui.store.dirty_keys import DirtyKeys
from tui.store.records.merge import merge_submissions, merge_transpiled
from tui.store.records.models import JobRecord, PendingState, PendingSubmission, Transpiled

_INTENTS_KEPT = timedelta(days=30)
_FORGET_EVERY = timedelta(hours=1)


class KeptSubmissions:
    """The history's submissions: in memory for reading; changes are owed to the disk."""

    def __init__(self, clock: Clock, texts: TextCache) -> None:
        self._clock = clock
        self._texts = texts
        self._memory = StoreCache()
        self._owed = DirtyKeys()
        self._forgot: datetime | None = None

    def submissions(self) -> tuple[PendingSubmission, ...]:
        """The submissions, the earliest first."""
        return self._memory.intents_in_order()

    def pending_submissions(self) -> tuple[PendingSubmission, ...]:
        """Those that may still be sent, or whose job may be found; the earliest first."""
        return tuple(sorted(self._memory.pending.values(), key=lambda intent: intent.created))

    def submission(self, tag: str) -> PendingSubmission | None:
        """One submission by its own tag."""
        return self._memory.intents.get(tag)

    def upsert_submission(self, intent: PendingSubmission) -> PendingSubmission:
        """Take in a submission's state; one that has come further is not put back."""
        known = self._memory.intents.get(intent.tag)
        changed = self._clock.now()
        if known is not None and known.changed is not None:
            # Later than what it follows, whatever was done to the clock.
            changed = max(changed, known.changed + timedelta(microseconds=1))
        lean = replace(self._texts.without_program(intent), changed=changed)
        merged = lean if known is None else merge_submissions(known, lean)
        self._memory.store_intent(merged)
        self._owed.intents.add(intent.tag)
        if intent.submission.transpilation is not None and lean.circuit_hash:
            self._keep_transpiled(
                Transpiled(lean.circuit_hash, intent.submission.transpilation, lean.source_hash)
            )
        if merged.state in {PendingState.REFUSED, PendingState.WITHDRAWN}:
            self._let_go({merged.circuit_hash})
        return merged

    def submission_with_texts(self, intent: PendingSubmission) -> Submission:
        """What was asked for, with its circuit and source, which may be read from small files."""
        return replace(
            intent.submission,
            qasm=self._texts.text(intent.circuit_hash),
            source=self._texts.text(intent.source_hash),
        )

    def remove_submission(self, tag: str) -> None:
        """Forget a submission that was never sent."""
        intent = self._memory.remove_submission(tag)
        if intent is not None:
            self._owed.intents.discard(tag)
            self._owed.drops.add(tag)
            self._let_go({intent.circuit_hash})

    def transpilation(self, record: JobRecord) -> Transpilation | None:
        """How the job's circuit was transpiled; `None` when that was not done here."""
        kept = self._memory.transpiled.get(record.circuit_hash)
        return None if kept is None else kept.transpilation

    def _forget_old_intents(self) -> None:
        """Forget what ended long ago; looked for once an hour, for a qdeck may run for months."""
        now = self._clock.now()
        if self._forgot is not None and abs(now - self._forgot) < _FORGET_EVERY:
            return
        self._forgot = now
        limit = now - _INTENTS_KEPT
        held = self._memory.intents.values()
        old = [one for one in held if not one.state.open and (one.changed or one.created) < limit]
        for intent in old:
            self._memory.remove_submission(intent.tag)
            self._owed.intents.discard(intent.tag)
            self._owed.drops.add(intent.tag)
        self._let_go({intent.circuit_hash for intent in old})

    def _keep_transpiled(self, transpiled: Transpiled) -> None:
        digest = transpiled.circuit_hash
        known = self._memory.transpiled.get(digest)
        self._memory.transpiled[digest] = merge_transpiled(known, transpiled) if known else transpiled
        self._owed.transpiled.add(digest)
        self._owed.let_go.discard(digest)

    def _move_transpiled(self, old: str, new: str) -> None:
        """A circuit from here is known by another text from now on: the service tells it in another form."""
        known = self._memory.transpiled.get(old)
        if known is not None and new not in self._memory.transpiled:
            self._keep_transpiled(replace(known, circuit_hash=new))
        self._let_go({old})

    def _let_go(self, digests: set[str]) -> None:
        """Forget how circuits with these hashes were transpiled, where nothing refers to them any more."""
        for digest in self._memory.unused(digests):
            del self._memory.transpiled[digest]
            self._owed.transpiled.discard(digest)
            self._owed.let_go.add(digest)
