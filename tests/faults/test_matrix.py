"""Every kind of fault against every request that the client makes, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.faults.api_calls import CALLS, DEVICE, TAG, ApiCall
from tests.faults.expectations import OK, expected
from tests.faults.sandbox import FLIP, IMPATIENT, PATIENT, POLICY, FaultySandbox, faulty_sandbox
from tests.ibm.mock_network import InstantClock
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Channel, SignOutReport
from tui.domain.circuits import TranspileOptions
from tui.domain.jobs import JobQuery, Primitive
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.ibm.transport.request import Idempotency
from tui.sandbox.faults.plan import Fault, FaultKind

KINDS = [kind for kind in FaultKind if kind is not FaultKind.NOT_FOUND]
"""404 is an answer, not a fault; it only brings about a call of the table here."""
WAITS = {FaultKind.RATE_LIMITED_FOR, FaultKind.RATE_LIMITED_UNTIL}
BOUND = 20.0
"""Real seconds within which every case has to end, on a busy machine too."""
CASES = list(itertools.product(CALLS, KINDS, (False, True)))
QUICK = [case for index, case in enumerate(CASES) if index % 31 == 0 and case[1] is not FaultKind.HUGE]
QUICK += [(call, FaultKind.INVALID_JSON, False) for call in CALLS if call.idempotency is Idempotency.CREATES]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FaultySandbox]:
    """One sandbox for the whole matrix."""
    async with faulty_sandbox(tmp_path_factory.mktemp("matrix")) as opened:
        yield opened


class Recorder(httpx.AsyncHTTPTransport):
    """The network, and what went over it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: set[tuple[str, str]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.add((request.method, request.url.path))
        return await super().handle_async_request(request)


def case_id(case: object) -> str:
    return "always" if case is True else "once" if case is False else str(case)


def matches(call: ApiCall, method: str, path: str) -> bool:
    pattern = re.escape(call.path).replace(r"\*", "[^/]+")
    return call.method == method and re.fullmatch(pattern, path) is not None


async def test_api_calls_cover_every_request_of_the_client(sandbox: FaultySandbox) -> None:
    """What really goes over the wire while every method of the protocol is used, on both faces."""
    for channel in Channel:
        transport = Recorder()
        used: set[str] = set()
        for call in (call for call in CALLS if call.channel is channel):
            sandbox.plan.set([Fault("GET", call.first, FaultKind.NOT_FOUND, 0)] if call.first else [])
            prepared = await call.prepare(sandbox, channel)
            made = sandbox.client(channel, transport=transport, account=call.account)
            if call.signed:
                await made.sign_in()
            before, transport.sent = transport.sent, set()
            spy = Spy(made)
            await call.ask(spy, prepared)  # type: ignore[arg-type]  # hands everything on
            used |= spy.used
            assert any(matches(call, *sent) for sent in transport.sent), f"{call} was not sent"
            transport.sent |= before
            if call.path.endswith("/cancel"):
                _end(sandbox, prepared)
        sandbox.plan.set([])
        await _use_the_others(sandbox, sandbox.client(channel, transport=transport), channel, used)
        assert not {
            sent
            for sent in transport.sent
            if not any(matches(call, *sent) for call in CALLS if call.channel is channel)
        }


class Spy:
    """A service that remembers which of its methods were used."""

    def __init__(self, made: QuantumService) -> None:
        self._made = made
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.used.add(name)
        return getattr(self._made, name)


async def _use_the_others(
    sandbox: FaultySandbox, made: QuantumService, channel: Channel, used: set[str]
) -> None:
    """Ask what the table does not ask: its requests have to be in the table all the same."""
    known = {
        "job_id": await sandbox.finished(channel),
        "session_id": sandbox.session(channel),
        "name": DEVICE,
        "backend": DEVICE,
        "qasm": FLIP,
        "options": TranspileOptions(),
        "text": TAG,
        "submission": Submission(Primitive.SAMPLER, DEVICE, FLIP),
    }
    await made.sign_in()
    for name, method in inspect.getmembers(QuantumService, inspect.iscoroutinefunction):
        if name.startswith("_") or name in used or name == "aclose":
            continue
        needed = [
            parameter.name
            for parameter in inspect.signature(method).parameters.values()
            if parameter.name != "self" and parameter.default is parameter.empty
        ]
        assert set(needed) <= set(known), f"say here how to ask {name}"
        with contextlib.suppress(QdeckError):
            await getattr(made, name)(*(known[each] for each in needed))
    await made.aclose()


@pytest.mark.slow
@pytest.mark.parametrize(("call", "kind", "always"), CASES, ids=case_id)
async def test_every_fault_of_every_call(
    sandbox: FaultySandbox, call: ApiCall, kind: FaultKind, always: bool
) -> None:
    await check_case(sandbox, call, kind, always=always)


@pytest.mark.parametrize(("call", "kind", "always"), QUICK, ids=case_id)
async def test_sample_of_faults_and_calls(
    sandbox: FaultySandbox, call: ApiCall, kind: FaultKind, always: bool
) -> None:
    await check_case(sandbox, call, kind, always=always)


async def test_too_large_body_is_not_read_to_its_end(sandbox: FaultySandbox) -> None:
    """The limit holds while the body comes in: it is not read to its end."""
    for call in (call for call in CALLS if call.path.endswith(("/jobs", "/results", "/usage"))):
        outcome, _ = await attempt(sandbox, call, FaultKind.HUGE, always=True, max_body=1_000_000)
        wanted = ErrorKind.UNCONFIRMED if call.idempotency is Idempotency.CREATES else ErrorKind.PROTOCOL
        assert outcome == (OK if "any" in call.left_out else wanted), call


async def check_case(sandbox: FaultySandbox, call: ApiCall, kind: FaultKind, *, always: bool) -> None:
    """One case: the right end, in bounded time, nothing sent elsewhere, nothing lost."""
    jobs, sessions = sandbox.jobs(call.channel), sandbox.sessions(call.channel)
    sandbox.other_origin.heard.clear()
    outcome, answer = await attempt(sandbox, call, kind, always=always)
    assert sandbox.other_origin.heard == []
    assert outcome == expected(call, kind, always=always), answer
    if call.method == "POST" and call.path.endswith("/jobs"):
        await _job_accounted_for(
            sandbox, call, outcome, new=[id for id in sandbox.jobs(call.channel) if id not in jobs]
        )
    elif call.method == "POST" and call.path.endswith("/sessions"):
        opened = sandbox.sessions(call.channel) - sessions
        assert opened <= 1
        assert opened == 1 or outcome != OK
        assert opened == 0 or outcome in (OK, ErrorKind.UNCONFIRMED)
    if (
        isinstance(answer, SignOutReport)
        and answer.proven
        and not (kind is FaultKind.UNAUTHORIZED and always)
    ):
        assert not sandbox.service.classic._expires


async def attempt(
    sandbox: FaultySandbox, call: ApiCall, kind: FaultKind, *, always: bool, max_body: int = 100_000_000
) -> tuple[str, object]:
    """Ask with the fault in place; how it ended, and the answer or the error."""
    sandbox.plan.set([])
    sandbox.service.classic._expires.clear()
    prepared = await call.prepare(sandbox, call.channel)
    clock = InstantClock()
    timeouts = IMPATIENT if kind is FaultKind.HANG else PATIENT
    client = sandbox.client(call.channel, clock, timeouts=timeouts, max_body=max_body, account=call.account)
    if call.signed:
        await client.sign_in()
    fault = Fault(
        call.method, call.path, kind, 0 if always else 1, seconds=0.1, target=sandbox.other_origin.url
    )
    if kind in WAITS:
        # A date has whole seconds, and those of the answer's own one may have been made a second ago.
        fault = Fault(call.method, call.path, kind, fault.count, seconds=9)
    first = [Fault("GET", call.first, FaultKind.NOT_FOUND, 0)] if call.first else []
    sandbox.plan.set([*first, fault])
    slept = len(clock.slept)
    try:
        async with asyncio.timeout(BOUND):
            answer: object = await call.ask(client, prepared)
        outcome = OK
    except QdeckError as error:
        answer, outcome = error, error.kind.value
    finally:
        hits = sandbox.plan.report()[-1]["hits"]
        sandbox.plan.set([])
        await client.aclose()
        if call.path.endswith("/cancel"):
            _end(sandbox, prepared)
    assert hits >= 1, "the fault was not met"
    if not always:
        assert hits == 1
    else:
        assert hits <= POLICY.attempts * call.requests
    if kind in WAITS and call.idempotency is Idempotency.READS:
        assert 7 <= max(clock.slept[slept:], default=0) <= 11, "Retry-After was not obeyed"
    assert sum(clock.slept) < 60
    return outcome, answer


def _end(sandbox: FaultySandbox, job_id: str) -> None:
    job = sandbox.service.database.jobs.get(job_id)
    if job is not None and not job.final:
        sandbox.service.scheduler.cancel(job)


async def _job_accounted_for(sandbox: FaultySandbox, call: ApiCall, outcome: str, new: list[str]) -> None:
    """The job exists when the client says so, and is found by its tag when it does not know."""
    assert len(new) <= 1
    if outcome == OK:
        assert len(new) == 1
        return
    if outcome != ErrorKind.UNCONFIRMED:
        assert not new
        return
    client = sandbox.client(call.channel)
    await client.sign_in()
    listed = (await client.jobs(JobQuery(limit=50, tags=(TAG,)))).jobs
    assert {job.id for job in listed} >= set(new)
    await client.aclose()
