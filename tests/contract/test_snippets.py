"""Python that qdeck gives away for a job, run as it stands with IBM's client against the sandbox."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.contract.test_ibm_client_sweeps import prepared, sent, submission
from tests.support.circuits import bell_candidate
from tui.domain.circuits import Transpilation
from tui.domain.export.snippets import SnippetForm, snippet
from tui.domain.jobs import Job, JobStatus, Primitive
from tui.domain.primitives import JobProgram
from tui.domain.pubs.inputs import PubInputs
from tui.domain.submissions import Submission
from tui.sandbox.lifecycle.launch import SandboxInfo

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def job_of(sandbox: SandboxInfo, asked: Submission, job_id: str) -> Job:
    executor = asked.runs_executor
    return Job(
        job_id,
        "sandbox platform",
        asked.backend,
        "executor" if executor else asked.primitive.value,
        JobStatus.QUEUED,
        datetime(2026, 3, 1, tzinfo=UTC),
        instance=sandbox.crn,
        shots=asked.shots,
        role=asked.primitive.value if executor else "",
    )


def printed(text: str) -> list[str]:
    """What the program prints."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        exec(compile(text, "snippet", "exec"), {"__name__": "__main__"})
    return told.getvalue().splitlines()


@pytest.fixture
def as_user(
    sandbox: SandboxInfo, client_environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment that the snippet says to set for a job of the sandbox."""
    monkeypatch.setenv("QISKIT_IBM_TOKEN", sandbox.api_key)
    monkeypatch.setenv("QISKIT_IBM_URL", f"{sandbox.url}/experimental/api/v1")


@pytest.mark.parametrize("primitive", list(Primitive))
@pytest.mark.usefixtures("as_user")
def test_snippets_of_a_program_fetch_repeat_and_run_it(
    sandbox: SandboxInfo, peekskill: Any, primitive: Primitive
) -> None:
    asked = submission(peekskill, primitive)
    job = job_of(sandbox, prepared(peekskill, asked), sent(sandbox, prepared(peekskill, asked)))
    labels = ("0.5*XX + 0.5*ZZ", "ZI - IZ") if primitive is Primitive.ESTIMATOR else ()
    inputs = PubInputs("rotations", labels, asked.sweep, laid_out(asked))
    name = "evs" if labels else "c"
    for form in SnippetForm:
        told = printed(snippet(job, form, (asked.qasm,), (inputs,)))
        assert any(line.startswith(f"1 {name} ") for line in told), form
        assert told[0].startswith(job.id) is (form is SnippetForm.FETCH)
        if not labels:
            counts = eval(told[1].removeprefix("1 c "))
            # Six sets of values, 200 shots of each: together all four strings are seen.
            assert len(counts) == 4
            assert sum(counts.values()) == 1200


@pytest.mark.usefixtures("as_user")
def test_snippets_of_a_service_primitive_fetch_and_repeat_it(sandbox: SandboxInfo, peekskill: Any) -> None:
    asked = replace(submission(peekskill, Primitive.SAMPLER), program=JobProgram.LEGACY)
    job = job_of(sandbox, asked, sent(sandbox, asked))
    fetched, repeated = (printed(snippet(job, form)) for form in (SnippetForm.FETCH, SnippetForm.REPEAT))
    assert fetched[1].startswith("1 c Counter(")
    assert sum(eval(repeated[1].removeprefix("1 c ")).values()) == 1200


def laid_out(asked: Submission) -> Transpilation:
    """The qubits on which the transpiler put the circuit: those that its text names, in order of use."""
    seen = [int(word.strip("$,;")) for word in asked.qasm.split() if word.startswith("$")]
    qubits = tuple(dict.fromkeys(seen))
    return replace(bell_candidate().transpilation, layout=qubits, final_layout=qubits)
