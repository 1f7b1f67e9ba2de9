"""At most once, and never lost: submissions through faults and kill -9 at every step of their way."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.faults.crashing_client import POINTS
from tests.faults.sandbox import FaultySandbox, faulty_sandbox
from tests.faults.scripted_user import ScriptedUser
from tests.sandbox.http.processes import ROOT
from tests.store.samples import make_folders
from tui.common.errors import QdeckError
from tui.domain.accounts import Channel
from tui.domain.submissions import WaitState
from tui.sandbox.faults.plan import Fault, FaultKind

pytestmark = pytest.mark.asyncio(loop_scope="module")

POST_FAULTS = (
    None,
    FaultKind.STATUS_500,
    FaultKind.STATUS_503,
    FaultKind.RESET,
    FaultKind.UNANSWERED,
    FaultKind.GATEWAY_DONE,
    FaultKind.HALF,
    FaultKind.SLOW,
    FaultKind.HANG,
)
FIND_FAULTS = (None, FaultKind.STATUS_502, FaultKind.RESET)
_SEEDS = itertools.count(20_000)
_ANSWER = POINTS.index("answer not read")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One submission: where qdeck is killed ("" nowhere), what befalls the request and the looks after it."""

    number: int
    channel: Channel
    point: str
    post: FaultKind | None
    find: FaultKind | None

    def __str__(self) -> str:
        faults = f"{self.post or 'well'}-{self.find or 'well'}"
        return f"{self.number}-{self.channel}-{self.point or 'alive'}-{faults}"


_WAYS = itertools.product(Channel, ("", *POINTS), POST_FAULTS, FIND_FAULTS)
SCENARIOS = [Scenario(number, *way) for number, way in enumerate(_WAYS)]
QUICK = random.Random(7).sample(SCENARIOS, 20)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultySandbox]:
    async with faulty_sandbox(tmp_path_factory.mktemp("outbox")) as opened:
        yield opened


class CrashingClient:
    """The process whose children die."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, order: dict[str, Any]) -> int:
        """Let one submit and die; its exit status."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(60):
            return int(await self._process.stdout.readline())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crashing() -> AsyncIterator[CrashingClient]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.crashing_client",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    yield CrashingClient(process)
    process.stdin.close()
    await process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
async def test_outbox_creates_exactly_one_job_in_every_scenario(
    sandbox: FaultySandbox,
    crashing: CrashingClient,
    tmp_path: Path,
    scenario: Scenario,
    record_property: Callable[[str, object], None],
) -> None:
    for name, value in (await run_scenario(sandbox, crashing, tmp_path, scenario)).items():
        record_property(name, value)


@pytest.mark.parametrize("scenario", QUICK, ids=str)
async def test_outbox_creates_exactly_one_job_in_sampled_scenarios(
    sandbox: FaultySandbox, crashing: CrashingClient, tmp_path: Path, scenario: Scenario
) -> None:
    await run_scenario(sandbox, crashing, tmp_path, scenario)


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("point", ["intent durable", "request on its way", "answered"])
async def test_outbox_killed_while_sending_waits_for_the_job_list(
    sandbox: FaultySandbox, crashing: CrashingClient, tmp_path: Path, channel: Channel, point: str
) -> None:
    """The user sees that it is being checked; nothing is sent until the list is back."""
    before = set(sandbox.jobs(channel))
    jobs = f"{_base(channel)}/jobs"
    slow = Fault("POST", jobs, FaultKind.SLOW, 1, seconds=0.2)
    # Signing in on the platform looks at the list once.
    down = Fault("GET", jobs, FaultKind.STATUS_503, 0, skip=int(channel is Channel.PLATFORM))
    sandbox.plan.set([slow] if point == "request on its way" else [])
    assert await crashing.run(_order(sandbox, tmp_path, channel, point, "first")) == -9
    sandbox.plan.set([down])
    user = ScriptedUser(tmp_path, sandbox.info, channel, random.Random(next(_SEEDS)))
    await _enter(user)
    try:
        async with asyncio.timeout(10):
            while [one.state for one in user.services.outbox.queue.waiting()] != [WaitState.UNCONFIRMED]:  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.02)
        second = asyncio.ensure_future(user.services.outbox.submit(user.submission("second")))
        await asyncio.sleep(2.0)
        assert not second.done() and len(set(sandbox.jobs(channel)) - before) <= 1
        sandbox.plan.set([])
        async with asyncio.timeout(30):
            await second
        await user.submit_until_accepted("first")
        assert len(set(sandbox.jobs(channel)) - before) == 2
    finally:
        sandbox.plan.set([])
        await user.services.aclose()


@pytest.mark.parametrize("channel", list(Channel))
async def test_outbox_finds_the_accepted_job_from_an_old_copy_of_the_history(
    sandbox: FaultySandbox, crashing: CrashingClient, tmp_path: Path, channel: Channel
) -> None:
    before = set(sandbox.jobs(channel))
    home, copy = tmp_path / "home", tmp_path / "copy"
    home.mkdir()
    order = _order(sandbox, home, channel, "accepted", "copied") | {"copy": str(copy)}
    assert await crashing.run(order) == -9
    made = set(sandbox.jobs(channel)) - before
    assert len(made) == 1
    shutil.copy(copy, make_folders(home).history_file)
    user = ScriptedUser(home, sandbox.info, channel, random.Random(next(_SEEDS)))
    await _enter(user)
    try:
        await user.submit_until_accepted("copied")
        assert set(sandbox.jobs(channel)) - before == made and user.submits == 0
    finally:
        await user.services.aclose()


@pytest.mark.parametrize("channel", list(Channel))
async def test_outbox_finds_a_job_created_ten_seconds_after_the_gateway_timeout(
    sandbox: FaultySandbox, tmp_path: Path, channel: Channel
) -> None:
    before = set(sandbox.jobs(channel))
    user = ScriptedUser(tmp_path, sandbox.info, channel, random.Random(next(_SEEDS)))
    await _enter(user)
    sandbox.plan.set([Fault("POST", f"{_base(channel)}/jobs", FaultKind.STATUS_504, 1)])
    try:
        submitting = asyncio.ensure_future(user.services.outbox.submit(user.submission("late")))
        async with asyncio.timeout(10):
            while [one.state for one in user.services.outbox.queue.waiting()] != [WaitState.UNCONFIRMED]:  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.02)
        await user.clock.sleep(10.0)
        late = sandbox.put(channel, tags=(user.services.outbox.queue.waiting()[0].tag,))
        async with asyncio.timeout(20):
            assert (await submitting).id == late.id
        assert set(sandbox.jobs(channel)) - before == {late.id}
    finally:
        sandbox.plan.set([])
        await user.services.aclose()


async def run_scenario(
    sandbox: FaultySandbox, crashing: CrashingClient, home: Path, scenario: Scenario
) -> dict[str, int]:
    """One job asked for; one job on the service in the end, and the history knows it. What happened."""
    killed = 0
    before = set(sandbox.jobs(scenario.channel))
    base = _base(scenario.channel)
    faults = []
    if scenario.post is not None:
        faults.append(Fault("POST", f"{base}/jobs", scenario.post, 1, seconds=0.2))
    if scenario.find is not None:
        # Signing in looks at the list once: from then on.
        faults.append(Fault("GET", f"{base}/jobs", scenario.find, 2, skip=1))
    if scenario.point == "request on its way" and scenario.post is None:
        faults.append(Fault("POST", f"{base}/jobs", FaultKind.SLOW, 1, seconds=0.2))
    sandbox.plan.set(faults)
    name = f"run-{scenario.number}"
    if scenario.point:
        status = await crashing.run(
            _order(sandbox, home, scenario.channel, scenario.point, name, scenario.number)
        )
        # A request that fails may never come to the steps after its answer: then the refusal is the end.
        assert status == -9 or (status == 1 and scenario.point in POINTS[_ANSWER:])
        killed = int(status == -9)
    user = ScriptedUser(home, sandbox.info, scenario.channel, random.Random(10_000 + scenario.number))
    await _enter(user)
    try:
        await user.submit_until_accepted(name)
        made = set(sandbox.jobs(scenario.channel)) - before
        assert len(made) == 1, (scenario, made)
        assert user.services.jobs.get(made.pop()) is not None
        return {
            "jobs": len(set(sandbox.jobs(scenario.channel)) - before),
            "killed": killed,
            "asked": user.submits,
        }
    finally:
        sandbox.plan.set([])
        await user.services.aclose()


async def _enter(user: ScriptedUser) -> None:
    async with asyncio.timeout(30):
        await user.services.start()
        while True:
            try:
                await user.services.account.sign_in(user._account)
                return
            except QdeckError:
                continue


def _base(channel: Channel) -> str:
    return "/api/v1" if channel is Channel.PLATFORM else "/runtime"


def _order(
    sandbox: FaultySandbox, home: Path, channel: Channel, point: str, name: str, seed: int | None = None
) -> dict[str, Any]:
    # No two may give their submissions the same tags.
    seed = next(_SEEDS) if seed is None else seed
    members = {"home": str(home), "channel": channel.value, "point": point, "name": name}
    return {**members, "seed": seed, "info": _members(sandbox)}


def _members(sandbox: FaultySandbox) -> dict[str, Any]:
    info = sandbox.info
    hosts = {"auth": info.auth, "runtime": info.runtime, "transpiler": info.transpiler}
    known = {"url": info.url, "api_key": info.api_key, "crn": info.crn, "api_token": info.api_token}
    return {**known, "instance": info.instance, "classic": hosts}
