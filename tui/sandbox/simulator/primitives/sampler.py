"""The sampler, second and first version: shots of circuits, by classical register or as frequencies."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.circuits.qubit_reduction import reduce_qubits
from tui.sandbox.simulator.noise.idle import with_idle_delays
from tui.sandbox.simulator.noise.shots import PlannedRun, plan_run, sample_shots
from tui.sandbox.simulator.primitives import results
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.pubs import Pub, read_pub, read_v1_pubs

DEFAULT_SHOTS = 4096
V1_DEFAULT_SHOTS = 4000


@dataclass(frozen=True)
class PubSamples:
    """The shots of one pub: `bits` has shape `(*pub shape, shots, classical bits)`."""

    circuit: QuantumCircuit
    bits: Bits

    def registers(self) -> dict[str, Bits]:
        """Return the shots by classical register, each of shape `(*pub shape, shots, bits)`, bit 0 first."""
        return {
            creg.name: self.bits[..., [self.circuit.find_bit(bit).index for bit in creg]]
            for creg in self.circuit.cregs
        }


def run_sampler(
    params: Mapping[str, Any], device: str, seed: int, accounting: JobAccounting
) -> dict[str, Any]:
    """Run a sampler job with `pubs`.

    Args:
        params: The validated params of the job.
        device: Name of the device.
        seed: The same seed gives the same shots.
        accounting: The account of the job.

    Returns:
        The results body: typed with `support_qiskit`, else hexadecimal samples.

    Raises:
        JobFailure: The job cannot be done.
    """
    options = params.get("options") or {}
    _refuse_kerneled(options)
    accounting.log_without_effect(options)
    twirled = bool((options.get("twirling") or {}).get("enable_measure"))
    if twirled:
        accounting.log("Measurements are twirled: 0 and 1 are misread equally often.")
    default = params.get("shots") or options.get("default_shots") or DEFAULT_SHOTS
    pubs: list[tuple[Pub, int]] = []
    for index, given in enumerate(params["pubs"]):
        circuit, values, shots = (*given, None, None)[:3] if isinstance(given, list) else (given, None, None)
        pub, shots = read_pub(circuit, values, device, accounting), shots or default
        accounting.reserve(int(np.prod(pub.shape, dtype=int)), shots)
        _check_registers(pub.circuit, index, accounting)
        pubs.append((pub, shots))
    start = datetime.now(UTC)
    generator = np.random.default_rng(seed)
    samples = [
        sample_pub(pub, device, shots, generator, accounting, twirled_readout=twirled) for pub, shots in pubs
    ]
    stop = datetime.now(UTC)
    if not params.get("support_qiskit"):
        return {"results": [_plain(sampled) for sampled in samples], "metadata": {"version": 2}}
    spans = results.execution_spans([(pub.shape, shots) for pub, shots in pubs], start, stop)
    return results.primitive_result(
        [_typed(sampled) for sampled in samples], {"execution": {"execution_spans": spans}, "version": 2}
    )


def run_sampler_v1(
    params: Mapping[str, Any], device: str, seed: int, accounting: JobAccounting
) -> dict[str, Any]:
    """Run a sampler job of the first version, with `circuits`.

    Returns:
        `{"quasi_dists": [{"<decimal>": probability}], "metadata": [...]}`. A key is the number that all
        classical bits of the circuit make, the first one least significant. The probabilities are
        frequencies: readout is not mitigated.

    Raises:
        JobFailure: The job cannot be done.
    """
    shots = v1_shots(params)
    pubs = read_v1_pubs(params, device, accounting)
    for _ in pubs:
        accounting.reserve(1, shots)
    if int((params.get("resilience_settings") or {}).get("level") or 0) > 0:
        accounting.log("Readout mitigation is not simulated for this sampler: the frequencies are as read.")
    generator = np.random.default_rng(seed)
    dists = []
    for pub in pubs:
        counts = Counter(results.integers(sample_pub(pub, device, shots, generator, accounting).bits))
        dists.append({str(key): counts[key] / shots for key in sorted(counts)})
    return {"quasi_dists": dists, "metadata": [{"shots": shots} for _ in pubs]}


def v1_shots(params: Mapping[str, Any]) -> int:
    """Return the shots that a job of the first version asks for, by default 4000."""
    return int((params.get("run_options") or {}).get("shots") or V1_DEFAULT_SHOTS)


def sample_pub(
    pub: Pub,
    device: str,
    shots: int,
    generator: np.random.Generator,
    accounting: JobAccounting,
    *,
    twirled_readout: bool = False,
) -> PubSamples:
    """Take the shots of every parameter set of a pub.

    Args:
        pub: Circuit and parameter values.
        device: Name of the device.
        shots: Shots of every parameter set.
        generator: Source of the randomness.
        accounting: The account of the job.
        twirled_readout: Misread 0 and 1 equally often, as under measurement twirling.

    Raises:
        JobFailure: A circuit cannot be simulated.
    """
    runs: list[PlannedRun] = []
    for index in np.ndindex(pub.shape):
        bound = pub.bind(pub.circuit, index)
        accounting.add_duration(bound, shots)
        runs.append(plan_run(reduce_qubits(with_idle_delays(bound, accounting.data)), device, shots))
        accounting.log_run(runs[-1], shots)
    seed = int(generator.integers(2**31))
    outcomes = sample_shots(runs, device, shots, seed, twirled_readout=twirled_readout)
    shape = (*pub.shape, shots, pub.circuit.num_clbits)
    bits = np.stack(outcomes) if outcomes else np.zeros(shape, dtype=np.uint8)
    return PubSamples(pub.circuit, bits.reshape(shape))


def _plain(sampled: PubSamples) -> dict[str, Any]:
    return {
        "data": {
            name: {"samples": results.samples(bits), "num_bits": bits.shape[-1]}
            for name, bits in sampled.registers().items()
        },
        "metadata": {"circuit_metadata": sampled.circuit.metadata or {}},
    }


def _typed(sampled: PubSamples) -> dict[str, Any]:
    fields = {name: results.bit_array(bits) for name, bits in sampled.registers().items()}
    metadata = {"circuit_metadata": sampled.circuit.metadata or {}}
    return results.pub_result("SamplerPubResult", fields, sampled.bits.shape[:-2], metadata)


def _check_registers(circuit: QuantumCircuit, index: int, accounting: JobAccounting) -> None:
    if not circuit.cregs:
        accounting.log(f"The {index}-th circuit has no classical registers: its result is empty.")
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
