from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ibm.mock_network import CRN, body, fixture, raw
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import Job, JobQuery, JobStatus, LogLevel, Primitive
from tui.domain.submissions import Submission
from tui.ibm.codec.decoding import Provenance
from tui.ibm.codec.job_requests import job_body, query_parameters
from tui.ibm.codec.jobs import (
    decode_created,
    decode_job,
    decode_metrics,
    decode_page,
)

NOW = datetime(2026, 8, 17, 2, tzinfo=UTC)
QASM = fixture("gen2_job_get")["responses"][0]["body"]["params"]["pubs"][0][0]


def decoded(content: bytes) -> Job:
    return decode_job(content, "GET /jobs/{id}", Provenance("platform", CRN, NOW))


def test_job_id_may_be_short_but_not_empty() -> None:
    recorded = fixture("gen2_job_get")["responses"][0]["body"]
    assert decoded(raw({**recorded, "id": "d"})).id == "d"
    with pytest.raises(QdeckError) as caught:
        decoded(raw({**recorded, "id": ""}))
    assert caught.value.kind is ErrorKind.PROTOCOL


STATES = [
    JobStatus.QUEUED,
    JobStatus.RUNNING,
    JobStatus.DONE,
    JobStatus.DONE,
    JobStatus.FAILED,
    JobStatus.CANCELLED,
    JobStatus.FAILED,
]


@pytest.mark.parametrize(("index", "status"), list(enumerate(STATES)))
def test_job_from_recorded_platform_response(index: int, status: JobStatus) -> None:
    recorded = fixture("gen2_job_get")["responses"][index]["body"]
    job = decoded(raw(recorded))
    assert (job.id, job.backend, job.program) == (recorded["id"], recorded["backend"], "sampler")
    assert (job.status, job.status_text) == (status, recorded["status"])
    assert job.created == datetime(2026, 8, 17, 1, 39, 15, 123456, tzinfo=UTC)
    assert (job.tags, job.circuit, job.instance) == (("demo",), QASM, CRN)
    assert job.qpu_seconds == ({2: 2, 3: 2, 4: 0}.get(index))
    assert job.estimated_seconds == 4.25


def test_job_reason_from_state_or_code() -> None:
    failed = decoded(body("gen2_job_get", 4))
    assert (failed.reason, failed.reason_code) == ("Error code 3211; Job not valid.", "3211")
    assert failed.reason_solution == "Correct the circuit and submit again."
    classic = decoded(body("gen1_job_get", 3))
    assert classic.reason_code == "3211", "the classic spelling is reasonCode"
    assert classic.reason_solution
    too_long = decoded(body("gen1_job_get", 5))
    assert (too_long.status, too_long.status_text) == (JobStatus.FAILED, "Cancelled - Ran too long")


def test_cancelled_job_with_code_1305_is_failed() -> None:
    recorded = fixture("gen2_job_get")["responses"][6]["body"] | {"status": "Cancelled"}
    assert decoded(raw(recorded)).status is JobStatus.FAILED


def test_classic_job_has_hub_group_project() -> None:
    assert decoded(body("gen1_job_get")).instance == "ibm-q/open/main"


def test_job_page_with_and_without_count() -> None:
    for name in ("gen1_jobs_list", "gen2_jobs_list"):
        recorded = fixture(name)["responses"][0]["body"]
        page = decode_page(raw(recorded), "GET /jobs", Provenance("s", "", NOW))
        assert [job.id for job in page.jobs] == [job["id"] for job in recorded["jobs"]]
        assert page.total == recorded["count"]


def test_job_with_unknown_state_and_fields_is_read() -> None:
    recorded = fixture("gen2_job_get")["responses"][0]["body"]
    recorded |= {"status": "Calibrating", "state": {"status": "Calibrating"}, "brand_new": {"x": 1}}
    job = decoded(raw(recorded))
    assert (job.status, job.status_text) == (JobStatus.UNKNOWN, "Calibrating")


@pytest.mark.parametrize("field", ["id", "program", "created"])
def test_job_without_required_field_is_a_protocol_error(field: str) -> None:
    recorded = fixture("gen2_job_get")["responses"][0]["body"]
    del recorded[field]
    with pytest.raises(QdeckError) as caught:
        decoded(raw(recorded))
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert "GET /jobs/{id}" in caught.value.message
    assert field in caught.value.message


def test_job_with_required_fields_alone_is_read() -> None:
    recorded = {"id": "x", "program": {"id": "other"}, "created": "2026-01-01T00:00:00Z"}
    for state in ({"status": "Queued"}, {"state": "Queued"}, {"state": {"status": "Queued"}}):
        job = decoded(raw(recorded | state))
        assert (job.status, job.backend, job.tags, job.shots) == (JobStatus.QUEUED, "", (), None)


@pytest.mark.parametrize("state", [{}, {"status": ""}, {"status": None, "state": {}}, {"state": ""}])
def test_job_without_state_is_a_protocol_error(state: dict[str, object]) -> None:
    recorded = {"id": "x", "program": {"id": "other"}, "created": "2026-01-01T00:00:00Z"} | state
    with pytest.raises(QdeckError) as caught:
        decoded(raw(recorded))
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert all(word in caught.value.message for word in ("GET /jobs/{id}", "`status`", "`state`"))


def test_job_with_empty_id_is_a_protocol_error() -> None:
    recorded = fixture("gen2_job_get")["responses"][0]["body"] | {"id": ""}
    with pytest.raises(QdeckError) as caught:
        decoded(raw(recorded))
    assert "$.id" in caught.value.message


@pytest.mark.parametrize(
    ("params", "circuit", "shots"),
    [
        ({"pubs": [["OPENQASM 3;", None, 7]], "shots": 9}, "OPENQASM 3;", 7),
        ({"pubs": ["OPENQASM 3;"], "shots": 9}, "OPENQASM 3;", 9),
        ({"pubs": [["OPENQASM 3;"]], "options": {"default_shots": 11}}, "OPENQASM 3;", 11),
        ({"circuits": "OPENQASM 3;", "run_options": {"shots": 5}}, "OPENQASM 3;", 5),
        ({"circuits": ["OPENQASM 2.0;", "x;"]}, "OPENQASM 2.0;", None),
        ({"pubs": [[{"__type__": "QuantumCircuit", "__value__": "eJx="}, {}, 4]]}, "", 4),
        ({"pubs": [["eJxLzs/VL0gsKUktAgAZ"]]}, "", None),
        ({"pubs": [[]]}, "", None),
        ({"pubs": []}, "", None),
        ({"pubs": 3, "circuits": {}}, "", None),
        ([1], "", None),
        (None, "", None),
    ],
)
def test_job_circuit_and_shots_from_params(params: Any, circuit: str, shots: int | None) -> None:
    recorded = fixture("gen2_job_get")["responses"][0]["body"] | {"params": params}
    job = decoded(raw(recorded))
    assert (job.circuit, job.shots) == (circuit, shots)


def test_job_metrics_of_every_api_version() -> None:
    newest, pending, oldest = (decode_metrics(body("gen2_job_metrics", n), "GET") for n in range(3))
    assert (newest.qpu_seconds, newest.execution_seconds, newest.qiskit_version) == (2, 1.8, "2.6.2")
    assert newest.running == datetime(2026, 8, 17, 1, 40, tzinfo=UTC)
    assert (pending.qpu_seconds, pending.execution_seconds, pending.finished) == (None, 0.0, None)
    assert (oldest.qpu_seconds, oldest.execution_seconds) == (3, None)
    classic = decode_metrics(body("gen1_job_metrics"), "GET")
    assert (classic.qpu_seconds, classic.caller) == (3, "qiskit-version-2/0.39.2/my_app")


def test_job_metrics_of_queued_job() -> None:
    recorded = fixture("gen1_job_metrics")["responses"][0]["body"]
    recorded |= {"position_in_queue": 7, "position_in_provider": "2", "usage": {}}
    metrics = decode_metrics(raw(recorded), "GET")
    assert metrics.estimated_start == datetime(2025, 3, 2, 20, 35, 8, tzinfo=UTC)
    assert metrics.estimated_completion == datetime(2025, 3, 2, 20, 35, 15, tzinfo=UTC)
    assert (metrics.queue_position, metrics.provider_position) == (7, 2)
    assert metrics.qpu_seconds == 3, "an empty `usage` does not hide `bss`"


def test_job_query_becomes_query_parameters() -> None:
    query = JobQuery(
        limit=900,
        offset=-1,
        pending=True,
        backend="b",
        program="sampler",
        session_id="s",
        tags=("x", "y"),
        created_after=datetime(2026, 1, 2, 3, tzinfo=UTC),
    )
    assert query_parameters(query) == [
        ("limit", "200"),
        ("offset", "0"),
        ("exclude_params", "true"),
        ("sort", "DESC"),
        ("pending", "true"),
        ("backend", "b"),
        ("program", "sampler"),
        ("session_id", "s"),
        ("created_after", "2026-01-02T03:00:00Z"),
        ("tags", "x"),
        ("tags", "y"),
    ]


def test_job_body_of_sampler_asks_for_plain_results() -> None:
    submission = Submission(Primitive.SAMPLER, "ibm_fez", "Q", shots=500, session_id="s", tags=("demo",))
    assert job_body(submission) == {
        "program_id": "sampler",
        "backend": "ibm_fez",
        "params": {"pubs": [["Q", None, 500]], "version": 2, "support_qiskit": False},
        "tags": ["demo"],
        "session_id": "s",
    }


def test_job_body_equals_recorded_one() -> None:
    recorded = fixture("gen2_job_create_sampler_rest")["request"]["body"]
    recorded["params"]["pubs"].pop()
    assert job_body(Submission(Primitive.SAMPLER, "ibm_fez", QASM)) == recorded


def test_job_body_of_estimator_has_all_observables() -> None:
    submission = Submission(Primitive.ESTIMATOR, "b", "Q", observables=("ZZ", "XI"), precision=0.01)
    params: Any = job_body(submission)["params"]
    assert params["pubs"] == [["Q", ["ZZ", "XI"], None, 0.01]]
    plain: Any = job_body(Submission(Primitive.ESTIMATOR, "b", "Q", observables=("Z",)))["params"]
    assert plain["pubs"] == [["Q", ["Z"]]]


def test_job_body_has_cost_privacy_and_log_level() -> None:
    submission = Submission(
        Primitive.SAMPLER, "b", "Q", max_seconds=60, private=True, log_level=LogLevel.DEBUG
    )
    sent = job_body(submission)
    assert (sent["cost"], sent["private"], sent["log_level"]) == (60, True, "debug")
    assert not {"cost", "private", "log_level"} & set(job_body(Submission(Primitive.SAMPLER, "b", "Q")))
    answer = b'{"id": "j", "backend": "b"}'
    job = decode_created(answer, "POST /jobs", Provenance("platform", "i", NOW), submission)
    assert job.private, "its result can be read once, whether the answer says so or not"


@pytest.mark.parametrize(
    "submission",
    [
        Submission(Primitive.SAMPLER, "b", "Q", shots=0),
        Submission(Primitive.ESTIMATOR, "b", "Q"),
        Submission(Primitive.ESTIMATOR, "b", "Q", observables=("Z",), precision=0.0),
        Submission(Primitive.ESTIMATOR, "b", "Q", observables=("Z",), precision=float("nan")),
        Submission(Primitive.SAMPLER, "b", "Q", tags=("t",) * 9),
        Submission(Primitive.SAMPLER, "b", "Q", tags=("t" * 87,)),
        Submission(Primitive.SAMPLER, "b", "Q", tags=("",)),
        Submission(Primitive.SAMPLER, "b", "Q", max_seconds=0),
        Submission(Primitive.SAMPLER, "b", "Q", max_seconds=10_801),
    ],
)
def test_job_body_refuses_invalid_submission(submission: Submission) -> None:
    with pytest.raises(QdeckError) as caught:
        json.dumps(job_body(submission))
    assert caught.value.kind is ErrorKind.INVALID


GOOD = {"id": "a", "program": {"id": "sampler"}, "created": "2026-03-01T10:00:00Z", "status": "Completed"}
MALFORMED = [
    {},
    {**GOOD, "id": 7},
    {**GOOD, "created": "yesterday"},
    {**GOOD, "program": "sampler"},
    {**GOOD, "status": None},
    {**GOOD, "tags": {"a": 1}},
    None,
    [],
    "job",
]


@pytest.mark.parametrize("bad", MALFORMED, ids=repr)
def test_page_sets_a_malformed_entry_aside_and_keeps_the_rest(bad: object) -> None:
    body = json.dumps({"jobs": [GOOD, bad, {**GOOD, "id": "b"}], "count": 3}).encode()
    page = decode_page(body, "GET /jobs", Provenance("s", "", NOW))
    assert [job.id for job in page.jobs] == ["a", "b"] and page.total == 3
    assert len(page.unreadable) == 1 and "GET /jobs" in page.unreadable[0]
    assert page.size == 3 and page.ends_before(4) and not page.ends_before(3)


def test_page_of_malformed_entries_alone_is_an_error() -> None:
    body = json.dumps({"jobs": MALFORMED}).encode()
    with pytest.raises(QdeckError) as caught:
        decode_page(body, "GET /jobs", Provenance("s", "", NOW))
    assert caught.value.kind is ErrorKind.PROTOCOL


def test_page_of_more_than_was_asked_for_is_read_as_far_as_a_page_goes() -> None:
    jobs = [{**GOOD, "id": f"j{number}"} for number in range(1000)]
    page = decode_page(json.dumps({"jobs": jobs}).encode(), "GET /jobs", Provenance("s", "", NOW))
    assert len(page.jobs) == 200 and page.cut and not page.ends_before(500)


@given(data=st.data(), keys=st.permutations(["jobs", "count", "jobs2", "meta"]))
def test_page_that_breaks_off_anywhere_gives_its_whole_jobs(data: st.DataObject, keys: list[str]) -> None:
    text = data.draw(st.text(max_size=8)) + '"]}[{\\"'
    jobs = [{**GOOD, "id": f"j{number}", "tags": [text], "params": {text: [[{}]]}} for number in range(4)]
    values: dict[str, object] = {
        "jobs": jobs,
        "count": 4,
        "jobs2": [[{"id": "x"}]],
        "meta": {"jobs": [{"id": "not this"}], text: text},
    }
    body = json.dumps({key: values[key] for key in keys}).encode()
    at = data.draw(st.integers(0, len(body)))
    begin = body.index(b'"jobs": [{"id": "j0"')
    ends = [body.index(json.dumps(job).encode()) + len(json.dumps(job)) for job in jobs]
    whole = sum(end <= at for end in ends)
    assert begin < ends[0]
    if not whole:
        with pytest.raises(QdeckError):
            decode_page(body[:at], "GET /jobs", Provenance("s", "", NOW), cut=True)
        return
    page = decode_page(body[:at], "GET /jobs", Provenance("s", "", NOW), cut=True)
    assert [job.id for job in page.jobs] == [f"j{number}" for number in range(whole)] and page.cut
