"""A read-only deck: it shows everything, refuses what changes something, and sends nothing that waits."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL, Cockpit
from tests.monitor.test_line import SANDBOX, too_many
from tests.store.made import kept
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.sessions import SessionMode
from tui.monitor.api import Deck
from tui.monitor.outbox.send_queue import READ_ONLY

CHANGING: dict[str, Callable[[Deck, str], Awaitable[object]]] = {
    "submit": lambda deck, _: deck.submit(BELL),
    "withdraw": lambda deck, _: deck.withdraw("t"),
    "move": lambda deck, _: deck.move("t", 1),
    "send_again": lambda deck, _: deck.send_again("t"),
    "cancel": lambda deck, job_id: deck.cancel(job_id),
    "delete": lambda deck, job_id: deck.delete(job_id),
    "set_tags": lambda deck, job_id: deck.set_tags(job_id, ("a",)),
    "open_session": lambda deck, _: deck.open_session("ibm_fez", SessionMode.BATCH),
    "drain_session": lambda deck, _: deck.drain_session("s"),
    "close_session": lambda deck, _: deck.close_session("s"),
}
HARMLESS = {
    *("start", "warm_up", "aclose", "sign_in", "sign_in_sandbox", "sign_out", "use_instance", "keyring_name"),
    *("instances", "account_details", "refresh", "look_back", "result", "metrics", "circuits", "logs"),
    *("tags_like", "whole_job"),
    *("backend_details", "backend_data", "check", "draw", "transpile"),
}
"""Commands that submit, cancel and change nothing of the account's."""


def test_of_every_command_it_is_known_whether_it_changes_something() -> None:
    commands = {name for name, member in vars(Deck).items() if inspect.iscoroutinefunction(member)}
    assert commands == {*CHANGING, *HARMLESS}


async def test_every_command_that_changes_something_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    first = await Cockpit(tmp_path).enter()
    job = await first.deck.submit(BELL)
    await first.deck.aclose()
    cockpit = await Cockpit(tmp_path, first.host, seed=2, read_only=True).enter()
    before = dict(cockpit.host.jobs)
    for name, ask in CHANGING.items():
        with pytest.raises(QdeckError) as caught:
            await ask(cockpit.deck, job.id)
        assert caught.value.kind is ErrorKind.SETTINGS and "read-only" in caught.value.message, name
        assert "readonly" in caught.value.advice
    await cockpit.deck.refresh()
    await cockpit.clock.advance(60)
    assert cockpit.host.jobs == before
    assert cockpit.deck.job(job.id) is not None and cockpit.deck.read_only
    await cockpit.deck.aclose()


async def test_what_waits_is_shown_and_left_where_it_is(tmp_path: Path) -> None:
    first = await Cockpit(tmp_path).enter(SANDBOX)
    first.host.faults["submit"] = [too_many(30)]
    left = asyncio.ensure_future(first.deck.submit(replace(BELL, name="a")))
    await first.clock.settle()
    await first.deck.aclose()
    left.exception()
    before = kept(first.folders)["submissions"]
    cockpit = await Cockpit(tmp_path, first.host, seed=2, read_only=True).enter(SANDBOX)
    await cockpit.clock.advance(600)
    (waiting,) = cockpit.deck.waiting()
    assert (waiting.why, waiting.due) == (READ_ONLY, None)
    await cockpit.deck.aclose()
    assert not cockpit.host.jobs
    assert kept(cockpit.folders)["submissions"] == before
    again = await Cockpit(tmp_path, first.host, seed=3).enter(SANDBOX)
    await again.clock.run_until(lambda: len(again.host.jobs) == 1, seconds=120)
    await again.deck.aclose()
