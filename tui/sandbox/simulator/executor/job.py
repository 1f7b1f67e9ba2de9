"""Executor jobs: a quantum program run on a device, and its results body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tui.sandbox.core.devices import MOCKS, device_name
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.base.typed_json import Bits
from tui.sandbox.simulator.base.values import JobFailure
from tui.sandbox.simulator.executor.limits import ControlInstructions
from tui.sandbox.simulator.executor.program import Item, Program, read_program, tensor
from tui.sandbox.simulator.executor.sampling import Floats, draw_arguments, sample_item
from tui.sandbox.simulator.executor.schedule import scheduler_timing
from tui.sandbox.simulator.primitives.accounting import JobAccounting
from tui.sandbox.simulator.primitives.pubs import check_isa

# The outcomes of an item are bytes while it runs.
_MOST_OUTCOMES = 800_000_000


def run_program(
    params: Mapping[str, Any], device: str, seed: int, accounting: JobAccounting
) -> dict[str, Any]:
    """Run an executor job; on the twin of a device it runs dry, and the outcomes are random.

    Args:
        params: The validated params of the job.
        device: Name of the device.
        seed: The same seed gives the same outcomes.
        accounting: The account of the job.

    Returns:
        The results body, in the schema version of the params.

    Raises:
        JobFailure: The job cannot be done.
    """
    program = read_program(params)
    check_program(program, device, accounting)
    generator = np.random.default_rng(seed)
    data = []
    spans = []
    for index, item in enumerate(program.items):
        start = datetime.now(UTC)
        values, drawn = draw_arguments(item, generator)
        outputs = drawn | _run_item(item, values, program.shots, device, generator, accounting)
        results = {name: tensor(program.version, array) for name, array in outputs.items()}
        data.append({"results": results, "metadata": _item_metadata(program, item, values, accounting)})
        spans.append(_span(program, index, start, datetime.now(UTC)))
    body: dict[str, Any] = {
        "schema_version": program.version,
        "data": data,
        "metadata": {"chunk_timing": spans},
    }
    if program.version != "v0.1":
        body["passthrough_data"] = program.passthrough_data
    if program.has_role:
        body["semantic_role"] = program.semantic_role
    return body


def check_program(program: Program, device: str, accounting: JobAccounting) -> None:
    """Hold a program to what the device and the service take, and count its executions.

    Raises:
        JobFailure: The program is beyond a limit, or not for the device.
    """
    if program.meas_level != "classified":
        raise JobFailure(
            f"Measurements of level {program.meas_level!r} need the device's analog signal, which is not"
            " recorded.",
            solution="Use meas_level 'classified' in the sandbox.",
        )
    instructions = ControlInstructions(len(accounting.data.qubits))
    for item in program.items:
        check_isa(item.circuit, target(device), device)
        accounting.reserve(item.size, program.shots)
        instructions.add(item.circuit, item.size)
        if item.size * program.shots * item.circuit.num_clbits > _MOST_OUTCOMES:
            raise JobFailure(
                f"An item measures {item.size * program.shots * item.circuit.num_clbits:,} bits; the sandbox"
                f" holds {_MOST_OUTCOMES:,}.",
                solution="Ask for fewer shots or parameter sets, or measure fewer qubits.",
            )
    if not program.options.get("init_qubits", True):
        accounting.log("Qubits are always prepared in state 0 here.")


def _run_item(
    item: Item,
    values: Floats,
    shots: int,
    device: str,
    generator: np.random.Generator,
    accounting: JobAccounting,
) -> dict[str, np.ndarray[Any, Any]]:
    """The registers of an item, of shape `(*shape, shots, bits)`."""
    accounting.add_durations(item.circuit, values, shots)
    accounting.add_circuit(item.circuit)
    if device_name(device) in MOCKS:
        bits = generator.integers(0, 2, (item.size, shots, item.circuit.num_clbits), dtype=np.uint8)
    else:
        bits = sample_item(item.circuit, values, device, shots, generator, accounting)
    return _registers(item, bits)


def _registers(item: Item, bits: Bits) -> dict[str, np.ndarray[Any, Any]]:
    shaped = bits.reshape(*item.shape, *bits.shape[1:]).view(np.bool_)
    places = {bit: index for index, bit in enumerate(item.circuit.clbits)}
    return {creg.name: shaped[..., [places[bit] for bit in creg]] for creg in item.circuit.cregs}


def _item_metadata(
    program: Program, item: Item, values: Floats, accounting: JobAccounting
) -> dict[str, Any] | None:
    if program.version == "v0.1":
        return None
    metadata: dict[str, Any] = {}
    # A dry run is there to tell it.
    dry = accounting.data.name in MOCKS
    if (dry or program.options.get("scheduler_timing")) and len(values):
        # Angles take no time; the arguments matter where they are lengths of delays.
        bound = item.circuit.assign_parameters(values[0].tolist()) if values.shape[1] else item.circuit
        metadata["scheduler_timing"] = scheduler_timing(bound, accounting.data)
    if program.options.get("stretch_values"):
        metadata["stretch_values"] = []
    return metadata


def _span(program: Program, index: int, start: datetime, stop: datetime) -> dict[str, Any]:
    item = program.items[index]
    part: dict[str, Any] = {"idx_item": index, "size": item.size}
    if program.has_role:
        part["permutation"] = list(range(len(item.shape)))
        part["element_range"] = [0, item.size, 1]
    return {"start": start.isoformat(), "stop": stop.isoformat(), "parts": [part]}
