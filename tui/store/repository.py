"""The history: every job, session and submission ever seen, in memory for reading and on disk for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import replace

from tui.common.clock import Clock
from tui.common.errors import QdeckError
from tui.config.settings import Folders
from tui.domain.jobs import Job
from tui.domain.results import JobResult
from tui.domain.sessions import Session
from tui.store.blobs.blob_store import BlobStore
from tui.store.blobs.text_cache import TextCache
from tui.store.collector import collector_paused
from tui.store.database import Database
from tui.store.records.changes import ChangeSet, WriteBatch
from tui.store.records.extents import Coverage, Interval, merge_coverage
from tui.store.records.merge import (
    is_redundant,
    merge_records,
    merge_sessions,
    same_record,
    session_with_plausible_time,
    timeline,
    with_plausible_time,
)
from tui.store.records.models import JobRecord, Key
from tui.store.submissions import KeptSubmissions

_SCREENFUL = 100
_AT_ONCE = 500
"""Jobs taken in between two turns of the event loop."""
_SMALL_BYTES = 512 << 10
"""A history that is read as a whole before `open` returns."""

Told = Callable[[tuple[JobRecord, ...]], None]


class JobRepository(KeptSubmissions):
    """All that is kept. Reads answer from memory; changes are made in memory and owed to the disk.

    `upsert`, `remove` and their like change memory at once and owe the change to the file; `flush` pays all
    that is owed in one write, in a thread, and returns when it is durable. When the disk refuses, `flush`
    raises and the debt stays: a later `flush` pays it. Several processes may use the same file: a write
    merges with what the others wrote, and `sync` brings in what they did.
    """

    def __init__(self, folders: Folders, clock: Clock, *, quota: int | None = None) -> None:
        self._path = folders.history_file
        self._blobs = BlobStore(folders.results, folders.data / "circuits", quota)
        self._ledger = Database(folders.history_file, folders.old_history_file, clock.now)
        super().__init__(clock, TextCache(self._blobs))
        self._foreign = ChangeSet()
        self._gate = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._warnings: list[str] = []
        self._loaded = asyncio.Event()
        self._closing = False

    async def open(self, told: Told | None = None) -> None:
        """Read the newest jobs; the rest is read while the event loop goes on.

        A small history is read as a whole. Never fails: what went wrong is a warning, and the history goes
        on in memory.

        Args:
            told: is called in the event loop with the jobs read after this has returned, in parts, and at the
                end with none.
        """
        try:
            await asyncio.to_thread(self._ledger.open)
            first = await asyncio.to_thread(self._ledger.newest, _SCREENFUL)
        except QdeckError as error:
            self._warnings.append(str(error))
            self._loaded.set()
            return
        self._absorb(first)
        if await asyncio.to_thread(self._size) <= _SMALL_BYTES:
            await self._load(None)
        else:
            self._begin(self._load(told))

    @property
    def loading(self) -> bool:
        """Whether the file is still being read."""
        return not self._loaded.is_set()

    async def loaded(self) -> None:
        """Wait until all of the file was read; writing waits by itself."""
        await self._loaded.wait()

    def pop_warnings(self) -> tuple[str, ...]:
        """What the user should be told, in sentences; each is given once."""
        taken = (*self._warnings, *self._ledger.warnings, *self._blobs.warnings)
        for told in (self._warnings, self._ledger.warnings, self._blobs.warnings):
            told.clear()
        return taken

    @property
    def dirty(self) -> bool:
        """Whether anything is not on disk yet."""
        return bool(self._owed or self._texts.owed)

    def records(self) -> Collection[JobRecord]:
        """All jobs, in no order."""
        return self._memory.records.values()

    def unfinalized(self) -> tuple[JobRecord, ...]:
        """The jobs of which something is still to be found out, in no order."""
        return tuple(self._memory.records[key] for key in self._memory.unfinalized)

    def mark_seen(self, keys: Iterable[Key]) -> tuple[JobRecord, ...]:
        """The user looked at these jobs; returns those for which that is new."""
        known = (record for key in keys if (record := self.record(key)) is not None)
        seen = [replace(record, seen=True) for record in known if not record.seen]
        for record in seen:
            self._memory.store(record)
            self._owed.records.add(record.key)
        return tuple(seen)

    def coverage(self, service: str, instance: str) -> Coverage:
        """From when to when all jobs of an instance are known."""
        return self._memory.extents.get((service, instance)) or Coverage(service, instance)

    def add_interval(self, service: str, instance: str, span: Interval) -> bool:
        """All jobs in the span are in the history now; whether that is new. Owed like the jobs themselves."""
        known = self.coverage(service, instance)
        merged = merge_coverage(known, replace(known, spans=(span,)))
        if merged == known:
            return False
        self._memory.extents[known.key] = merged
        self._owed.extents.add(known.key)
        return True

    def record(self, key: Key) -> JobRecord | None:
        """One job."""
        return self._memory.records.get(key)

    def upsert(self, records: Iterable[JobRecord]) -> tuple[JobRecord, ...]:
        """Take in jobs as told now, merged with what is known.

        The texts of `JobRecord.job` may be there: they are kept by their hashes.

        Returns:
            Those that are new or different now, as merged; a later confirmation alone is no difference.
        """
        changed: list[JobRecord] = []
        now = self._clock.now()
        for record in records:
            lean = with_plausible_time(self._texts.without(record), now)
            known = self._memory.records.get(lean.key)
            if known is not None:
                # The clock may have been set back since.
                known = with_plausible_time(known, now)
            if known is not None and is_redundant(known, lean):
                later = replace(known.job, confirmed=lean.job.confirmed)
                self._memory.store(replace(known, job=later))
                continue
            if known is None:
                job = replace(lean.job, timeline=timeline(lean.job, lean.job.timeline))
                merged = replace(lean, job=job)
            else:
                merged = merge_records(known, lean)
            self._memory.store(merged)
            if known is not None and known.circuit_hash != merged.circuit_hash:
                self._move_transpiled(known.circuit_hash, merged.circuit_hash)
            if known is None or not same_record(known, merged):
                changed.append(merged)
                self._owed.records.add(merged.key)
                self._owed.removals.discard(merged.key)
        return tuple(changed)

    def job_with_texts(self, record: JobRecord) -> Job:
        """The job with its circuit and source, where these are in memory or in small files."""
        return replace(
            record.job,
            circuit=self._texts.at_hand(record.circuit_hash),
            source=self._texts.at_hand(record.source_hash),
        )

    async def whole_job(self, record: JobRecord) -> Job:
        """The job with its circuit and source, however large, as far as they are kept."""
        return replace(
            record.job,
            circuit=await self._texts.read(record.circuit_hash),
            source=await self._texts.read(record.source_hash),
        )

    def remove(self, key: Key) -> None:
        """Forget a job, and how it was transpiled unless another one has the same circuit."""
        known = self._memory.records.get(key)
        self._memory.drop(key)
        self._owed.records.discard(key)
        self._owed.removals.add(key)
        if known is not None:
            self._let_go({known.circuit_hash})

    def sessions(self) -> Iterable[Session]:
        """All sessions, in no order."""
        return self._memory.sessions.values()

    def upsert_sessions(self, sessions: Iterable[Session]) -> tuple[Session, ...]:
        """Take in sessions as told now; returns those that are new or different."""
        changed: list[Session] = []
        now = self._clock.now()
        for told in sessions:
            session = session_with_plausible_time(told, now)
            key = (session.service, session.id)
            known = self._memory.sessions.get(key)
            merged = (
                session if known is None else merge_sessions(session_with_plausible_time(known, now), session)
            )
            self._memory.sessions[key] = merged
            if known is None or replace(known, confirmed=None) != replace(merged, confirmed=None):
                changed.append(merged)
                self._owed.sessions.add(key)
        return tuple(changed)

    async def flush(self) -> None:
        """Make everything owed durable, in one write. Cancelling the caller does not break it off.

        Raises:
            QdeckError: `STORAGE`: it is still owed.
        """
        if self.dirty:
            await self._unbroken(self._pay())

    async def sync(self) -> ChangeSet:
        """Pay what is owed, look what other processes wrote, and take it in.

        Returns:
            What they changed: jobs as merged, and keys of jobs they removed.

        Raises:
            QdeckError: `STORAGE`.
        """
        if not self.loading:
            self._forget_old_intents()
        await self.flush()
        await self._unbroken(self._look())
        found, self._foreign = self._foreign, ChangeSet()
        return found

    async def save_result(self, key: Key, result: JobResult) -> None:
        """Keep a job's result.

        Raises:
            QdeckError: `STORAGE`.
        """
        self._say_what_is_needed()
        await asyncio.to_thread(self._blobs.save_result, key, result)
        record = self._memory.records.get(key)
        if record is not None and not record.result_kept:
            self.upsert([replace(record, result_kept=True)])

    async def result(self, key: Key) -> JobResult | None:
        """The result kept for a job; `None` when there is none."""
        return await asyncio.to_thread(self._blobs.result, key)

    async def remove_result(self, key: Key) -> None:
        """Remove a job's result.

        Raises:
            QdeckError: `STORAGE`.
        """
        await asyncio.to_thread(self._blobs.remove_result, key)

    async def aclose(self) -> None:
        """Pay what is owed and close.

        Raises:
            QdeckError: `STORAGE`: it could not be paid and is lost now.
        """
        self._closing = not self.dirty
        try:
            await self.flush()
        finally:
            async with self._gate:
                await asyncio.to_thread(self._ledger.close)

    async def _unbroken(self, work: Coroutine[None, None, None]) -> None:
        """Await work that goes on when the caller is cancelled: a thread cannot be stopped half-way."""
        await asyncio.shield(self._begin(work))

    def _begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _load(self, told: Told | None) -> None:
        """Read the whole file, a part at a time."""
        try:
            async with self._gate:
                with collector_paused():
                    self._absorb(await asyncio.to_thread(self._ledger.begin))
                    while not self._ledger.loaded and not self._closing:
                        found = await asyncio.to_thread(self._ledger.proceed, _AT_ONCE)
                        self._absorb(found)
                        if told is not None and found.records:
                            held = self._memory.records
                            told(tuple(held[r.key] for r in found.records if r.key in held))
        except QdeckError as error:
            self._warnings.append(str(error))
        self._loaded.set()
        self._forget_old_intents()
        if told is not None:
            told(())

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def _say_what_is_needed(self) -> None:
        """Tell the blobs which texts a submission on its way needs; before all is read nobody knows."""
        if self._ledger.loaded:
            waiting = self._memory.pending.values()
            self._blobs.needed = {digest for one in waiting for digest in (one.circuit_hash, one.source_hash)}

    async def _read_late(self) -> None:
        """Read what could not be read before: news for everybody who has shown what there was until now."""
        if not self._ledger.loaded:
            found = await asyncio.to_thread(self._ledger.read_all)
            self._absorb(found)
            self._foreign += found

    async def _look(self) -> None:
        async with self._gate:
            await self._read_late()
            self._hear(await asyncio.to_thread(self._ledger.look))

    async def _pay(self) -> None:
        async with self._gate:
            if not self.dirty:
                # Whoever waited for the gate finds its change already written by the one before.
                return
            await self._read_late()
            self._say_what_is_needed()
            batch = self._owed.batch(self._memory)
            texts = dict(self._texts.owed)
            changes = await asyncio.to_thread(self._write, batch, texts)
            self._owed.paid(batch, self._memory)
            for digest in texts:
                self._texts.owed.pop(digest, None)
            self._hear(changes)

    def _write(self, batch: WriteBatch, texts: dict[str, str]) -> ChangeSet:
        # Texts first: a row never points to a text that is not there.
        for digest, text in texts.items():
            self._blobs.keep_text(digest, text)
        return self._ledger.write(batch)

    def _absorb(self, changes: ChangeSet) -> None:
        """Take in what the file holds; what is owed to it wins where both changed."""
        if not changes:
            return
        self._memory.absorb(changes, self._owed.removals)
        self._owed.records -= changes.removed
        # What another one let go is written again where it is needed here.
        self._owed.transpiled |= changes.dropped
        self._owed.transpiled &= self._memory.transpiled.keys()

    def _hear(self, changes: ChangeSet) -> None:
        """Take in what other processes did, and remember it for `sync`."""
        self._absorb(changes)
        self._foreign += changes
        for table, key in changes.lost:
            # A damaged file lost it, but it is known here.
            if self._memory.knows(table, key):
                self._owed.owe(table, key)
