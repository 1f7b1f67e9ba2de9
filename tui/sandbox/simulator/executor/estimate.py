"""Estimates of how long the items of a quantum program take to simulate."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tui.sandbox.simulator.executor.job import check_program
from tui.sandbox.simulator.executor.program import Item, Program, read_program, tensor
from tui.sandbox.simulator.executor.sampling import (
    BATCH_METHOD,
    Floats,
    ItemPart,
    draw_arguments,
    item_parts,
)
from tui.sandbox.simulator.noise.clifford import clifford_form
from tui.sandbox.simulator.noise.method_selection import estimate_run
from tui.sandbox.simulator.noise.trials import Seconds, extrapolate
from tui.sandbox.simulator.primitives.accounting import JobAccounting

# Executions of a part that are bound to learn what all of them are like.
_BOUND = 6

PartSeconds = tuple[float, str, int]
"""Seconds on a machine that does nothing else, the method, and the processors it uses."""


def program_seconds(
    params: Mapping[str, Any], device: str, accounting: JobAccounting
) -> Iterator[PartSeconds]:
    """Estimate the parts of an executor job from short trials on this machine.

    Args:
        params: The validated params of the job.
        device: Name of the device.
        accounting: The account of the job.

    Raises:
        TooLarge: A part is not done within a minute.
        JobFailure: The job cannot be done.
    """
    program = read_program(params)
    check_program(program, device, accounting)
    generator = np.random.default_rng(0)
    for item in program.items:
        started = time.process_time()
        values, _ = draw_arguments(item, generator)
        yield time.process_time() - started, "", 1
        yield from _item_seconds(program, item, values, device, accounting)


def _item_seconds(
    program: Program, item: Item, values: Floats, device: str, accounting: JobAccounting
) -> Iterator[PartSeconds]:
    if not len(values):
        return
    started = time.process_time()
    parts = item_parts(item.circuit, values, accounting)
    yield time.process_time() - started, "", 1
    batched = [part for part in parts if part.in_batches]
    seconds = _batch_seconds(program, item, batched, len(values), device)
    yield seconds.wall, BATCH_METHOD if batched else "", seconds.processors
    for part in parts:
        if not part.in_batches:
            yield from _single_seconds(part, len(values), device, program.shots)


def _batch_seconds(
    program: Program, item: Item, parts: list[ItemPart], executions: int, device: str
) -> Seconds:
    """Estimate what is simulated in batches, and writing the outcomes of the whole item down."""
    generator = np.random.default_rng(0)

    def trial(size: int) -> None:
        bits = np.zeros((size, program.shots, item.circuit.num_clbits), dtype=np.uint8)
        for part in parts:
            sampled = part.sample_batch(size, device, program.shots, generator)
            bits[..., part.columns] = sampled[..., part.columns]
        tensor(program.version, bits.view(np.bool_))

    return extrapolate(trial, 1, executions)


def _single_seconds(part: ItemPart, executions: int, device: str, shots: int) -> Iterator[PartSeconds]:
    """Estimate what is simulated one by one; circuits of Clifford gates and others are told apart."""
    started = time.process_time()
    chosen = range(0, executions, math.ceil(executions / _BOUND))
    bound = [part.bound(index) for index in chosen]
    kinds = [clifford_form(reduced.circuit) is not None for reduced in bound]
    yield (time.process_time() - started) / len(bound) * executions, "", 1
    for kind in dict.fromkeys(kinds):
        times = math.ceil(executions * kinds.count(kind) / len(kinds))
        run, seconds = estimate_run(bound[kinds.index(kind)], device, shots, times)
        yield seconds.wall_of(times), run.method.name, seconds.processors
