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

from tests.faults.bench import Workspace, bench
from tests.faults.doomed import POINTS
from tests.faults.pilot import Pilot
from tests.sandbox.http.processes import ROOT
from tests.store.made import places
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
LOOK_FAULTS = (None, FaultKind.STATUS_502, FaultKind.RESET)
_SEEDS = itertools.count(20_000)
_ANSWER = POINTS.index("answer not read")


@dataclass(frozen=True, slots=True)
class Run:
    """One submission: where qdeck is killed ("" nowhere), what befalls the request and the looks after it."""

    number: int
    channel: Channel
    point: str
    post: FaultKind | None
    look: FaultKind | None

    def __str__(self) -> str:
        faults = f"{self.post or 'well'}-{self.look or 'well'}"
        return f"{self.number}-{self.channel}-{self.point or 'alive'}-{faults}"


_WAYS = itertools.product(Channel, ("", *POINTS), POST_FAULTS, LOOK_FAULTS)
RUNS = [Run(number, *way) for number, way in enumerate(_WAYS)]
QUICK = random.Random(7).sample(RUNS, 20)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Workspace]:
    async with bench(tmp_path_factory.mktemp("outbox")) as opened:
        yield opened


class Doomed:
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
async def doomed() -> AsyncIterator[Doomed]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.doomed",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    yield Doomed(process)
    process.stdin.close()
    await process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS, ids=str)
async def test_jobs_on_the_service_are_the_jobs_asked_for(
    box: Workspace,
    doomed: Doomed,
    tmp_path: Path,
    run: Run,
    record_property: Callable[[str, object], None],
) -> None:
    for name, value in (await fly(box, doomed, tmp_path, run)).items():
        record_property(name, value)


@pytest.mark.parametrize("run", QUICK, ids=str)
async def test_a_sample_of_them(box: Workspace, doomed: Doomed, tmp_path: Path, run: Run) -> None:
    await fly(box, doomed, tmp_path, run)


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("point", ["intent durable", "request on its way", "answered"])
async def test_killed_while_sending_and_the_list_is_down(
    box: Workspace, doomed: Doomed, tmp_path: Path, channel: Channel, point: str
) -> None:
    """The user sees that it is being checked; nothing is sent until the list is back."""
    before = set(box.jobs(channel))
    jobs = f"{_base(channel)}/jobs"
    slow = Fault("POST", jobs, FaultKind.SLOW, 1, seconds=0.2)
    # Signing in on the platform looks at the list once.
    down = Fault("GET", jobs, FaultKind.STATUS_503, 0, skip=int(channel is Channel.PLATFORM))
    box.plan.set([slow] if point == "request on its way" else [])
    assert await doomed.run(_order(box, tmp_path, channel, point, "first")) == -9
    box.plan.set([down])
    pilot = Pilot(tmp_path, box.info, channel, random.Random(next(_SEEDS)))
    await _enter(pilot)
    try:
        async with asyncio.timeout(10):
            while [one.state for one in pilot.services.outbox.queue.waiting()] != [WaitState.UNCONFIRMED]:  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.02)
        second = asyncio.ensure_future(pilot.services.outbox.submit(pilot.submission("second")))
        await asyncio.sleep(2.0)
        assert not second.done() and len(set(box.jobs(channel)) - before) <= 1
        box.plan.set([])
        async with asyncio.timeout(30):
            await second
        await pilot.see_to("first")
        assert len(set(box.jobs(channel)) - before) == 2
    finally:
        box.plan.set([])
        await pilot.services.aclose()


@pytest.mark.parametrize("channel", list(Channel))
async def test_an_old_copy_of_the_history_is_put_back_after_the_job_was_accepted(
    box: Workspace, doomed: Doomed, tmp_path: Path, channel: Channel
) -> None:
    before = set(box.jobs(channel))
    home, copy = tmp_path / "home", tmp_path / "copy"
    home.mkdir()
    order = _order(box, home, channel, "accepted", "copied") | {"copy": str(copy)}
    assert await doomed.run(order) == -9
    made = set(box.jobs(channel)) - before
    assert len(made) == 1
    shutil.copy(copy, places(home).history_file)
    pilot = Pilot(home, box.info, channel, random.Random(next(_SEEDS)))
    await _enter(pilot)
    try:
        await pilot.see_to("copied")
        assert set(box.jobs(channel)) - before == made and pilot.submits == 0
    finally:
        await pilot.services.aclose()


@pytest.mark.parametrize("channel", list(Channel))
async def test_a_gateway_gives_up_and_the_job_comes_ten_seconds_later(
    box: Workspace, tmp_path: Path, channel: Channel
) -> None:
    before = set(box.jobs(channel))
    pilot = Pilot(tmp_path, box.info, channel, random.Random(next(_SEEDS)))
    await _enter(pilot)
    box.plan.set([Fault("POST", f"{_base(channel)}/jobs", FaultKind.STATUS_504, 1)])
    try:
        submitting = asyncio.ensure_future(pilot.services.outbox.submit(pilot.submission("late")))
        async with asyncio.timeout(10):
            while [one.state for one in pilot.services.outbox.queue.waiting()] != [WaitState.UNCONFIRMED]:  # noqa: ASYNC110 - polled
                await asyncio.sleep(0.02)
        await pilot.clock.sleep(10.0)
        late = box.put(channel, tags=(pilot.services.outbox.queue.waiting()[0].tag,))
        async with asyncio.timeout(20):
            assert (await submitting).id == late.id
        assert set(box.jobs(channel)) - before == {late.id}
    finally:
        box.plan.set([])
        await pilot.services.aclose()


async def fly(box: Workspace, doomed: Doomed, home: Path, run: Run) -> dict[str, int]:
    """One job asked for; one job on the service in the end, and the history knows it. What happened."""
    killed = 0
    before = set(box.jobs(run.channel))
    base = _base(run.channel)
    faults = []
    if run.post is not None:
        faults.append(Fault("POST", f"{base}/jobs", run.post, 1, seconds=0.2))
    if run.look is not None:
        # Signing in looks at the list once: from then on.
        faults.append(Fault("GET", f"{base}/jobs", run.look, 2, skip=1))
    if run.point == "request on its way" and run.post is None:
        faults.append(Fault("POST", f"{base}/jobs", FaultKind.SLOW, 1, seconds=0.2))
    box.plan.set(faults)
    name = f"run-{run.number}"
    if run.point:
        status = await doomed.run(_order(box, home, run.channel, run.point, name, run.number))
        # A request that fails may never come to the steps after its answer: then the refusal is the end.
        assert status == -9 or (status == 1 and run.point in POINTS[_ANSWER:])
        killed = int(status == -9)
    pilot = Pilot(home, box.info, run.channel, random.Random(10_000 + run.number))
    await _enter(pilot)
    try:
        await pilot.see_to(name)
        made = set(box.jobs(run.channel)) - before
        assert len(made) == 1, (run, made)
        assert pilot.services.jobs.get(made.pop()) is not None
        return {"jobs": len(set(box.jobs(run.channel)) - before), "killed": killed, "asked": pilot.submits}
    finally:
        box.plan.set([])
        await pilot.services.aclose()


async def _enter(pilot: Pilot) -> None:
    async with asyncio.timeout(30):
        await pilot.services.start()
        while True:
            try:
                await pilot.services.account.sign_in(pilot._account)
                return
            except QdeckError:
                continue


def _base(channel: Channel) -> str:
    return "/api/v1" if channel is Channel.PLATFORM else "/runtime"


def _order(
    box: Workspace, home: Path, channel: Channel, point: str, name: str, seed: int | None = None
) -> dict[str, Any]:
    # No two may give their submissions the same tags.
    seed = next(_SEEDS) if seed is None else seed
    members = {"home": str(home), "channel": channel.value, "point": point, "name": name}
    return {**members, "seed": seed, "info": _members(box)}


def _members(box: Workspace) -> dict[str, Any]:
    info = box.info
    hosts = {"auth": info.auth, "runtime": info.runtime, "transpiler": info.transpiler}
    known = {"url": info.url, "api_key": info.api_key, "crn": info.crn, "api_token": info.api_token}
    return {**known, "instance": info.instance, "classic": hosts}
