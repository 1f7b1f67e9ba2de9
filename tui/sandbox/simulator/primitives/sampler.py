"""The sampler: shots of circuits, by classical register."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import reduce_qubits
from tui.sandbox.simulator.noise.shots import PlannedRun, plan_run, sample_shots
from tui.sandbox.simulator.primitives import results as encode
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.pubs import Pub, pub, size

DEFAULT_SHOTS = 4096


@dataclass(frozen=True)
class Sampled:
    """The shots of one pub: `bits` has shape `(*pub shape, shots, classical bits)`."""

    circuit: QuantumCircuit
    bits: Bits

    def register(self, name: str) -> Bits:
        """The shots of one register, bit 0 first."""
        register = next(creg for creg in self.circuit.cregs if creg.name == name)
        columns = [self.circuit.find_bit(bit).index for bit in register]
        return self.bits[..., columns]


def run_sampler(params: Mapping[str, Any], device: str, seed: int, ledger: JobAccounting) -> dict[str, Any]:
    """The results body of a sampler job with `pubs`. Raises `JobFailure`."""
    options = params.get("options") or {}
    _refuse_kerneled(options)
    _note_ignored(options, ledger)
    default = params.get("shots") or options.get("default_shots") or DEFAULT_SHOTS
    made: list[tuple[Pub, int]] = []
    for given in params["pubs"]:
        circuit, values, shots = (*given, None, None)[:3] if isinstance(given, list) else (given, None, None)
        made.append((pub(circuit, values, device, ledger), shots or default))
        ledger.expect(size(made[-1][0].shape), made[-1][1])
        _check_registers(made[-1][0].circuit, len(made) - 1, ledger)
    start = datetime.now(UTC)
    generator = np.random.default_rng(seed)
    results = [draw(one, device, shots, int(generator.integers(2**31)), ledger) for one, shots in made]
    stop = datetime.now(UTC)
    if not params.get("support_qiskit"):
        return {"results": [_plain(result) for result in results], "metadata": {"version": 2}}
    spans = encode.execution_spans([(one.shape, shots) for one, shots in made], start, stop)
    return encode.typed(
        "PrimitiveResult",
        {
            "pub_results": [_typed(result) for result in results],
            "metadata": {"execution": {"execution_spans": spans}, "version": 2},
        },
    )


def draw(one: Pub, device: str, shots: int, seed: int, ledger: JobAccounting) -> Sampled:
    """Take the shots of a pub. Raises `JobFailure`."""
    runs: list[PlannedRun] = []
    for index in np.ndindex(one.shape):
        bound = one.bound(one.circuit, index)
        ledger.spend(bound, shots)
        runs.append(plan_run(reduce_qubits(bound), device, shots))
        ledger.note_run(runs[-1], shots)
    outcomes = sample_shots(runs, device, shots, seed)
    bits = np.stack(outcomes) if outcomes else np.zeros((0, shots, one.circuit.num_clbits), dtype=np.uint8)
    return Sampled(one.circuit, bits.reshape(*one.shape, shots, one.circuit.num_clbits))


def _plain(result: Sampled) -> dict[str, Any]:
    registers = {creg.name: result.register(creg.name) for creg in result.circuit.cregs}
    return {
        "data": {
            name: {"samples": encode.samples(bits), "num_bits": bits.shape[-1]}
            for name, bits in registers.items()
        },
        "metadata": {"circuit_metadata": result.circuit.metadata or {}},
    }


def _typed(result: Sampled) -> dict[str, Any]:
    fields = {creg.name: encode.bit_array(result.register(creg.name)) for creg in result.circuit.cregs}
    return encode.typed(
        "SamplerPubResult",
        {
            "data": encode.data_bin(fields, result.bits.shape[:-2]),
            "metadata": {"circuit_metadata": result.circuit.metadata or {}},
        },
    )


def _check_registers(circuit: QuantumCircuit, index: int, ledger: JobAccounting) -> None:
    if not circuit.cregs:
        ledger.note(f"The {index}-th circuit has no classical registers: its result is empty.")
    for creg in circuit.cregs:
        if creg.size == 0:
            raise JobFailure(f"Classical register {creg.name} is of size 0, which is not allowed")
        if not creg.name.isidentifier() or keyword.iskeyword(creg.name):
            raise JobFailure(
                f"Classical register names must be valid identifiers and no Python keywords,"
                f" but {creg.name!r} is not."
            )


def _refuse_kerneled(options: Mapping[str, Any]) -> None:
    kind = (options.get("execution") or {}).get("meas_type") or "classified"
    if kind != "classified":
        raise JobFailure(
            f"Measurements of type {kind!r} need the device's analog signal, which is not recorded.",
            solution="Use meas_type 'classified' in the sandbox.",
        )


def _note_ignored(options: Mapping[str, Any], ledger: JobAccounting) -> None:
    if (options.get("dynamical_decoupling") or {}).get("enable"):
        ledger.note("Dynamical decoupling has no effect here: qubits that wait are simulated without noise.")
    twirling = options.get("twirling") or {}
    if twirling.get("enable_gates") or twirling.get("enable_measure"):
        ledger.note("Twirling is not simulated for the sampler.")
