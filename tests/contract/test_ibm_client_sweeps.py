"""Sweeps and sums of Pauli strings as qdeck submits them, read by IBM's own client: inputs and results."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from tui.compiler.messages import PrepareProgram, ProgramPub
from tui.domain.jobs import Primitive
from tui.domain.primitives import JobProgram
from tui.domain.pubs.observables import parse_observable
from tui.domain.pubs.sweep_text import sweep_of
from tui.domain.submissions import Submission
from tui.ibm.codec.job_requests import job_body
from tui.sandbox.lifecycle.launch import SandboxInfo

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TIMEOUT_SECONDS = 60
TEXT = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
input float phi;
qubit[2] q;
bit[2] c;
ry(theta) q[0];
cx q[0], q[1];
rx(phi) q[1];
"""
LABELS = ("0.5*XX + 0.5*ZZ", "ZI - IZ")


def submission(peekskill: Any, primitive: Primitive) -> Submission:
    """The circuit transpiled unbound, with a sweep of shape (3, 2)."""
    from qiskit import qasm3, transpile

    measured = TEXT + ("c = measure q;\n" if primitive is Primitive.SAMPLER else "")
    isa = transpile(qasm3.loads(measured), peekskill, optimization_level=2, seed_transpiler=1)
    layout = isa.layout.final_index_layout(filter_ancillas=True)
    names = tuple(parameter.name for parameter in isa.parameters)
    estimator = primitive is Primitive.ESTIMATOR
    return Submission(
        primitive,
        "ibm_peekskill",
        qasm3.dumps(isa),
        shots=None if estimator else 200,
        observables=tuple(
            parse_observable(label).laid_out(layout, 27).text for label in (LABELS if estimator else ())
        ),
        precision=0.1 if estimator else None,
        parameters=names,
        sweep=sweep_of([("theta", "0:pi:3"), ("phi", "0, pi")], names),
    )


def prepared(peekskill: Any, asked: Submission) -> Submission:
    from tui.compiler.qiskit.quantum_program import prepare_program

    pubs = (ProgramPub(asked.qasm, asked.sweep, asked.observables),)
    request = PrepareProgram(asked.primitive, pubs, 27, asked.shots, asked.precision, asked.options)
    return replace(asked, params=prepare_program(request, peekskill.target).params)


def sent(sandbox: SandboxInfo, asked: Submission) -> str:
    """Post the body that qdeck sends; the id of the job."""
    grant = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": sandbox.api_key}
    token = httpx.post(f"{sandbox.url}/identity/token", data=grant).json()["access_token"]
    answer = httpx.post(
        f"{sandbox.url}/api/v1/jobs",
        headers={
            "Authorization": f"Bearer {token}",
            "Service-CRN": sandbox.crn,
            "IBM-API-Version": "2026-04-15",
            "Content-Type": "application/json",
        },
        content=msgspec.json.encode(job_body(asked)),
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


@pytest.mark.parametrize("program", [JobProgram.LEGACY, JobProgram.EXECUTOR])
def test_sweep_of_a_sampler_is_read_by_ibms_client(
    service: Any, sandbox: SandboxInfo, peekskill: Any, program: JobProgram
) -> None:
    asked = submission(peekskill, Primitive.SAMPLER)
    asked = prepared(peekskill, asked) if program is JobProgram.EXECUTOR else asked
    job = service.job(sent(sandbox, asked))
    if program is JobProgram.EXECUTOR:
        (item,) = job.inputs["quantum_program"].items
        assert item.circuit_arguments.shape == (3, 2, 2)
        counts = job.result(timeout=TIMEOUT_SECONDS)[0].data.c
        assert counts.shape == (3, 2)
        for place, theta in enumerate((0, math.pi / 2, math.pi)):
            ones = counts.get_counts((place, 0))
            flipped = sum(n for bits, n in ones.items() if bits[1] == "1") / 200
            assert flipped == pytest.approx(math.sin(theta / 2) ** 2, abs=0.15)
        return
    _, values, shots = job.inputs["pubs"][0]
    assert (shots, len(values), len(values[0]), len(values[0][0])) == (200, 3, 2, 2)
    assert values[2][1] == pytest.approx([math.pi, math.pi])


@pytest.mark.parametrize("program", [JobProgram.LEGACY, JobProgram.EXECUTOR])
def test_sums_of_pauli_strings_over_a_sweep_are_read_by_ibms_client(
    service: Any, sandbox: SandboxInfo, peekskill: Any, program: JobProgram
) -> None:
    asked = submission(peekskill, Primitive.ESTIMATOR)
    asked = prepared(peekskill, asked) if program is JobProgram.EXECUTOR else asked
    job = service.job(sent(sandbox, asked))
    if program is JobProgram.EXECUTOR:
        values = job.result(timeout=TIMEOUT_SECONDS)[0].data
        assert values.evs.shape == values.stds.shape == (2, 3, 2)
        ideal = [0.5 + 0.5 * math.sin(theta) for theta in (0, math.pi / 2, math.pi)]
        assert values.evs[0, :, 0] == pytest.approx(ideal, abs=0.3)
        return
    _, observables, given, precision = job.inputs["pubs"][0]
    assert precision == 0.1 and len(given) == 3
    first = observables[0][0][0]
    assert sorted(first.values()) == [0.5, 0.5] and all(len(pauli) == 27 for pauli in first)
