"""Coverage: intervals are written with the jobs, merged, and dropped where jobs may be lost."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import NOON, make_folders, open_repository, read_tables, sample_job
from tui.config.settings import Folders
from tui.store.import_export import export_json, import_json
from tui.store.records.models import EARLIEST, Coverage, Interval, JobRecord, merge_coverage, merge_intervals


def at(minutes: float) -> datetime:
    """A moment after noon."""
    return NOON + timedelta(minutes=minutes)


def interval(since: float, until: float) -> Interval:
    """Minutes after noon."""
    return Interval(at(since), at(until))


_intervals = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: interval(pair[0], pair[0] + pair[1])),
    max_size=6,
)


def _covers(intervals: tuple[Interval, ...] | list[Interval], minute: int) -> bool:
    return any(one.since <= at(minute) <= one.until for one in intervals)


@given(_intervals, _intervals)
def test_merged_intervals_cover_the_same_time_and_do_not_touch(
    one: list[Interval], other: list[Interval]
) -> None:
    whole = merge_intervals([*one, *other])
    for minute in range(55):
        assert _covers(whole, minute) == (_covers(one, minute) or _covers(other, minute))
    assert all(newer.since > older.until for newer, older in pairwise(whole))
    a, b = Coverage("s", "i", merge_intervals(one)), Coverage("s", "i", merge_intervals(other))
    assert merge_coverage(a, b) == merge_coverage(b, a) == Coverage("s", "i", whole)


async def test_coverage_survives_reopening(tmp_path: Path) -> None:
    history = await open_repository(make_folders(tmp_path))
    history.upsert([JobRecord(sample_job(1))])
    assert history.add_interval("platform", "crn:one", interval(1, 2))
    assert history.add_interval("platform", "crn:two", Interval(EARLIEST, at(2)))
    assert not history.add_interval("platform", "crn:one", interval(1, 1.5))
    await history.aclose()
    again = await open_repository(make_folders(tmp_path))
    assert again.coverage("platform", "crn:one").intervals == (interval(1, 2),)
    assert again.coverage("platform", "crn:two").intervals == (Interval(EARLIEST, at(2)),)
    assert again.coverage("classic", "crn:one").intervals == ()
    assert again.pop_warnings() == ()
    await again.aclose()


async def test_coverage_of_two_processes_is_merged(tmp_path: Path) -> None:
    one, other = await open_repository(make_folders(tmp_path)), await open_repository(make_folders(tmp_path))
    one.add_interval("platform", "crn:one", interval(5, 9))
    await one.flush()
    other.add_interval("platform", "crn:one", interval(20, 30))
    await other.flush()
    one.add_interval("platform", "crn:one", interval(9, 20))
    await one.sync()
    await other.sync()
    assert one.coverage("platform", "crn:one").intervals == (interval(5, 30),)
    assert other.coverage("platform", "crn:one") == one.coverage("platform", "crn:one")
    await one.aclose()
    await other.aclose()


async def _written(folders: Folders) -> None:
    history = await open_repository(folders)
    history.upsert(JobRecord(sample_job(number)) for number in range(1, 6))
    history.add_interval("platform", "crn:one", interval(0, 5))
    await history.aclose()


def _damage(folders: Folders) -> None:
    path = folders.history_file
    path.write_bytes(path.read_bytes().replace(b"job-00003", b"job-0000x"))


async def test_damaged_journal_drops_coverage(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    await _written(folders)
    _damage(folders)
    history = await open_repository(folders)
    assert len(history.records()) == 4
    assert history.coverage("platform", "crn:one").intervals == ()
    history.upsert([JobRecord(sample_job(3))])
    history.add_interval("platform", "crn:one", interval(2, 4))
    await history.aclose()
    again = await open_repository(folders)
    assert len(again.records()) == 5
    assert again.coverage("platform", "crn:one").intervals == (interval(2, 4),)
    assert len(again.pop_warnings()) == 0
    await again.aclose()


async def test_process_with_lost_jobs_writes_coverage_again(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    await _written(folders)
    history = await open_repository(folders)
    _damage(folders)
    # Another one finds the damage; this one holds what was lost.
    other = await open_repository(folders)
    assert len(other.records()) == 4
    await history.sync()
    await history.flush()
    await other.sync()
    assert len(other.records()) == 5
    assert history.coverage("platform", "crn:one").intervals == (interval(0, 5),)
    assert other.coverage("platform", "crn:one").intervals == (interval(0, 5),)
    assert len(read_tables(folders)["extents"]) == 1
    await history.aclose()
    await other.aclose()


async def test_coverage_is_exported_and_imported(tmp_path: Path) -> None:
    folders, others = make_folders(tmp_path / "one"), make_folders(tmp_path / "two")
    await _written(folders)
    tables = json.loads(b"".join(export_json(folders.history_file)))
    counts, unknown = import_json(others.history_file, others.old_history_file, tables, lambda: NOON)
    assert unknown == 0
    assert (counts["jobs"], counts["extents"]) == (5, 1)
    history = await open_repository(others)
    assert history.coverage("platform", "crn:one").intervals == (interval(0, 5),)
    await history.aclose()


async def test_damaged_export_imports_no_coverage(tmp_path: Path) -> None:
    folders = make_folders(tmp_path / "one")
    await _written(folders)
    tables = json.loads(b"".join(export_json(folders.history_file)))
    unknown = {**tables, "jobs": {**tables["jobs"], "3": {**tables["jobs"]["3"], "status": 17}}}
    for name, export, lost in (("lost", tables, 1), ("unknown", unknown, 0)):
        others = make_folders(tmp_path / name)
        counts, left_out = import_json(
            others.history_file, others.old_history_file, export, lambda: NOON, lost=lost
        )
        assert (counts["extents"], left_out) == (0, 1 - lost)
        history = await open_repository(others)
        assert history.coverage("platform", "crn:one").intervals == ()
        await history.aclose()


async def test_export_of_damaged_journal_has_no_coverage(tmp_path: Path) -> None:
    folders = make_folders(tmp_path)
    await _written(folders)
    _damage(folders)
    tables = json.loads(b"".join(export_json(folders.history_file)))
    assert len(tables["jobs"]) == 4
    assert "extents" not in tables
