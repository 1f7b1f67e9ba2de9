"""Both services against a real sandbox process, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.support.sandbox import live_account
from tui.common.errors import ErrorKind, QdeckError
from tui.common.timing import SystemClock
from tui.domain.accounts import AccountDetails, Channel
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.cloud_transpiler import NOTHING_ASKED, Ai, CloudOptions
from tui.domain.jobs import Job, JobQuery, JobStatus, Primitive
from tui.domain.sessions import SessionMode, SessionState
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.ibm.factory import make_service
from tui.sandbox.lifecycle.launch import SandboxInfo

DEVICES = {"ibm_peekskill": 27, "ibm_cusco": 127, "ibm_fez": 156}
FLIP = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0; c[1] = measure $1;'
STATE = 'OPENQASM 3.0; include "stdgates.inc"; x $0; x $1;'
BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'


@pytest.fixture(params=list(Channel), ids=str)
async def service(live_sandbox: SandboxInfo, request: pytest.FixtureRequest) -> AsyncIterator[QuantumService]:
    made = make_service(live_account(live_sandbox, request.param))
    await made.sign_in()
    yield made
    await made.aclose()


@pytest.fixture
async def classic(live_sandbox: SandboxInfo) -> AsyncIterator[QuantumService]:
    made = make_service(live_account(live_sandbox, Channel.CLASSIC))
    await made.sign_in()
    yield made
    await made.aclose()


async def finished(service: QuantumService, job: Job) -> Job:
    async with asyncio.timeout(60):
        while True:
            recorded = await service.job(job.id)
            if recorded.status.final:
                return recorded
            await asyncio.sleep(0.05)


async def refused(call: object) -> QdeckError:
    with pytest.raises(QdeckError) as caught:
        await call  # type: ignore[misc]  # any awaitable
    return caught.value


async def test_sign_in_returns_identity(service: QuantumService) -> None:
    identity = await service.renew()
    assert identity.sandbox
    assert identity.instance == service.account.instance
    assert identity.cloud_transpiler is (identity.channel is Channel.CLASSIC)
    assert identity.expires is not None
    left = identity.expires - SystemClock().now()
    hours = 1 if identity.channel is Channel.PLATFORM else 14 * 24
    assert timedelta(hours=hours, minutes=-1) < left <= timedelta(hours=hours, seconds=1)
    assert service.label == f"sandbox {identity.channel.value}"
    assert identity.hosts[0].startswith("127.0.0.1:")


async def test_sign_in_finds_and_names_instance(service: QuantumService) -> None:
    (instance,) = await service.instances()
    assert instance.id == service.account.instance
    usage = await service.usage()
    assert usage.consumed_seconds is not None
    assert usage.remaining_seconds is not None


async def test_account_details_and_api_version(service: QuantumService) -> None:
    details, version = await service.account_details(), await service.api_version()
    if service.account.channel is Channel.PLATFORM:
        assert details.plans and details.spending is not None and details.withheld == ()
        assert version is not None and version.status == "live"
    else:
        assert (details, version) == (AccountDetails(), None)
    assert service.clock_skew is not None and abs(service.clock_skew) < 60


@pytest.mark.parametrize("channel", list(Channel), ids=str)
async def test_sign_in_without_instance_uses_first(live_sandbox: SandboxInfo, channel: Channel) -> None:
    made = make_service(live_account(live_sandbox, channel, instance=""))
    identity = await made.sign_in()
    assert identity.instance == (live_sandbox.crn if channel is Channel.PLATFORM else live_sandbox.instance)
    assert identity.instance_name
    await made.aclose()


async def test_sign_in_by_instance_name(live_sandbox: SandboxInfo) -> None:
    by_crn = make_service(live_account(live_sandbox, Channel.PLATFORM))
    name = (await by_crn.sign_in()).instance_name
    by_name = make_service(live_account(live_sandbox, Channel.PLATFORM, instance=name))
    assert (await by_name.sign_in()).instance == live_sandbox.crn
    unknown = make_service(live_account(live_sandbox, Channel.PLATFORM, instance="no-such"))
    assert (await refused(unknown.sign_in())).kind is ErrorKind.NOT_FOUND
    for made in (by_crn, by_name, unknown):
        await made.aclose()


async def test_backends_with_details(service: QuantumService) -> None:
    listed = {backend.name: backend for backend in await service.backends()}
    assert {name: backend.qubits for name, backend in listed.items()} == DEVICES
    assert all(backend.operational and backend.queue_length is not None for backend in listed.values())
    fez = await service.backend("ibm_fez")
    assert fez.two_qubit_gate == "cz"
    assert fez.median_2q_error is not None and 1e-4 < fez.median_2q_error < 0.05
    assert fez.median_t1_us is not None and 10 < fez.median_t1_us < 1000
    assert fez.median_1q_error is not None and fez.median_readout_error is not None
    assert fez.calibrated is not None
    data = await service.backend_data("ibm_fez")
    assert b'"coupling_map"' in data.configuration
    assert b'"last_update_date"' in data.properties
    assert (await refused(service.backend("ibm_nowhere"))).kind is ErrorKind.NOT_FOUND


async def test_sampler_job_from_submit_to_delete(service: QuantumService) -> None:
    tags = (f"walk {service.account.channel}", "[red]")
    submission = Submission(Primitive.SAMPLER, "ibm_peekskill", FLIP, shots=300, tags=tags, name="flip")
    job = await service.submit(submission)
    assert (job.status, job.name, job.circuit, job.shots) == (JobStatus.QUEUED, "flip", FLIP, 300)
    done = await finished(service, job)
    assert (done.status, done.tags, done.service) == (JobStatus.DONE, tags, service.label)
    assert done.instance == service.account.instance
    assert done.qpu_seconds
    result = await service.result(job.id)
    (counts,) = result.pubs[0].counts
    assert (counts.register, counts.num_bits, counts.shots) == ("c", 2, 300)
    assert counts.probabilities()[0][0] == "01"
    assert counts.probabilities()[0][1] > 0.7
    metrics = await service.metrics(job.id)
    assert metrics.created and metrics.running and metrics.finished
    assert metrics.created <= metrics.running <= metrics.finished
    assert await service.logs(job.id)
    page = await service.jobs(JobQuery(tags=tags))
    assert ([listed.id for listed in page.jobs], page.total) == ([job.id], 1)
    assert (await service.jobs(JobQuery(tags=tags, pending=True))).jobs == ()
    assert (await service.job(job.id, with_params=True)).circuit == FLIP
    assert (await service.job(job.id)).circuit == ""
    await service.set_tags(job.id, ())
    assert (await service.job(job.id)).tags == ()
    assert (await refused(service.cancel(job.id))).kind is ErrorKind.CONFLICT
    await service.delete(job.id)
    for call in (service.job(job.id), service.result(job.id), service.logs(job.id), service.delete(job.id)):
        assert (await refused(call)).kind is ErrorKind.NOT_FOUND


async def test_estimator_job(service: QuantumService) -> None:
    observables = ("I" * 25 + "ZZ", "I" * 26 + "Z")
    job = await service.submit(
        Submission(Primitive.ESTIMATOR, "ibm_peekskill", STATE, observables=observables, precision=0.05)
    )
    assert (await finished(service, job)).status is JobStatus.DONE
    (pub,) = (await service.result(job.id)).pubs
    both, one = pub.values
    assert (both.index, one.index) == ((0,), (1,))
    assert both.value > 0.8 and one.value < -0.8
    assert both.std is not None and 0 < both.std < 0.2


async def test_job_with_invalid_circuit_fails_with_reason(service: QuantumService) -> None:
    job = await service.submit(Submission(Primitive.SAMPLER, "ibm_peekskill", BELL, shots=10))
    failed = await finished(service, job)
    assert failed.status is JobStatus.FAILED
    assert failed.reason
    assert failed.reason_code


async def test_submit_to_unknown_backend_is_refused(service: QuantumService) -> None:
    error = await refused(service.submit(Submission(Primitive.SAMPLER, "ibm_nowhere", FLIP)))
    assert error.kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize("mode", list(SessionMode), ids=str)
async def test_session_from_open_to_closed(service: QuantumService, mode: SessionMode) -> None:
    session = await service.open_session("ibm_peekskill", mode, 600)
    assert (session.state, session.mode, session.max_ttl) == (SessionState.OPEN, mode, 600)
    assert (session.backend, session.instance) == ("ibm_peekskill", service.account.instance)
    job = await service.submit(
        Submission(Primitive.SAMPLER, "ibm_peekskill", FLIP, shots=20, session_id=session.id)
    )
    assert (await finished(service, job)).session_id == session.id
    assert (await service.jobs(JobQuery(session_id=session.id))).total == 1
    active = await service.session(session.id)
    assert (active.state, active.backend, active.mode) == (SessionState.ACTIVE, "ibm_peekskill", mode)
    assert active.activated is not None
    assert active.ends() is not None
    listed = {known.id: known for known in await service.sessions()}
    if service.account.channel is Channel.PLATFORM:
        assert (listed[session.id].state, listed[session.id].mode) == (SessionState.ACTIVE, mode)
    else:
        assert listed == {}
    await service.drain_session(session.id)
    assert not (await service.session(session.id)).accepting_jobs
    await service.close_session(session.id)
    closed = await service.session(session.id)
    assert (closed.state, closed.closed is not None) == (SessionState.CLOSED, True)
    late = Submission(Primitive.SAMPLER, "ibm_peekskill", FLIP, session_id=session.id)
    assert (await refused(service.submit(late))).kind in {ErrorKind.CONFLICT, ErrorKind.INVALID}


async def test_open_session_is_listed_behind_many_closed_ones(live_sandbox: SandboxInfo) -> None:
    made = make_service(live_account(live_sandbox, Channel.PLATFORM))
    await made.sign_in()
    kept = await made.open_session("ibm_fez", SessionMode.DEDICATED, 600)

    async def open_and_close() -> None:
        session = await made.open_session("ibm_cusco", SessionMode.DEDICATED, 600)
        await made.close_session(session.id)

    await asyncio.gather(*(open_and_close() for _ in range(51)))
    for _ in range(2):
        listed = {session.id: session.state for session in await made.sessions()}
        assert listed[kept.id] is SessionState.OPEN
    await made.close_session(kept.id)
    assert all(session.id != kept.id or not session.takes_jobs for session in await made.sessions())
    await made.aclose()


async def test_unknown_ids_are_not_found(service: QuantumService) -> None:
    for call in (service.job("nope"), service.metrics("a/b"), service.session("nope"), service.logs("nope")):
        assert (await refused(call)).kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize("channel", list(Channel), ids=str)
async def test_sign_in_with_wrong_key(live_sandbox: SandboxInfo, channel: Channel) -> None:
    for token in ("wrong", ""):
        made = make_service(live_account(live_sandbox, channel, token=token))
        error = await refused(made.sign_in())
        assert error.kind is ErrorKind.WRONG_KEY
        await made.aclose()


@pytest.mark.parametrize(
    ("channel", "instance"),
    [
        (Channel.PLATFORM, "crn:v1:bluemix:public:quantum-computing:us-east:a/0:someone-elses::"),
        (Channel.CLASSIC, "some/one/else"),
    ],
)
async def test_sign_in_to_foreign_instance_is_forbidden(
    live_sandbox: SandboxInfo, channel: Channel, instance: str
) -> None:
    made = make_service(live_account(live_sandbox, channel, instance=instance))
    error = await refused(made.sign_in())
    assert error.kind is ErrorKind.FORBIDDEN
    assert error.advice
    await made.aclose()


async def test_sign_out_of_classic_is_proven(classic: QuantumService) -> None:
    report = await classic.sign_out()
    assert (report.proven, report.valid_until) == (True, None)
    assert (await refused(classic.jobs(JobQuery()))).kind is ErrorKind.EXPIRED
    await classic.sign_in()
    assert (await classic.jobs(JobQuery(limit=1))).total is not None


async def test_sign_out_of_platform_has_expiry(live_sandbox: SandboxInfo) -> None:
    made = make_service(live_account(live_sandbox, Channel.PLATFORM))
    identity = await made.sign_in()
    report = await made.sign_out()
    assert (report.proven, report.valid_until) == (False, identity.expires)
    assert "revoke" in report.message
    assert (await refused(made.jobs(JobQuery()))).kind is ErrorKind.EXPIRED
    await made.aclose()


async def test_cloud_transpiler_makes_isa_circuit(classic: QuantumService) -> None:
    options = TranspileOptions(optimization_level=1)
    async with asyncio.timeout(120):
        made = await classic.cloud_transpile(BELL, "ibm_peekskill", options)
    qasm, initial, final = made.qasm, made.initial, made.final
    assert "$" in qasm and "ecr" in qasm
    assert sorted(initial) == sorted(final) == list(range(27))
    job = await classic.submit(Submission(Primitive.SAMPLER, "ibm_peekskill", qasm, shots=400))
    assert (await finished(classic, job)).status is JobStatus.DONE
    shares = dict((await classic.result(job.id)).pubs[0].counts[0].probabilities())
    assert shares["00"] + shares["11"] > 0.8


async def test_cloud_transpiler_obeys_options(classic: QuantumService) -> None:
    turn = 'OPENQASM 3.0; include "stdgates.inc"; qubit[1] q; rx(0.3) q[0];'
    line = ((0, 1), (1, 0), (1, 2), (2, 1))

    async def made_with(asked: CloudOptions, text: str = turn) -> CloudCircuit:
        async with asyncio.timeout(120):
            return await classic.cloud_transpile(
                text, "ibm_fez", TranspileOptions(1, cloud=True, asked=asked)
            )

    assert "rx(" in (await made_with(CloudOptions(fractional_gates=True))).qasm
    assert "rx(" not in (await made_with(NOTHING_ASKED)).qasm
    placed = CloudOptions(coupling_map=line, qiskit_options=(("initial_layout", "[2, 1]"),))
    assert (await made_with(placed, BELL)).initial == (2, 1, 0)
    with pytest.raises(QdeckError, match="AI-powered transpiling is not available here"):
        await made_with(CloudOptions(ai=Ai.ON))
    with pytest.raises(QdeckError, match="Unknown transpile option 'speed'"):
        await made_with(CloudOptions(qiskit_options=(("speed", "9"),)))


async def test_cloud_transpiler_error_has_reason(classic: QuantumService) -> None:
    error = await refused(
        classic.cloud_transpile("OPENQASM 3.0; nonsense", "ibm_peekskill", TranspileOptions())
    )
    assert error.kind in {ErrorKind.CIRCUIT, ErrorKind.INVALID}
    unknown = await refused(classic.cloud_transpile(BELL, "ibm_nowhere", TranspileOptions()))
    assert unknown.kind is ErrorKind.NOT_FOUND


async def test_platform_has_no_cloud_transpiler(live_sandbox: SandboxInfo) -> None:
    made = make_service(live_account(live_sandbox, Channel.PLATFORM))
    error = await refused(made.cloud_transpile(BELL, "ibm_fez", TranspileOptions()))
    assert error.kind is ErrorKind.UNAVAILABLE
