"""JSON of a job, and names of files: their shape is what other programs rely on."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import sample_job
from tests.support.circuits import bell_candidate
from tui.domain.export.documents import job_details, json_bytes, result_document
from tui.domain.export.forms import ExportForm, file_name, file_names
from tui.domain.jobs import JobMetrics, JobStatus
from tui.domain.results import Counts, JobResult, PubResult

JOB = replace(sample_job(1, JobStatus.DONE), name="bell", circuit="OPENQASM 3.0;")


def test_document_has_the_job_its_circuits_and_its_result() -> None:
    pub = PubResult((Counts("c", 1, 2, {"0": 2}),), shots=2)
    made = json.loads(json_bytes(result_document(JOB, JobResult((pub,), raw=b'{"a": 1}'), ("A", "B"))))
    assert list(made) == [
        *("format", "job_id", "name", "backend", "status", "status_text", "program", "primitive", "service"),
        *(
            "sandbox",
            "session_id",
            "slurm_job",
            "tags",
            "shots",
            "qpu_seconds",
            "created",
            "finished",
            "confirmed",
        ),
        *("reason", "reason_code", "instance", "private", "circuits", "observables", "options", "started"),
        *("estimated_seconds", "reason_solution", "timeline", "metrics", "transpilation", "circuit"),
        *("source", "note", "pubs", "raw"),
    ]
    assert (made["format"], made["circuits"], made["raw"]) == ("qdeck-result-1", ["A", "B"], {"a": 1})
    assert made["pubs"][0]["counts"][0]["counts"] == {"0": 2}


def test_document_of_a_job_without_a_result_has_its_circuit() -> None:
    made = result_document(replace(JOB, service="sandbox classic"), None)
    assert (made["sandbox"], made["pubs"], made["raw"]) == (True, [], None)
    assert made["circuits"] == ["OPENQASM 3.0;"]


def test_document_keeps_a_body_that_is_no_json_as_text() -> None:
    assert result_document(JOB, JobResult((), raw=b"\xffgone"))["raw"] == "\ufffdgone"
    assert str(result_document(JOB, JobResult((), raw=b"[NaN]"))["raw"]) == "[nan]"
    assert result_document(JOB, JobResult((), raw=b"[" * 100_000))["raw"] == "[" * 100_000


def test_details_have_what_was_measured_and_how_it_was_made() -> None:
    made = job_details(JOB, JobMetrics(qpu_seconds=2.5), bell_candidate().transpilation)
    metrics, transpilation = made["metrics"], made["transpilation"]
    assert isinstance(metrics, dict) and isinstance(transpilation, dict)
    assert list(metrics) == [
        *("created", "running", "finished", "qpu_seconds", "execution_seconds", "caller"),
        *("qiskit_version", "estimated_start", "estimated_completion", "queue_position"),
    ]
    assert list(transpilation) == [
        *("where", "optimization_level", "seed", "seconds", "at", "before", "after", "layout"),
        *("final_layout", "estimated_success", "estimated_success_idle", "calibrated"),
    ]
    json_bytes(made)


@given(st.text(), st.text())
def test_file_name_is_one_that_every_system_takes(name: str, job_id: str) -> None:
    made = file_name(replace(JOB, name=name, id=job_id), ExportForm.CSV)
    assert made.endswith(".csv") and len(made) <= 84 and made[0] not in ".-"
    assert all(character.isascii() and (character.isalnum() or character in "._-") for character in made)


def test_file_names_of_several_jobs_differ_without_regard_to_case() -> None:
    same = [replace(JOB, name="", id=job_id) for job_id in ("A/", "a?", "a")]
    assert file_names(same, ExportForm.JSON) == {"A/": "A.json", "a?": "a-2.json", "a": "a-3.json"}
