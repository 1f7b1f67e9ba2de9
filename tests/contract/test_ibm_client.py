"""IBM's own client against the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tui.sandbox.lifecycle.launch import SandboxInfo

# IBM's client calls its own primitives deprecated in favour of others that are still in beta.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TIMEOUT_SECONDS = 60


def ids(jobs: list[Any]) -> list[str]:
    return [job.job_id() for job in jobs]


def test_backends_of_ibms_client_have_targets(service: Any) -> None:
    sizes = {backend.name: backend.num_qubits for backend in service.backends()}
    assert sizes == {"ibm_peekskill": 27, "ibm_cusco": 127, "ibm_fez": 156}
    fez = service.backend("ibm_fez")
    assert "cz" in fez.target.operation_names
    assert fez.target["cz"][(0, 1)].error > 0
    status = fez.status()
    assert (status.operational, status.status_msg) == (True, "active")
    assert fez.properties().t1(0) > 0
    assert service.least_busy().name in sizes


def test_backends_of_ibms_client_are_filtered_by_dynamic_circuits(service: Any) -> None:
    assert {backend.name for backend in service.backends(dynamic_circuits=True)} == {
        "ibm_peekskill",
        "ibm_cusco",
        "ibm_fez",
    }
    assert service.backends(dynamic_circuits=False) == []


def test_sampler_measures_a_bell_pair(service: Any, peekskill: Any, bell: Any) -> None:
    from qiskit_ibm_runtime import SamplerV2

    job = SamplerV2(mode=peekskill).run([bell], shots=1000)
    counts = job.result(timeout=TIMEOUT_SECONDS)[0].data.meas.get_counts()
    assert sum(counts.values()) == 1000
    assert counts["00"] + counts["11"] > 850
    assert min(counts["00"], counts["11"]) > 350
    assert job.status() == "DONE"
    assert job.backend().name == "ibm_peekskill"
    assert job.inputs["version"] == 2
    metrics = job.metrics()
    assert metrics["timestamps"]["created"] <= metrics["timestamps"]["running"]
    assert metrics["usage"]["status"] == "complete"
    assert "qiskit_ibm_runtime" in metrics["caller"]
    assert job.usage() > 0
    assert job.logs()
    assert service.job(job.job_id()).result(timeout=TIMEOUT_SECONDS)[0].data.meas.num_shots == 1000


def test_sampler_runs_two_pubs_with_parameters(peekskill: Any) -> None:
    from qiskit import QuantumCircuit, transpile
    from qiskit.circuit import Parameter
    from qiskit_ibm_runtime import SamplerV2

    theta = Parameter("theta")
    turn = QuantumCircuit(1, 1)
    turn.rx(theta, 0)
    turn.measure(0, 0)
    fitted = transpile(turn, peekskill, optimization_level=1, seed_transpiler=1)
    flip = transpile(turn.assign_parameters([3.14159]), peekskill, seed_transpiler=1)
    job = SamplerV2(mode=peekskill).run([(fitted, [[0.0], [3.14159]], 200), (flip, None, 300)])
    result = job.result(timeout=TIMEOUT_SECONDS)
    assert result[0].data.c.shape == (2,)
    assert result[0].data.c.get_counts(0).get("0", 0) > 170
    assert result[0].data.c.get_counts(1).get("1", 0) > 170
    assert sum(result[1].data.c.get_counts().values()) == 300


def test_estimator_measures_correlations_of_a_bell_pair(peekskill: Any, bell: Any) -> None:
    from qiskit.quantum_info import SparsePauliOp
    from qiskit_ibm_runtime import EstimatorV2

    circuit = bell.remove_final_measurements(inplace=False)
    observables = [SparsePauliOp(text).apply_layout(circuit.layout) for text in ("ZZ", "XX", "ZI")]
    job = EstimatorV2(mode=peekskill).run([(circuit, observables)], precision=0.05)
    data = job.result(timeout=TIMEOUT_SECONDS)[0].data
    assert data.evs.shape == data.stds.shape == (3,)
    assert data.evs[0] > 0.75
    assert data.evs[1] > 0.75
    assert abs(data.evs[2]) < 0.3


def test_session_runs_a_job_and_refuses_jobs_once_closed(service: Any, peekskill: Any, bell: Any) -> None:
    from qiskit_ibm_runtime import SamplerV2, Session
    from qiskit_ibm_runtime.exceptions import IBMRuntimeError

    with Session(backend=peekskill, max_time="10m") as session:
        job = SamplerV2(mode=session).run([bell], shots=100)
        job.result(timeout=TIMEOUT_SECONDS)
        assert job.session_id == session.session_id
        details = session.details()
        assert (details["state"], details["accepting_jobs"], details["mode"]) == ("active", True, "dedicated")
        assert details["max_time"] == 600
        assert session.status() == "In progress, accepting new jobs"
    assert session.status() == "Closed"
    assert ids(service.jobs(session_id=session.session_id)) == [job.job_id()]
    with pytest.raises(IBMRuntimeError):
        SamplerV2(mode=session).run([bell])
    again = Session.from_id(session.session_id, service)
    with pytest.raises(IBMRuntimeError):
        SamplerV2(mode=again).run([bell])


def test_session_closed_elsewhere_refuses_jobs_with_1217(service: Any, peekskill: Any, bell: Any) -> None:
    from qiskit_ibm_runtime import SamplerV2, Session
    from qiskit_ibm_runtime.exceptions import IBMRuntimeError

    session = Session(backend=peekskill)
    service._active_api_client.cancel_session(session.session_id)
    with pytest.raises(IBMRuntimeError, match="1217"):
        SamplerV2(mode=session).run([bell])


def test_batch_lists_its_jobs_and_closes(service: Any, peekskill: Any, bell: Any) -> None:
    from qiskit_ibm_runtime import Batch, SamplerV2

    with Batch(backend=peekskill) as batch:
        sampler = SamplerV2(mode=batch)
        jobs = [sampler.run([bell], shots=50) for _ in range(2)]
    for job in jobs:
        job.result(timeout=TIMEOUT_SECONDS)
    assert ids(service.jobs(session_id=batch.session_id)) == ids(jobs)[::-1]
    details = batch.details()
    assert (details["state"], details["mode"]) == ("closed", "batch")
    assert batch.usage() == pytest.approx(sum(job.usage() for job in jobs))


def test_job_list_of_ibms_client_with_every_filter(service: Any, peekskill: Any, bell: Any) -> None:
    from qiskit_ibm_runtime import SamplerV2

    before = datetime.now(UTC)
    sampler = SamplerV2(mode=peekskill)
    sampler.options.environment.job_tags = ["filtered", "one"]
    job = sampler.run([bell], shots=10)
    job.result(timeout=TIMEOUT_SECONDS)
    mine = [job.job_id()]
    assert ids(service.jobs(limit=1)) == mine
    assert ids(service.jobs(job_tags=["filtered", "one"])) == mine
    assert ids(service.jobs(job_tags=["filtered", "two"])) == []
    assert ids(service.jobs(backend_name="ibm_peekskill", limit=1)) == mine
    assert ids(service.jobs(backend_name="ibm_fez", job_tags=["filtered"])) == []
    assert ids(service.jobs(pending=False, limit=1)) == mine
    assert ids(service.jobs(pending=True)) == []
    assert ids(service.jobs(program_id="sampler", limit=1)) == mine
    assert ids(service.jobs(created_after=before)) == mine
    assert ids(service.jobs(created_before=before, job_tags=["filtered"])) == []
    oldest = service.jobs(limit=None, descending=False)
    assert ids(oldest)[-1] == mine[0]
    assert ids(service.jobs(limit=1, skip=1)) == [oldest[-2].job_id()]
    assert job.update_tags(["renamed"]) == ["renamed"]
    assert service.job(job.job_id()).tags == ["renamed"]
    workloads = service._active_api_client._api.workloads_get(tags=["renamed"])
    assert [item["id"] for item in workloads["workloads"]] == mine


def test_cancelled_job_can_be_deleted(service: Any, peekskill: Any) -> None:
    from qiskit import QuantumCircuit, transpile
    from qiskit_ibm_runtime import RuntimeInvalidStateError, RuntimeJobNotFound, SamplerV2

    circuit = QuantumCircuit(12)
    for qubit in range(12):
        circuit.h(qubit)
        circuit.t(qubit)
    for qubit in range(11):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    long = transpile(circuit, peekskill, optimization_level=0)
    # So many PUBs take far longer than the request that cancels them, also on a loaded machine.
    job = SamplerV2(mode=peekskill).run([long] * 40, shots=100_000)
    job.cancel()
    assert job.status() == "CANCELLED"
    with pytest.raises(RuntimeInvalidStateError):
        job.cancel()
    service.delete_job(job.job_id())
    with pytest.raises(RuntimeJobNotFound):
        service.job(job.job_id())


def test_job_fails_with_its_reason_when_a_circuit_is_not_isa(service: Any, sandbox: SandboxInfo) -> None:
    from qiskit_ibm_runtime import RuntimeJobFailureError

    qasm = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; h $0; c[0] = measure $0;'
    job = service._run("sampler", {"pubs": [[qasm]], "version": 2}, {"backend": "ibm_peekskill"})
    with pytest.raises(RuntimeJobFailureError):
        job.result(timeout=TIMEOUT_SECONDS)
    assert job.status() == "ERROR"
    assert "target" in job.error_message()


def test_usage_of_ibms_client_has_consumed_and_remaining_seconds(service: Any) -> None:
    usage = service.usage()
    assert usage["usage_consumed_seconds"] > 0
    assert usage["usage_limit_reached"] is False
    assert usage["usage_remaining_seconds"] > 0
    assert usage["instance_id"] == service.active_instance()


def test_wrong_api_key_is_refused_with_a_warning(
    sandbox: SandboxInfo, client_environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from qiskit_ibm_runtime import QiskitRuntimeService

    # One call only: after a refusal IBM's client waits a minute before it asks for a token again.
    with pytest.warns(UserWarning, match="Provided API key could not be found"):
        QiskitRuntimeService(
            channel="ibm_quantum_platform",
            token="x" * 44,
            instance=sandbox.crn,
            url=f"{sandbox.url}/experimental/api/v1",
        )
    assert "Invalid instance" in caplog.text


def test_wrong_api_key_is_refused_at_once_however_often_it_comes(sandbox: SandboxInfo) -> None:
    """Pin the cause of a minute's pause in IBM's client, which is not the answer.

    `TokenManager.paced_request_token` (ibm-cloud-sdk-core 3.28) notes when it began to ask, and forgets that
    only after success: after any refusal its next caller waits out the 60 s. Asked directly, each gets one.
    """
    from ibm_cloud_sdk_core import ApiException
    from ibm_cloud_sdk_core.token_managers.iam_token_manager import IAMTokenManager

    manager = IAMTokenManager("not-a-key", url=sandbox.url)
    for _ in range(2):
        with pytest.raises(ApiException, match="Provided API key could not be found") as refused:
            manager.request_token()
        assert refused.value.status_code == 400
    with pytest.raises(ApiException):
        manager.paced_request_token()
    assert manager.request_time > 0
