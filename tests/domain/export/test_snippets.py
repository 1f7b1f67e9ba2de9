"""Python about a job: it compiles, holds no token, and nothing in the texts of others can become code."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import sample_job
from tui.common.errors import QdeckError
from tui.domain.circuits import CircuitStats, Transpilation, TranspileOptions
from tui.domain.export.snippets import SnippetForm, python_text, snippet
from tui.domain.jobs import Job, JobStatus
from tui.domain.pubs.inputs import PubInputs
from tui.domain.pubs.sweeps import ParameterValues, Sweep

CIRCUIT = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[1] c;\nsx $3;\nc[0] = measure $3;\n'
SIZES = CircuitStats(1, 1, 1, 1, 0, 0)
TRANSPILED = Transpilation("ibm_peekskill", TranspileOptions(2, 7), SIZES, SIZES, (3,), (3,))
SWEEP = Sweep((2, 3), (ParameterValues("a", (0.0, 1.5), 0), ParameterValues("b", (1.0, 2.0, 3.0), 1)))


def job(**changes: object) -> Job:
    done = replace(sample_job(1, JobStatus.DONE), instance="crn:v1:test::", shots=100)
    return replace(done, **changes)  # type: ignore[arg-type]  # names and values come from Job itself


@pytest.mark.parametrize("program", ["sampler", "estimator", "executor"])
@pytest.mark.parametrize("form", list(SnippetForm))
def test_snippet_compiles_and_names_the_job_and_the_instance(form: SnippetForm, program: str) -> None:
    role = "sampler" if program == "executor" else ""
    of = job(program=program, role=role, observables=("0.5*X - Z",))
    text = snippet(of, form, (CIRCUIT,), (PubInputs("bell", ("X", "Z"), SWEEP, TRANSPILED),))
    compile(text, "snippet", "exec")
    assert "crn:v1:test::" in text and of.id in text and "token=" not in text


@given(st.text())
def test_text_of_a_circuit_stays_the_same_text(text: str) -> None:
    literal = python_text(text)
    assert ast.literal_eval(literal) == text
    assert all(character.isprintable() or character == "\n" for character in literal)


@given(st.text(), st.text(), st.text(), st.text())
def test_names_of_others_cannot_become_code(name: str, backend: str, job_id: str, instance: str) -> None:
    hostile = job(name=name, backend=backend, id=job_id, instance="crn:" + instance, program="executor")
    for form in (SnippetForm.FETCH, SnippetForm.REPEAT):
        tree = ast.parse(snippet(hostile, form))
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert called <= {"QiskitRuntimeService", "Executor", "print", "enumerate", "hasattr"}


def test_job_of_the_sandbox_says_so_in_its_snippet() -> None:
    assert "SANDBOX" in snippet(job(service="sandbox platform"), SnippetForm.FETCH)


@pytest.mark.parametrize(
    ("changes", "form", "why"),
    [
        ({"service": "classic"}, SnippetForm.FETCH, "classic"),
        ({"private": True}, SnippetForm.REPEAT, "private"),
        ({"program": "circuit-runner"}, SnippetForm.REPEAT, "circuit-runner"),
        ({"program": "estimator"}, SnippetForm.CIRCUIT, "observables"),
    ],
)
def test_snippet_that_cannot_be_is_refused_with_why(
    changes: dict[str, object], form: SnippetForm, why: str
) -> None:
    with pytest.raises(QdeckError, match=why):
        snippet(job(**changes), form, (CIRCUIT,))


def test_circuit_that_is_not_known_has_no_snippet() -> None:
    with pytest.raises(QdeckError, match="No circuit"):
        snippet(job(), SnippetForm.CIRCUIT)
