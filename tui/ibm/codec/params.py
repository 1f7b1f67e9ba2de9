"""What a job was given: circuits and shots in its params, of every program (contract 3.2, 5.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from tui.domain.jobs import SubmittedCircuit

MOST_CIRCUITS = 200
"""Circuits of a job that are taken; of more, the first ones."""
_MOST_SHOTS = 10**12


@dataclass(frozen=True, slots=True)
class Inputs:
    """The circuits of a job, and the shots of its first PUB.

    Attributes:
        circuit: OpenQASM text of the first; empty when it came in another form.
        packed: base64 of QPY of the first, mostly zlib-packed, as it came; empty when there is none.
        further: the circuits after the first, at most `MOST_CIRCUITS` in all.
        count: how many circuits there are; `None` when that is not told.
    """

    circuit: str = ""
    packed: str = ""
    shots: int | None = None
    further: tuple[SubmittedCircuit, ...] = ()
    count: int | None = field(default=None, compare=False)


def read_inputs(params: msgspec.Raw) -> Inputs:
    """The inputs in a job's `params`; whatever they are, this does not fail."""
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
    # A model of many circuits tells their number, where they are one piece.
    told = program.get("circuits")
    many = told.get("num_programs") if isinstance(told, dict) and len(circuits) == 1 else None
    count = many if _is_number(many) and many else len(circuits)
    return Inputs(first.qasm, first.qpy, shots, tuple(further), count)


def _shots(data: dict[str, Any], program: dict[str, Any]) -> int | None:
    options, run_options = data.get("options"), data.get("run_options")
    told = (
        data.get("shots"),
        options.get("default_shots") if isinstance(options, dict) else None,
        run_options.get("shots") if isinstance(run_options, dict) else None,
        program.get("shots"),
    )
    return next((value for value in told if _is_number(value)), None)


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
