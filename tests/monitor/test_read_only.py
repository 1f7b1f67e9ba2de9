"""A read-only services: it shows everything, refuses what changes something, and sends nothing that waits."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, MonitorHarness
from tests.monitor.test_line import SANDBOX, too_many
from tests.store.made import kept
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.sessions import SessionMode
from tui.monitor.api import Services
from tui.monitor.outbox.send_queue import READ_ONLY

CHANGING: dict[str, Callable[[Services, str], Awaitable[object]]] = {
    "submit": lambda services, _: services.submit(BELL),
    "withdraw": lambda services, _: services.withdraw("t"),
    "move": lambda services, _: services.move("t", 1),
    "send_again": lambda services, _: services.send_again("t"),
    "cancel": lambda services, job_id: services.cancel(job_id),
    "delete": lambda services, job_id: services.delete(job_id),
    "set_tags": lambda services, job_id: services.set_tags(job_id, ("a",)),
    "open_session": lambda services, _: services.open_session("ibm_fez", SessionMode.BATCH),
    "drain_session": lambda services, _: services.drain_session("s"),
    "close_session": lambda services, _: services.close_session("s"),
}
HARMLESS = {
    *("start", "warm_up", "aclose", "sign_in", "sign_in_sandbox", "sign_out", "use_instance", "keyring_name"),
    *("instances", "account_details", "refresh", "look_back", "result", "metrics", "circuits", "logs"),
    *("tags_like", "whole_job"),
    *("backend_details", "backend_data", "check", "draw", "transpile"),
}
"""Commands that submit, cancel and change nothing of the account's."""


def test_of_every_command_it_is_known_whether_it_changes_something() -> None:
    commands = {name for name, member in vars(Services).items() if inspect.iscoroutinefunction(member)}
    assert commands == {*CHANGING, *HARMLESS}


async def test_every_command_that_changes_something_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    first = await MonitorHarness(tmp_path).enter()
    job = await first.services.submit(BELL)
    await first.services.aclose()
    harness = await MonitorHarness(tmp_path, first.host, seed=2, read_only=True).enter()
    before = dict(harness.host.jobs)
    for name, ask in CHANGING.items():
        with pytest.raises(QdeckError) as caught:
            await ask(harness.services, job.id)
        assert caught.value.kind is ErrorKind.SETTINGS and "read-only" in caught.value.message, name
        assert "readonly" in caught.value.advice
    await harness.services.refresh()
    await harness.clock.advance(60)
    assert harness.host.jobs == before
    assert harness.services.job(job.id) is not None and harness.services.read_only
    await harness.services.aclose()


async def test_what_waits_is_shown_and_left_where_it_is(tmp_path: Path) -> None:
    first = await MonitorHarness(tmp_path).enter(SANDBOX)
    first.host.faults["submit"] = [too_many(30)]
    left = asyncio.ensure_future(first.services.submit(replace(BELL, name="a")))
    await first.clock.settle()
    await first.services.aclose()
    left.exception()
    before = kept(first.folders)["submissions"]
    harness = await MonitorHarness(tmp_path, first.host, seed=2, read_only=True).enter(SANDBOX)
    await harness.clock.advance(600)
    (waiting,) = harness.services.waiting()
    assert (waiting.why, waiting.due) == (READ_ONLY, None)
    await harness.services.aclose()
    assert not harness.host.jobs
    assert kept(harness.folders)["submissions"] == before
    again = await MonitorHarness(tmp_path, first.host, seed=3).enter(SANDBOX)
    await again.clock.run_until(lambda: len(again.host.jobs) == 1, seconds=120)
    await again.services.aclose()
