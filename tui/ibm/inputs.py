"""What a job was given: circuit and shots in its params, of every program (contract 3.2, 5.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

_MOST_SHOTS = 10**12


@dataclass(frozen=True, slots=True)
class Inputs:
    """The first circuit of a job, and the shots of its first PUB.

    Attributes:
        circuit: OpenQASM text; empty when it came in another form.
        packed: base64 of QPY, mostly zlib-packed, as it came; empty when there is none.
    """

    circuit: str = ""
    packed: str = ""
    shots: int | None = None


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
    circuit: Any = _first(data.get("circuits")) or _first(program.get("circuits"))
    pubs = data.get("pubs")
    if isinstance(pubs, list) and pubs:
        pub = pubs[0] if isinstance(pubs[0], list) else [pubs[0]]
        circuit = pub[0] if pub else None
        if len(pub) == 3 and _is_number(pub[2]):
            shots = pub[2]
    text, packed = _forms(circuit)
    return Inputs(text, packed, shots)


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


def _first(circuits: Any) -> Any:
    """The first of the circuits, which may be one, a list, or the executor's model of many."""
    if isinstance(circuits, dict) and isinstance(circuits.get("data"), list):
        circuits = circuits["data"]
    if isinstance(circuits, list):
        return circuits[0] if circuits else None
    return circuits


def _forms(circuit: Any) -> tuple[str, str]:
    """OpenQASM text and base64 QPY; at most one of them is there."""
    if isinstance(circuit, dict):
        packed = circuit.get("__value__", circuit.get("b64_data"))
        return "", packed if isinstance(packed, str) else ""
    if not isinstance(circuit, str):
        return "", ""
    # Base64 holds no semicolon; OpenQASM cannot do without.
    return (circuit, "") if ";" in circuit else ("", circuit.strip())
