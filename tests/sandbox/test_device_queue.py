"""The queue of one device: order, places, and what leaves it."""

from __future__ import annotations

import asyncio

import pytest

from tui.sandbox.core.scheduler import BackgroundJob, DeviceQueue, UserJob


def never(_session_id: str) -> bool:
    return False


def queue_of(*job_ids: str, background: int = 0, session_id: str = "") -> DeviceQueue:
    """Return a queue of jobs of the user."""
    queue = DeviceQueue(background)
    for job_id in job_ids:
        queue.add(UserJob(job_id, session_id))
    return queue


async def test_queue_gives_entries_in_order_of_arrival_and_counts_the_running_one() -> None:
    queue = queue_of("a", "b", "c")
    assert [queue.position(job_id) for job_id in "abc"] == [0, 1, 2]
    assert await queue.next_entry(never) == UserJob("a")
    assert ([queue.position(job_id) for job_id in "abc"], len(queue)) == ([0, 1, 2], 3)
    queue.running_ended()
    assert ([queue.position(job_id) for job_id in "abc"], len(queue)) == ([None, 0, 1], 2)
    assert await queue.next_entry(never) == UserJob("b")


async def test_queue_gives_the_first_entry_of_a_session_with_priority() -> None:
    queue = queue_of("alone", "")
    for job_id, session_id in (("slow", "other"), ("first", "active"), ("second", "active")):
        queue.add(UserJob(job_id, session_id))
    queue.add(BackgroundJob(1.0))
    chosen = [await queue.next_entry(lambda session_id: session_id == "active") for _ in range(3)]
    assert chosen == [UserJob("first", "active"), UserJob("second", "active"), UserJob("alone")]


async def test_job_without_a_session_has_no_priority() -> None:
    queue = queue_of("alone")
    queue.add(UserJob("inside", "s"))
    assert await queue.next_entry(lambda _session_id: True) == UserJob("inside", "s")


def test_removed_job_leaves_all_others_where_they_are() -> None:
    queue = queue_of("a", "b", "c", background=0)
    queue.add(BackgroundJob(1.0))
    queue.remove("b")
    assert ([queue.position(job_id) for job_id in "abc"], len(queue)) == ([0, None, 1], 3)
    queue.remove("nowhere")
    assert (len(queue), queue.background_jobs()) == (3, 1)


async def test_queue_reports_at_least_its_usual_background_jobs() -> None:
    queue = DeviceQueue(3)
    assert (len(queue), queue.background_jobs()) == (3, 0)
    for _ in range(4):
        queue.add(BackgroundJob(1.0))
    assert (len(queue), queue.background_jobs()) == (4, 4)
    await queue.next_entry(never)
    assert (len(queue), queue.background_jobs()) == (4, 4)
    queue.running_ended()
    assert (len(queue), queue.background_jobs()) == (3, 3)


async def test_waiting_for_an_entry_ends_with_its_arrival() -> None:
    queue = DeviceQueue()
    waiting = asyncio.ensure_future(queue.next_entry(never))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    queue.add(UserJob("late"))
    async with asyncio.timeout(5):
        assert await waiting == UserJob("late")
    queue.running_ended()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await queue.next_entry(never)
