"""PUBs of a submission, and what is kept of their inputs beside the circuits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from tui.common.values import Value
from tui.domain.circuits import Transpilation
from tui.domain.pubs.sweeps import Sweep

MOST_PUBS: Final = 1_000
"""PUBs of one job that are submitted from here."""


@dataclass(frozen=True, slots=True)
class Pub:
    """One PUB to be submitted.

    Attributes:
        qasm: the ISA circuit.
        parameters: its free parameters, in Qiskit's order.
        sweep: their values; `None` for a circuit without parameters.
        observables: of the estimator, each a sum of Pauli strings as text, laid out to the circuit's width.
        name: what the user calls the circuit.
        source: the OpenQASM the user wrote, before transpiling.
        observable_labels: the observables as the user wrote them, over the circuit's own qubits.
        transpilation: how `source` became `qasm`, where that was done here.
    """

    qasm: str
    parameters: tuple[str, ...] = ()
    sweep: Sweep | None = None
    observables: tuple[str, ...] = ()
    name: str = ""
    source: str = ""
    observable_labels: tuple[str, ...] = ()
    transpilation: Transpilation | None = None


class PubInputs(Value, frozen=True):
    """Inputs of a PUB as they are kept with its job: what the places of its result stand for.

    Attributes:
        name: of the circuit.
        observables: as the user wrote them.
        sweep: values of the parameters.
        transpilation: how its circuit was made here, with the success estimated for it.
    """

    name: str = ""
    observables: tuple[str, ...] = ()
    sweep: Sweep | None = None
    transpilation: Transpilation | None = None


def encode_inputs(pubs: Sequence[Pub]) -> str:
    """Return what is kept of PUBs as JSON text.

    Returns:
        Empty for a single PUB without values of parameters: its job says everything.
    """
    if len(pubs) == 1 and pubs[0].sweep is None:
        return ""
    kept = [PubInputs(pub.name, pub.observable_labels, pub.sweep, pub.transpilation) for pub in pubs]
    return msgspec.json.encode(kept).decode()


def decode_inputs(text: str) -> tuple[PubInputs, ...]:
    """Return the inputs of each PUB; nothing for an empty text, and for one that holds none."""
    try:
        inputs = msgspec.json.decode(text, type=tuple[PubInputs, ...]) if text else ()
        for one in inputs:
            if one.sweep is not None:
                one.sweep.check()
    except (msgspec.MsgspecError, ValueError):
        return ()
    return inputs
