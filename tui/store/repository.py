"""The repository of jobs, submissions and sessions: in memory for reading, on disk for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import replace

from tui.common.errors import QdeckError
from tui.common.timing import Clock
from tui.config.settings import Folders
from tui.domain.jobs import Job
from tui.domain.results import JobResult
from tui.domain.sessions import Session
from tui.store.blobs import BlobStore
from tui.store.cache import SubmissionRepository, collector_paused
from tui.store.calibrations import CalibrationHistory
from tui.store.database import Database
from tui.store.records.models import (
    Coverage,
    Interval,
    JobRecord,
    Key,
    is_redundant,
    merge_coverage,
    merge_records,
    merge_sessions,
    same_record,
    session_with_plausible_time,
    timeline,
    with_plausible_time,
)
from tui.store.records.tables import COVERAGE, JOBS, SESSIONS, ChangeSet
from tui.store.text_cache import TextCache

_SCREENFUL = 100
_JOBS_AT_ONCE = 500
"""Jobs added between two turns of the event loop."""
_SMALL_BYTES = 512 << 10
"""A history that is read as a whole before `open` returns."""

OnJobsLoaded = Callable[[tuple[JobRecord, ...]], None]


class JobRepository(SubmissionRepository):
    """All that is kept, read from memory; changes are made in memory and written by `flush`.

    `upsert`, `remove` and their like change memory at once; `flush` makes all changes durable in one write,
    in a thread. When the disk refuses, `flush` raises and a later one writes them. Several processes may use
    the same file: a write merges with what the others wrote, and `sync` brings that into memory.

    Attributes:
        unread: why not all of the file could be read; `None`: it was, or is being read.
        calibrations: those that were seen of each device.
    """

    def __init__(self, folders: Folders, clock: Clock, *, quota: int | None = None) -> None:
        self.unread: QdeckError | None = None
        self._path = folders.history_file
        self._blobs = BlobStore(folders.results, folders.data / "circuits", quota)
        self._database = Database(folders.history_file, folders.old_history_file, clock.now)
        super().__init__(clock, TextCache(self._blobs))
        self.calibrations = CalibrationHistory(self._cache, clock)
        self._changes_elsewhere = ChangeSet()
        self._database_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._warnings: list[str] = []
        self._loaded = asyncio.Event()
        self._closing = False

    async def open(self, on_loaded: OnJobsLoaded | None = None) -> None:
        """Read the newest jobs; the rest is read while the event loop goes on.

        A small history is read as a whole. Never fails: what went wrong is a warning, and the history goes
        on in memory.

        Args:
            on_loaded: called in the event loop with the jobs read after this has returned, in parts, and at
                the end with none.
        """
        try:
            await asyncio.to_thread(self._database.open)
            first = await asyncio.to_thread(self._database.newest, _SCREENFUL)
        except QdeckError as error:
            self.unread = error
            self._warnings.append(str(error))
            self._loaded.set()
            return
        self._cache.absorb(first)
        if await asyncio.to_thread(self._file_size) <= _SMALL_BYTES:
            await self._load(None)
        else:
            self._start(self._load(on_loaded))

    @property
    def loading(self) -> bool:
        """Return whether the file is still being read."""
        return not self._loaded.is_set()

    async def loaded(self) -> None:
        """Wait until all of the file was read; writing waits by itself."""
        await self._loaded.wait()

    def pop_warnings(self) -> tuple[str, ...]:
        """Return sentences for the user, each once."""
        sources = (self._warnings, self._database.warnings, self._blobs.warnings)
        warnings = tuple(warning for source in sources for warning in source)
        for source in sources:
            source.clear()
        return warnings

    @property
    def dirty(self) -> bool:
        """Return whether anything is not on disk yet."""
        return self._cache.dirty or bool(self._texts.unwritten)

    def records(self) -> Collection[JobRecord]:
        """Return all jobs, in no order."""
        return self._cache.values[JOBS].values()

    def record(self, key: Key) -> JobRecord | None:
        """Return the job with this service and id; `None` when it is not known."""
        return self._cache.values[JOBS].get(key)

    def unfinalized(self) -> tuple[JobRecord, ...]:
        """Return the jobs of which something is still to be found out, in no order."""
        records = self._cache.values[JOBS]
        return tuple(records[key] for key in self._cache.unfinalized)

    def mark_seen(self, keys: Iterable[Key]) -> tuple[JobRecord, ...]:
        """Mark jobs as looked at by the user.

        Returns:
            Those that were not marked before.
        """
        known = (record for key in keys if (record := self.record(key)) is not None)
        seen = [replace(record, seen=True) for record in known if not record.seen]
        for record in seen:
            self._cache.upsert(JOBS, record)
        return tuple(seen)

    def coverage(self, service: str, instance: str) -> Coverage:
        """Return the times in which all jobs of an instance are known; an empty one when nothing is."""
        return self._cache.values[COVERAGE].get((service, instance)) or Coverage(service, instance)

    def add_interval(self, service: str, instance: str, interval: Interval) -> bool:
        """Note that all jobs of the instance in this interval are in the history now.

        Returns:
            Whether that was not known. It is written with the jobs themselves.
        """
        known = self.coverage(service, instance)
        merged = merge_coverage(known, replace(known, intervals=(interval,)))
        if merged == known:
            return False
        self._cache.upsert(COVERAGE, merged)
        return True

    def upsert(self, records: Iterable[JobRecord]) -> tuple[JobRecord, ...]:
        """Add jobs, or merge them with what is known of them.

        The texts of `JobRecord.job` may be there: they are kept by their hashes.

        Returns:
            Those that are new or different now, as merged; a later confirmation alone is no difference.
        """
        changed: list[JobRecord] = []
        now = self._clock.now()
        for record in records:
            with_texts = record.job.circuit or record.job.source or record.job.inputs
            lean = with_plausible_time(self._texts.without_texts(record) if with_texts else record, now)
            known = self.record(lean.key)
            if known is None:
                job = replace(lean.job, timeline=timeline(lean.job, lean.job.timeline))
                changed.append(replace(lean, job=job))
                self._cache.upsert(JOBS, changed[-1])
                continue
            # The clock may have been set back since.
            known = with_plausible_time(known, now)
            if is_redundant(known, lean):
                self._cache.store(JOBS, replace(known, job=replace(known.job, confirmed=lean.job.confirmed)))
                continue
            merged = merge_records(known, lean)
            same = same_record(known, merged)
            (self._cache.store if same else self._cache.upsert)(JOBS, merged)
            if known.circuit_hash != merged.circuit_hash:
                self._rename_transpiled(known.circuit_hash, merged.circuit_hash)
            if not same:
                changed.append(merged)
        return tuple(changed)

    def job_with_texts(self, record: JobRecord) -> Job:
        """Return the job with its circuit and source, where these are in memory or in small files."""
        return replace(
            record.job,
            circuit=self._texts.at_hand(record.circuit_hash),
            source=self._texts.at_hand(record.source_hash),
            inputs=self._texts.at_hand(record.inputs_hash),
        )

    async def whole_job(self, record: JobRecord) -> Job:
        """Return the job with its circuit and source, however large, as far as they are kept."""
        return replace(
            record.job,
            circuit=await self._texts.read(record.circuit_hash),
            source=await self._texts.read(record.source_hash),
            inputs=await self._texts.read(record.inputs_hash),
        )

    def remove(self, key: Key) -> None:
        """Remove a job, and how it was transpiled unless another one has the same circuit."""
        known = self._cache.remove(JOBS, key)
        if known is not None:
            self._remove_unused_transpiled({known.circuit_hash})

    def sessions(self) -> Collection[Session]:
        """Return all sessions, in no order."""
        return self._cache.values[SESSIONS].values()

    def upsert_sessions(self, sessions: Iterable[Session]) -> tuple[Session, ...]:
        """Add sessions, or merge them with what is known of them.

        Returns:
            Those that are new or different now, as merged.
        """
        changed: list[Session] = []
        now = self._clock.now()
        for session in sessions:
            merged = session_with_plausible_time(session, now)
            known = self._cache.values[SESSIONS].get(SESSIONS.key(session))
            if known is not None:
                merged = merge_sessions(session_with_plausible_time(known, now), merged)
                if replace(known, confirmed=None) == replace(merged, confirmed=None):
                    self._cache.store(SESSIONS, merged)
                    continue
            self._cache.upsert(SESSIONS, merged)
            changed.append(merged)
        return tuple(changed)

    async def flush(self) -> None:
        """Make all changes durable, in one write. Cancelling the caller does not break it off.

        Raises:
            QdeckError: `STORAGE`: they are still to be written.
        """
        if self.dirty:
            await self._unbroken(self._write_changes())

    async def sync(self) -> ChangeSet:
        """Write all changes, and read what other processes wrote.

        Returns:
            What they changed since the last call. Memory holds it merged with what was known here.

        Raises:
            QdeckError: `STORAGE`.
        """
        if not self.loading:
            self._remove_old_submissions()
        await self.flush()
        await self._unbroken(self._read_changes())
        changes, self._changes_elsewhere = self._changes_elsewhere, ChangeSet()
        return changes

    async def save_result(self, key: Key, result: JobResult) -> None:
        """Write a job's result to its file.

        Raises:
            QdeckError: `STORAGE`.
        """
        self._protect_needed_texts()
        await asyncio.to_thread(self._blobs.save_result, key, result)
        record = self.record(key)
        if record is not None and not record.result_kept:
            self.upsert([replace(record, result_kept=True)])

    async def result(self, key: Key, *, short: bool = False) -> JobResult | None:
        """Return the result kept for a job; `None` when there is none that can be read.

        Args:
            key: of the job.
            short: of one with very many counts their summary, without the service's answer.
        """
        return await asyncio.to_thread(self._blobs.result, key, short=short)

    async def remove_result(self, key: Key) -> None:
        """Remove a job's result.

        Raises:
            QdeckError: `STORAGE`.
        """
        await asyncio.to_thread(self._blobs.remove_result, key)

    async def aclose(self) -> None:
        """Write all changes and close.

        Raises:
            QdeckError: `STORAGE`: they could not be written and are lost now.
        """
        self._closing = not self.dirty
        try:
            await self.flush()
        except QdeckError as error:
            raise error.reworded(error.kind, error.message, "What is not in it yet is lost.") from error
        finally:
            async with self._database_lock:
                await asyncio.to_thread(self._database.close)

    async def _unbroken(self, work: Coroutine[None, None, None]) -> None:
        """Await work that goes on when the caller is cancelled: a thread cannot be stopped half-way."""
        await asyncio.shield(self._start(work))

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _load(self, on_loaded: OnJobsLoaded | None) -> None:
        """Read the whole file, a part at a time."""
        try:
            async with self._database_lock:
                with collector_paused():
                    self._cache.absorb(await asyncio.to_thread(self._database.begin))
                    while not self._database.loaded and not self._closing:
                        found = await asyncio.to_thread(self._database.proceed, _JOBS_AT_ONCE)
                        self._cache.absorb(found)
                        if on_loaded is not None and found.values[JOBS]:
                            held = self._cache.values[JOBS]
                            on_loaded(tuple(held[key] for key in found.values[JOBS] if key in held))
        except QdeckError as error:
            self.unread = error
            self._warnings.append(str(error))
        self._loaded.set()
        self._remove_old_submissions()
        if on_loaded is not None:
            on_loaded(())

    def _file_size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def _protect_needed_texts(self) -> None:
        """Keep the texts of pending submissions from eviction; before all is read nobody knows which."""
        if self._database.loaded:
            self._blobs.needed = {
                digest
                for one in self._cache.pending.values()
                for digest in (one.circuit_hash, one.source_hash, one.params_hash, one.inputs_hash)
            }

    async def _read_late(self) -> None:
        """Read what could not be read at the start; `sync` returns it as if others had changed it."""
        if not self._database.loaded:
            self._absorb(await asyncio.to_thread(self._database.read_all))
            self.unread = None

    async def _read_changes(self) -> None:
        async with self._database_lock:
            await self._read_late()
            self._absorb(await asyncio.to_thread(self._database.poll))

    async def _write_changes(self) -> None:
        async with self._database_lock:
            if not self.dirty:
                # The flush before this one, which held the lock, wrote these changes, too.
                return
            await self._read_late()
            self._protect_needed_texts()
            batch = self._cache.batch()
            texts = dict(self._texts.unwritten)
            changes = await asyncio.to_thread(self._write, batch, texts)
            self._cache.written(batch)
            for digest in texts:
                self._texts.unwritten.pop(digest, None)
            self._absorb(changes)

    def _write(self, batch: ChangeSet, texts: dict[str, str]) -> ChangeSet:
        # Texts first: a row never points to a text that is not there.
        for digest, text in texts.items():
            self._blobs.save_text(digest, text)
        return self._database.write(batch)

    def _absorb(self, changes: ChangeSet) -> None:
        """Merge what other processes did into memory, and remember it for `sync`."""
        self._cache.absorb(changes)
        self._changes_elsewhere.add(changes)
