"""Milliseconds to score a candidate, beside those to make it, for circuits up to 25 qubits.

    python -m tests.bench.scoring [DEVICE ...]

`rank` is the exact success with flags, which a search needs of each candidate; `score` has the schedule, too,
`stats` counts and depths; `baseline` the two stages before a layout, once a program and level. The best of
five each, after a garbage collection that keeps what Qiskit has loaded, as in the worker process.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from random import Random

from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.synthesis.qft import synth_qft_full

from tests.compiler.devices import DEVICES, device
from tui.compiler.qiskit.circuit_stats import stats
from tui.compiler.qiskit.scoring import rank, score
from tui.compiler.qiskit.stages import baseline
from tui.qiskit_common.target import build_target


def ghz(width: int) -> QuantumCircuit:
    """A chain of CNOT gates."""
    circuit = QuantumCircuit(width)
    circuit.h(0)
    for qubit in range(width - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def qft(width: int) -> QuantumCircuit:
    """A Fourier transform: every qubit with every other."""
    circuit: QuantumCircuit = synth_qft_full(width)
    circuit.measure_all()
    return circuit


def layers(width: int, depth: int) -> QuantumCircuit:
    """Random pairs and rotations."""
    random, circuit = Random(1), QuantumCircuit(width)
    for _ in range(depth):
        order = random.sample(range(width), width)
        for qubit in order:
            circuit.rx(random.uniform(0, 6), qubit)
        for first, second in zip(order[::2], order[1::2], strict=False):
            circuit.cz(first, second)
    circuit.measure_all()
    return circuit


CIRCUITS = {"ghz25": ghz(25), "random25x4": layers(25, 4), "qft10": qft(10), "qft25": qft(25)}


def best(work: Callable[[], object]) -> float:
    """Return milliseconds of the quickest of five runs."""
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds) * 1e3


def main(names: list[str]) -> None:
    """Print a line a device and circuit."""
    warnings.simplefilter("ignore")
    gc.collect()
    gc.freeze()
    print("device     circuit      operations  transpile ms   rank  score  stats  baseline  rank/transpile")
    for name in names:
        data = device(name)
        target = build_target(data.name, data.configuration, data.properties)
        for label, circuit in CIRCUITS.items():
            manager = generate_preset_pass_manager(3, target=target, seed_transpiler=1)
            isa = manager.run(circuit)
            made = best(partial(manager.run, circuit))
            quick = best(partial(rank, isa, target))
            whole = best(partial(score, isa, target))
            counted = best(partial(stats, isa))
            before = best(partial(baseline, circuit, 3, target))
            costs = (
                f"{made:13.1f} {quick:6.2f} {whole:6.2f} {counted:6.2f} {before:9.1f} {quick / made:15.1%}"
            )
            print(f"{name:10} {label:12} {len(isa.data):10} {costs}")


if __name__ == "__main__":
    main(sys.argv[1:] or list(DEVICES))
