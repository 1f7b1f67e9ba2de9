"""Params of a job: its circuits as they were submitted, its shots, and the options of its primitive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from tui.domain.jobs import SubmittedCircuit
from tui.domain.primitives import JobOptions, kept_options, nested_options
from tui.domain.results import Role
from tui.domain.submissions import Submission

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
        role: the primitive that a program of the executor stands for.
        options: of the primitive.
    """

    circuit: str = ""
    packed: str = ""
    shots: int | None = None
    further: tuple[SubmittedCircuit, ...] = ()
    count: int | None = field(default=None, compare=False)
    role: Role = Role.NONE
    options: JobOptions = field(default=(), compare=False)


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
    circuits = _listed(data.get("circuits")) or _listed(program.get("circuits")) or _in_items(program)
    options = read_options(params)
    pubs = data.get("pubs")
    if isinstance(pubs, list) and pubs:
        circuits = [(pub[0] if pub else None) if isinstance(pub, list) else pub for pub in pubs]
        pub = pubs[0]
        if isinstance(pub, list) and len(pub) == 3 and _is_number(pub[2]):
            shots = pub[2]
        if isinstance(pub, list) and len(pub) == 4 and isinstance(pub[3], float):
            options = kept_options({**dict(nested_options(options)), "precision": pub[3]})
    named = program.get("semantic_role")
    role = Role.of(named) if isinstance(named, str) else Role.NONE
    if not circuits:
        return Inputs(shots=shots, role=role, options=options)
    first, *further = map(_form, circuits[:MOST_CIRCUITS])
    # A model of many circuits holds their number, where they are one piece.
    model = program.get("circuits")
    many = model.get("num_programs") if isinstance(model, dict) and len(circuits) == 1 else None
    count = many if _is_number(many) and many else len(circuits)
    # Beside the circuits of its PUBs an estimator's program has those that measure the readout errors.
    pubs_told = _number_of_pubs(program)
    count = pubs_told if 0 < pubs_told < count else count
    return Inputs(first.qasm, first.qpy, shots, tuple(further), count, role, options)


def _number_of_pubs(program: dict[str, Any]) -> int:
    """Return how many PUBs the client prepared; 0: it does not say."""
    passed = program.get("passthrough_data")
    post = passed.get("post_processor") if isinstance(passed, dict) else None
    told = post.get("num_pubs") if isinstance(post, dict) else None
    return told if isinstance(told, int) and not isinstance(told, bool) else 0


def _shots(data: dict[str, Any], program: dict[str, Any]) -> int | None:
    items = program.get("items")
    item = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}
    shape = item.get("shape")
    if item.get("item_type") == "samplex" and isinstance(shape, list) and shape and _is_number(shape[0]):
        # The program's shots are those of one randomization.
        shots = program.get("shots")
        return shots * shape[0] if _is_number(shots) and _is_number(shots * shape[0]) else None
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


def _in_items(program: dict[str, Any]) -> list[Any]:
    """The circuits of a program before schema v1.0, where each item has its own."""
    items = program.get("items")
    if not isinstance(items, list):
        return []
    return [item["circuit"] for item in items if isinstance(item, dict) and item.get("circuit")]


def _form(circuit: Any) -> SubmittedCircuit:
    if isinstance(circuit, dict):
        named = (circuit[name] for name in ("__value__", "b64_data", "circuit_b64") if name in circuit)
        packed = next(named, None)
        return SubmittedCircuit(qpy=packed if isinstance(packed, str) else "")
    if not isinstance(circuit, str):
        return SubmittedCircuit()
    # Base64 holds no semicolon; OpenQASM cannot do without.
    return SubmittedCircuit(circuit) if ";" in circuit else SubmittedCircuit(qpy=circuit.strip())


class _PostProcessor(msgspec.Struct):
    options: dict[str, Any] = {}
    precision: float | None = None


class _Passthrough(msgspec.Struct):
    post_processor: _PostProcessor | None = None


class _Program(msgspec.Struct):
    passthrough_data: msgspec.Raw = msgspec.Raw(b"null")


class _Params(msgspec.Struct):
    """The members beside the inputs, which may be long."""

    options: msgspec.Raw = msgspec.Raw(b"null")
    quantum_program: msgspec.Raw = msgspec.Raw(b"null")
    resilience_level: int | None = None
    precision: float | None = None
    resilience_settings: dict[str, Any] | None = None
    transpilation_settings: dict[str, Any] | None = None
    run_options: dict[str, Any] | None = None


def read_options(params: bytes | msgspec.Raw) -> JobOptions:
    """Return the options of the primitive in a job's params, whichever form they have (contract 5.6, 5.16).

    IBM's client leaves what was chosen for a program of the executor in its `passthrough_data`; the program's
    own options say how it is executed alone.

    Returns:
        Nothing where they are not as expected.
    """
    try:
        given = msgspec.json.decode(params, type=_Params)
        program = msgspec.json.decode(given.quantum_program, type=_Program | None)
        options = msgspec.json.decode(given.options, type=dict[str, Any] | None) or {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    if program is not None:
        return kept_options(_of_program(program, options))
    rest = {
        "resilience_level": given.resilience_level,
        "precision": given.precision,
        "resilience_settings": given.resilience_settings,
        "transpilation_settings": given.transpilation_settings,
        "run_options": given.run_options,
    }
    return kept_options({**options, **{name: value for name, value in rest.items() if value is not None}})


def _of_program(program: _Program, options: dict[str, Any]) -> dict[str, Any]:
    try:
        passed = msgspec.json.decode(program.passthrough_data, type=_Passthrough | None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        passed = None
    if passed is None or passed.post_processor is None:
        return {"execution": options}
    return {**passed.post_processor.options, "precision": passed.post_processor.precision}


def submitted_options(submission: Submission) -> JobOptions:
    """Return the options of a job that was submitted from here."""
    if submission.params:
        return read_options(submission.params.encode())
    return kept_options({"precision": submission.precision})
