"""From when to when all jobs are known: kept with the jobs, joined, not believed where jobs may be lost."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.store.made import NOON, kept, made_job, places
from tests.store.test_history import opened
from tui.config.settings import Folders
from tui.store.import_export import exported, imported
from tui.store.records.extents import BEGINNING, Coverage, Span, joined, merge_extents
from tui.store.records.models import JobRecord


def at(minutes: float) -> datetime:
    """A moment after noon."""
    return NOON + timedelta(minutes=minutes)


def span(since: float, until: float) -> Span:
    """Minutes after noon."""
    return Span(at(since), at(until))


_spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 12)).map(lambda pair: span(pair[0], pair[0] + pair[1])),
    max_size=6,
)


def _covers(spans: tuple[Span, ...] | list[Span], minute: int) -> bool:
    return any(one.since <= at(minute) <= one.until for one in spans)


@given(_spans, _spans)
def test_joined_spans_cover_what_they_covered_and_do_not_touch(one: list[Span], other: list[Span]) -> None:
    whole = joined([*one, *other])
    for minute in range(55):
        assert _covers(whole, minute) == (_covers(one, minute) or _covers(other, minute))
    assert all(newer.since > older.until for newer, older in pairwise(whole))
    a, b = Coverage("s", "i", joined(one)), Coverage("s", "i", joined(other))
    assert merge_extents(a, b) == merge_extents(b, a) == Coverage("s", "i", whole)


async def test_kept_with_the_jobs_and_read_again(tmp_path: Path) -> None:
    history = await opened(places(tmp_path))
    history.put([JobRecord(made_job(1))])
    assert history.extend("platform", "crn:one", span(1, 2))
    assert history.extend("platform", "crn:two", Span(BEGINNING, at(2)))
    assert not history.extend("platform", "crn:one", span(1, 1.5))
    await history.aclose()
    again = await opened(places(tmp_path))
    assert again.extent("platform", "crn:one").spans == (span(1, 2),)
    assert again.extent("platform", "crn:two").spans == (Span(BEGINNING, at(2)),)
    assert again.extent("classic", "crn:one").spans == ()
    assert again.take_warnings() == ()
    await again.aclose()


async def test_two_processes_join_what_they_know(tmp_path: Path) -> None:
    one, other = await opened(places(tmp_path)), await opened(places(tmp_path))
    one.extend("platform", "crn:one", span(5, 9))
    await one.flush()
    other.extend("platform", "crn:one", span(20, 30))
    await other.flush()
    one.extend("platform", "crn:one", span(9, 20))
    await one.sync()
    await other.sync()
    assert one.extent("platform", "crn:one").spans == (span(5, 30),)
    assert other.extent("platform", "crn:one") == one.extent("platform", "crn:one")
    await one.aclose()
    await other.aclose()


async def _written(folders: Folders) -> None:
    history = await opened(folders)
    history.put(JobRecord(made_job(number)) for number in range(1, 6))
    history.extend("platform", "crn:one", span(0, 5))
    await history.aclose()


def _damage(folders: Folders) -> None:
    path = folders.history_file
    path.write_bytes(path.read_bytes().replace(b"job-00003", b"job-0000x"))


async def test_a_damaged_file_says_nothing_of_how_far_it_is_complete(tmp_path: Path) -> None:
    folders = places(tmp_path)
    await _written(folders)
    _damage(folders)
    history = await opened(folders)
    assert len(history.records()) == 4
    assert history.extent("platform", "crn:one").spans == ()
    history.put([JobRecord(made_job(3))])
    history.extend("platform", "crn:one", span(2, 4))
    await history.aclose()
    again = await opened(folders)
    assert len(again.records()) == 5
    assert again.extent("platform", "crn:one").spans == (span(2, 4),)
    assert len(again.take_warnings()) == 0
    await again.aclose()


async def test_who_knows_the_lost_jobs_still_knows_how_far_all_are(tmp_path: Path) -> None:
    folders = places(tmp_path)
    await _written(folders)
    history = await opened(folders)
    _damage(folders)
    # Another one finds the damage; this one holds what was lost.
    other = await opened(folders)
    assert len(other.records()) == 4
    await history.sync()
    await history.flush()
    await other.sync()
    assert len(other.records()) == 5
    assert history.extent("platform", "crn:one").spans == (span(0, 5),)
    assert other.extent("platform", "crn:one").spans == (span(0, 5),)
    assert len(kept(folders)["extents"]) == 1
    await history.aclose()
    await other.aclose()


async def test_exported_and_imported(tmp_path: Path) -> None:
    folders, others = places(tmp_path / "one"), places(tmp_path / "two")
    await _written(folders)
    tables = json.loads(b"".join(exported(folders.history_file)))
    counts, unknown = imported(others.history_file, others.old_history_file, tables, lambda: NOON)
    assert unknown == 0
    assert (counts["jobs"], counts["extents"]) == (5, 1)
    history = await opened(others)
    assert history.extent("platform", "crn:one").spans == (span(0, 5),)
    await history.aclose()


async def test_a_damaged_export_says_nothing_of_how_far_it_is_complete(tmp_path: Path) -> None:
    folders = places(tmp_path / "one")
    await _written(folders)
    tables = json.loads(b"".join(exported(folders.history_file)))
    unknown = {**tables, "jobs": {**tables["jobs"], "3": {**tables["jobs"]["3"], "status": 17}}}
    for name, export, lost in (("lost", tables, 1), ("unknown", unknown, 0)):
        others = places(tmp_path / name)
        counts, left_out = imported(
            others.history_file, others.old_history_file, export, lambda: NOON, lost=lost
        )
        assert (counts["extents"], left_out) == (0, 1 - lost)
        history = await opened(others)
        assert history.extent("platform", "crn:one").spans == ()
        await history.aclose()


async def test_neither_does_the_export_of_a_damaged_history(tmp_path: Path) -> None:
    folders = places(tmp_path)
    await _written(folders)
    _damage(folders)
    tables = json.loads(b"".join(exported(folders.history_file)))
    assert len(tables["jobs"]) == 4
    assert "extents" not in tables
