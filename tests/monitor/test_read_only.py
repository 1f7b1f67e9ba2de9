"""A read-only services: it shows everything, refuses what changes something, and sends nothing that waits."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL
from tests.monitor.harness import MonitorHarness
from tests.monitor.test_send_queue import SANDBOX, too_many
from tests.store.samples import read_tables
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.sessions import SessionMode
from tui.monitor.outbox.send_queue import READ_ONLY
from tui.monitor.services import AppServices

CHANGING: dict[str, Callable[[AppServices, str], Awaitable[object]]] = {
    "outbox.submit": lambda services, _: services.outbox.submit(BELL),
    "outbox.queue.withdraw": lambda services, _: services.outbox.queue.withdraw("t"),
    "outbox.queue.move": lambda services, _: services.outbox.queue.move("t", 1),
    "outbox.send_again": lambda services, _: services.outbox.send_again("t"),
    "outbox.submit_again": lambda services, _: services.outbox.submit_again("t"),
    "jobs.cancel": lambda services, job_id: services.jobs.cancel(job_id),
    "jobs.delete": lambda services, job_id: services.jobs.delete(job_id),
    "jobs.set_tags": lambda services, job_id: services.jobs.set_tags(job_id, ("a",)),
    "pricing.dry_run": lambda services, _: services.pricing.dry_run(BELL),
    "sessions.open": lambda services, _: services.sessions.open("ibm_fez", SessionMode.BATCH),
    "sessions.drain": lambda services, _: services.sessions.drain("s"),
    "sessions.close": lambda services, _: services.sessions.close("s"),
}
HARMLESS = {
    "account": "sign_in sign_in_sandbox sign_out use_instance keyring_name instances details find_accounts "
    "aclose",
    "jobs": "fetch_newest fetch result metrics circuits logs tags_like with_texts finish_reading",
    "comparisons": "report",
    "replays": "submission",
    "exports": "snippet content document details joint",
    "sessions": "aclose",
    "backends": "details data data_at limits calibration step forget",
    "outbox": "step aclose",
    "outbox.queue": "accept requeue",
    "evaluation": "calibrations calibration_at_start joint spans",
    "predictions": "ideal keep_fidelity noisy of_pub values places",
    "analyzer": "analyse names format aclose",
    "compiler": "start version check diagram convert describe_gate timeline decode_qpy "
    "read_qpy encode_qpy plot estimator_values transpile search review prepare "
    "aclose",
    "transpiler": "gate_facts transpile search search_backends prepared simulation measured "
    "dt_seconds diagram timeline",
    "pricing": "price price_batch usage",
    "polling": "refresh stop",
}
"""By part: commands that submit, cancel and change nothing of the account's."""


async def test_every_command_is_listed_as_changing_or_not(tmp_path: Path) -> None:
    services = MonitorHarness(tmp_path).services
    parts: dict[str, object] = {name: part for name, part in vars(services).items() if name[0] != "_"}
    parts["outbox.queue"] = services.outbox.queue
    commands = {
        f"{name}.{command}"
        for name, part in parts.items()
        for command, member in inspect.getmembers(type(part))
        if inspect.iscoroutinefunction(member) and command[0] != "_"
    }
    harmless = {f"{part}.{command}" for part, commands in HARMLESS.items() for command in commands.split()}
    assert commands == {*CHANGING, *harmless}


async def test_read_only_refuses_every_changing_command_and_sends_nothing(tmp_path: Path) -> None:
    first = await MonitorHarness(tmp_path).enter()
    job = await first.services.outbox.submit(BELL)
    await first.services.aclose()
    harness = await MonitorHarness(tmp_path, first.host, seed=2, read_only=True).enter()
    before = dict(harness.host.jobs)
    for name, ask in CHANGING.items():
        with pytest.raises(QdeckError) as caught:
            await ask(harness.services, job.id)
        assert caught.value.kind is ErrorKind.SETTINGS and "read-only" in caught.value.message, name
        assert "readonly" in caught.value.advice
    await harness.services.polling.refresh()
    await harness.clock.advance(60)
    assert harness.host.jobs == before
    assert harness.services.jobs.get(job.id) is not None and harness.services.read_only
    await harness.services.aclose()


async def test_read_only_shows_the_send_queue_and_leaves_it(tmp_path: Path) -> None:
    first = await MonitorHarness(tmp_path).enter(SANDBOX)
    first.host.faults["submit"] = [too_many(30)]
    left = asyncio.ensure_future(first.services.outbox.submit(replace(BELL, name="a")))
    await first.clock.settle()
    await first.services.aclose()
    left.exception()
    before = read_tables(first.folders)["submissions"]
    harness = await MonitorHarness(tmp_path, first.host, seed=2, read_only=True).enter(SANDBOX)
    await harness.clock.advance(600)
    (waiting,) = harness.services.outbox.queue.waiting()
    assert (waiting.why, waiting.due) == (READ_ONLY, None)
    await harness.services.aclose()
    assert not harness.host.jobs
    assert read_tables(harness.folders)["submissions"] == before
    again = await MonitorHarness(tmp_path, first.host, seed=3).enter(SANDBOX)
    await again.clock.run_until(lambda: len(again.host.jobs) == 1, seconds=120)
    await again.services.aclose()
