"""Parameters of jobs: written for `POST /jobs`, read from jobs of every program (contract 3.2, 5.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import MAX_SECONDS, MAX_TAG_LENGTH, MAX_TAGS, Primitive, Submission, SubmittedCircuit

MOST_CIRCUITS = 200
"""Circuits of a job that are read; of more, the first ones."""
_MOST_SHOTS = 10**12


@dataclass(frozen=True, slots=True)
class Inputs:
    """The circuits of a job, and the shots of its first PUB.

    Attributes:
        circuit: OpenQASM text of the first; empty when it came in another form.
        packed: base64 of QPY of the first, mostly zlib-packed, as it came; empty when there is none.
        further: the circuits after the first, at most `MOST_CIRCUITS` in all.
        shots: shots of the first PUB; `None` where the service decides.
        count: number of circuits; `None` when it is not given.
    """

    circuit: str = ""
    packed: str = ""
    shots: int | None = None
    further: tuple[SubmittedCircuit, ...] = ()
    count: int | None = field(default=None, compare=False)


def read_inputs(params: msgspec.Raw) -> Inputs:
    """Return the inputs in a job's `params`; empty ones where they are not as expected."""
    try:
        data: Any = msgspec.json.decode(params)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Inputs()
    if not isinstance(data, dict):
        return Inputs()
    program = data.get("quantum_program")
    program = program if isinstance(program, dict) else {}
    shots = _shots(data, program)
    circuits = _listed(data.get("circuits")) or _listed(program.get("circuits"))
    pubs = data.get("pubs")
    if isinstance(pubs, list) and pubs:
        circuits = [(pub[0] if pub else None) if isinstance(pub, list) else pub for pub in pubs]
        pub = pubs[0]
        if isinstance(pub, list) and len(pub) == 3 and _is_number(pub[2]):
            shots = pub[2]
    if not circuits:
        return Inputs(shots=shots)
    first, *further = map(_form, circuits[:MOST_CIRCUITS])
    # A model of many circuits holds their number, where they are one piece.
    model = program.get("circuits")
    many = model.get("num_programs") if isinstance(model, dict) and len(circuits) == 1 else None
    count = many if _is_number(many) and many else len(circuits)
    return Inputs(first.qasm, first.qpy, shots, tuple(further), count)


def _shots(data: dict[str, Any], program: dict[str, Any]) -> int | None:
    options, run_options = data.get("options"), data.get("run_options")
    given = (
        data.get("shots"),
        options.get("default_shots") if isinstance(options, dict) else None,
        run_options.get("shots") if isinstance(run_options, dict) else None,
        program.get("shots"),
    )
    return next((value for value in given if _is_number(value)), None)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_SHOTS


def _listed(circuits: Any) -> list[Any]:
    """The circuits, which may be one, a list, or the executor's model of many."""
    if isinstance(circuits, dict) and isinstance(circuits.get("data"), list):
        circuits = circuits["data"]
    if isinstance(circuits, list):
        return circuits
    return [circuits] if circuits else []


def _form(circuit: Any) -> SubmittedCircuit:
    if isinstance(circuit, dict):
        packed = circuit.get("__value__", circuit.get("b64_data"))
        return SubmittedCircuit(qpy=packed if isinstance(packed, str) else "")
    if not isinstance(circuit, str):
        return SubmittedCircuit()
    # Base64 holds no semicolon; OpenQASM cannot do without.
    return SubmittedCircuit(circuit) if ";" in circuit else SubmittedCircuit(qpy=circuit.strip())


def job_body(submission: Submission) -> dict[str, object]:
    """Return the body that both generations take; the classic one adds where to bill it.

    The params are written as the REST interface takes them (OpenQASM text, Pauli strings, `null` for no
    parameter values), and results are asked for in the plain form: `support_qiskit` is false, so neither
    needs Qiskit. It and `version` are always sent, for the sources give two defaults (contract 5.6).
    `start_session` is never sent: without it a job starts none, and since March 2024 the service refuses it;
    sessions are opened by `POST /sessions`.

    Raises:
        QdeckError: `INVALID` for what the service would refuse.
    """
    check_tags(submission.tags)
    body: dict[str, object] = {
        "program_id": submission.primitive.value,
        "backend": submission.backend,
        "params": {"pubs": [_pub(submission)], "version": 2, "support_qiskit": False},
    }
    if submission.tags:
        body["tags"] = list(submission.tags)
    if submission.session_id:
        body["session_id"] = submission.session_id
    if submission.max_seconds is not None:
        if not 1 <= submission.max_seconds <= MAX_SECONDS:
            raise QdeckError(ErrorKind.INVALID, f"A job may run 1 to {MAX_SECONDS} QPU seconds.")
        body["cost"] = submission.max_seconds
    if submission.private:
        body["private"] = True
    if submission.log_level is not None:
        body["log_level"] = submission.log_level.value
    return body


def check_tags(tags: tuple[str, ...]) -> None:
    """Refuse tags that the service would refuse.

    Raises:
        QdeckError: `INVALID`.
    """
    if len(tags) > MAX_TAGS:
        raise QdeckError(ErrorKind.INVALID, f"A job takes at most {MAX_TAGS} tags, not {len(tags)}.")
    if any(not tag or len(tag) > MAX_TAG_LENGTH for tag in tags):
        raise QdeckError(ErrorKind.INVALID, f"A tag has 1 to {MAX_TAG_LENGTH} characters.")


def _pub(submission: Submission) -> list[object]:
    if submission.primitive is Primitive.SAMPLER:
        if submission.shots is None:
            return [submission.qasm]
        if submission.shots < 1:
            raise QdeckError(ErrorKind.INVALID, "A sampler needs at least 1 shot.")
        return [submission.qasm, None, submission.shots]
    if not submission.observables:
        message = "An estimator needs at least one observable."
        raise QdeckError(ErrorKind.INVALID, message, "Give one, e.g. ZZ.")
    pub: list[object] = [submission.qasm, list(submission.observables)]
    if submission.precision is not None:
        if not submission.precision > 0:
            raise QdeckError(ErrorKind.INVALID, "The precision must be greater than 0.")
        pub += [None, submission.precision]
    return pub
