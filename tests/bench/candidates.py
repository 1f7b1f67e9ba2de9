"""How good the candidate is that the search picks, against an oracle and against Qiskit alone.

    python -m tests.bench.candidates [--set small|large] [--device NAME ...] [--budget 2] [--stretch]
    python -m tests.bench.candidates --noise

The oracle of a circuit is the best of 100 seeds of level 3, each placed anew over the couplers without regard
to their direction (up to three million steps); it is kept in the folder for temporary files. The search is
what the app does, by two warm worker processes. Told are the ESP of the pick, its ratio to the oracle and to
the median run of level 3, wall time, and processor time of the workers. On a machine on which others work,
`--stretch` gives the search as much more time as it gets less of two processors; that is told as well.
`--noise` runs picks and median runs of a few circuits on the simulator with the device's noise, and compares
the Hellinger fidelities to the ideal distribution: means of four runs, and the standard error of their
difference.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import multiprocessing
import statistics
import tempfile
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import qiskit
from qiskit import QuantumCircuit, generate_preset_pass_manager, qasm3
from qiskit.passmanager import ConditionalController
from qiskit.quantum_info import Statevector, hellinger_fidelity
from qiskit.transpiler import PassManager, Target
from qiskit.transpiler.passes import ApplyLayout, GateDirection, Optimize1qGatesDecomposition, VF2PostLayout
from qiskit.transpiler.passes.layout.vf2_post_layout import VF2PostLayoutStopReason

from tests.bench.candidate_circuits import large, small
from tests.compiler.devices import DEVICES, device
from tests.support.processes import cpu_ticks
from tui.compiler.client import Compiler
from tui.compiler.qiskit.scoring import rank
from tui.compiler.qiskit.search.regions import coupler_errors, undirected
from tui.domain.circuits import Candidate
from tui.domain.search import SearchOptions
from tui.qiskit_common.target import build_target
from tui.sandbox.simulator.engine import Engine

SEEDS = {"small": 100, "large": 40}
LONG = 3_000_000
TICKS = 100
KEPT = Path(tempfile.gettempdir()) / "qdeck-candidates-oracle.json"
SHOTS = 4096
NOISE_SEEDS = (7, 8, 9, 10)
NOISY = (
    ("ibm_peekskill", "qft6"),
    ("ibm_peekskill", "random8"),
    ("ibm_cusco", "random8"),
    ("ibm_cusco", "bv14"),
    ("ibm_cusco", "random12"),
    ("ibm_peekskill", "random12"),
    ("ibm_fez", "qft10"),
    ("ibm_fez", "random8"),
    ("ibm_fez", "random12"),
)


@dataclass(frozen=True)
class Oracle:
    """ESP of the best that a long search finds, and of the median run of level 3 and its seed."""

    best: float
    median: float
    median_seed: int


@dataclass(frozen=True)
class Outcome:
    """What the search has picked, in `seconds` of wall time and `spent` of processor time."""

    device: str
    circuit: str
    pick: Candidate
    words: str
    seconds: float
    spent: float
    oracle: Oracle

    @property
    def esp(self) -> float:
        """Of the pick."""
        return self.pick.estimated_success or 0.0


def main() -> None:
    """Measure, and print a line for each circuit and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=["small", "large"], default="small")
    parser.add_argument("--device", nargs="*", default=list(DEVICES), choices=DEVICES)
    parser.add_argument("--circuit", nargs="*")
    parser.add_argument("--budget", type=float, default=2.0)
    parser.add_argument("--stretch", action="store_true")
    parser.add_argument("--noise", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    asyncio.run(noise() if asked.noise else measure(asked))


async def measure(asked: argparse.Namespace) -> None:
    """Search for every circuit on every device."""
    circuits = {
        name: circuit
        for name, circuit in (small() if asked.set == "small" else large()).items()
        if not asked.circuit or name in asked.circuit
    }
    for name in asked.device:
        for circuit in circuits:
            oracle(name, circuit, circuits[circuit], SEEDS[asked.set])
    compiler = Compiler(search_workers=2)
    try:
        for name in asked.device:
            await warm_up(compiler, name)
            outcomes = [
                await search(compiler, name, circuit, circuits[circuit], asked) for circuit in circuits
            ]
            summary(name, outcomes)
    finally:
        await compiler.aclose()


async def warm_up(compiler: Compiler, name: str) -> None:
    """Let both workers have the target."""
    for seed in range(2):
        await compiler.search(qasm3.dumps(small()["qft6"]), device(name), SearchOptions(seeds=4 + seed))


async def search(
    compiler: Compiler, name: str, circuit: str, source: QuantumCircuit, asked: argparse.Namespace
) -> Outcome:
    """One search, as the app makes it."""
    share = free_share() if asked.stretch else 1.0
    options = SearchOptions(budget=asked.budget / share)
    known = oracle(name, circuit, source, SEEDS[asked.set])
    text = qasm3.dumps(source)
    began, ticks = time.perf_counter(), spent(compiler)
    found = await compiler.search(text, device(name), options)
    seconds, ticks = time.perf_counter() - began, spent(compiler) - ticks
    words = found.progress.words + (f", budget x {1 / share:.1f}" if asked.stretch else "")
    outcome = Outcome(name, circuit, found.candidates[0], words, seconds, ticks, known)
    print(
        f"{name:10}{circuit:13}{outcome.esp:10.4g}",
        f" / oracle {outcome.esp / max(known.best, 1e-300):6.3f}",
        f" / median {outcome.esp / max(known.median, 1e-300):6.3f}",
        f" {seconds:5.2f} s  cpu {outcome.spent:5.2f} s ",
        f"{'FLAGGED ' if outcome.pick.flags else ''}{words}",
        flush=True,
    )
    return outcome


def spent(compiler: Compiler) -> float:
    """Processor seconds of the workers of the search."""
    return sum(cpu_ticks(pid) for pid in compiler.searching.pids) / TICKS


def summary(name: str, outcomes: list[Outcome]) -> None:
    """Print the geometric means of a device."""
    ratios = [one.esp / max(one.oracle.best, 1e-300) for one in outcomes]
    known = [one for one in outcomes if one.oracle.median > 0]
    gains = [max(one.esp, 1e-300) / one.oracle.median for one in known]
    print(
        f"{name}: against the oracle {statistics.geometric_mean(ratios):.3f} (least {min(ratios):.3f}), "
        f"against the median run of level 3 {statistics.geometric_mean(gains):.3f} ({len(gains)} circuits, "
        f"without those whose median is 0); wall time up to {max(one.seconds for one in outcomes):.2f} s, "
        f"processor time up to {max(one.spent for one in outcomes):.2f} s",
        flush=True,
    )


def free_share() -> float:
    """The part of two processors that two processes get here now: at most 1."""
    with multiprocessing.Pool(2) as pool:
        return min(1.0, sum(pool.map(_share, [0.4, 0.4])) / 2)


def _share(seconds: float) -> float:
    began, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        pass
    return (time.process_time() - used) / seconds


def oracle(name: str, circuit: str, source: QuantumCircuit, seeds: int) -> Oracle:
    """The oracle of a circuit, from the file or worked out."""
    known = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    key = f"{name} {circuit} {seeds} {qiskit.__version__}"
    if key not in known:
        data = device(name)
        target = build_target(data.name, data.configuration, data.properties)
        known[key] = asdict(work_out(source, target, seeds))
        KEPT.write_text(json.dumps(known))
        print(f"oracle of {key}: {known[key]}", flush=True)
    return Oracle(**known[key])


def work_out(source: QuantumCircuit, target: Target, seeds: int) -> Oracle:
    """The best of so many seeds, each placed anew."""
    anywhere = undirected(target, coupler_errors(target))
    plain: list[float] = []
    best = 0.0
    for seed in range(seeds):
        manager = generate_preset_pass_manager(3, target=target, seed_transpiler=seed)
        plain.append(rank(manager.run(source), target).success or 0.0)
        manager.post_optimization = placed_anew(anywhere, target)
        best = max(best, plain[-1], rank(manager.run(source), target).success or 0.0)
    median = statistics.median_low(plain)
    return Oracle(best, median, plain.index(median))


def placed_anew(anywhere: Target, target: Target) -> PassManager:
    """Long VF2 over the couplers in both directions, then directions mended."""
    passes = PassManager([VF2PostLayout(anywhere, seed=-1, call_limit=LONG, strict_direction=True)])
    passes.append(
        ConditionalController(
            ApplyLayout(),
            condition=lambda known: (
                known["VF2PostLayout_stop_reason"] is VF2PostLayoutStopReason.SOLUTION_FOUND
            ),
        )
    )
    passes.append([GateDirection(None, target), Optimize1qGatesDecomposition(target=target)])
    return passes


async def noise() -> None:
    """Hellinger fidelity of picks and of median runs, in the sandbox's simulator of the device."""
    compiler, engine = Compiler(search_workers=2), Engine()
    try:
        for backend, circuit in NOISY:
            name, source = backend.removeprefix("ibm_"), small()[circuit]
            known = oracle(name, circuit, source, SEEDS["small"])
            found = await compiler.search(qasm3.dumps(source), device(name), SearchOptions(seeds=60))
            data = device(name)
            target = build_target(data.name, data.configuration, data.properties)
            manager = generate_preset_pass_manager(3, target=target, seed_transpiler=known.median_seed)
            median = qasm3.dumps(manager.run(source))
            ideal = Statevector(source.remove_final_measurements(inplace=False)).probabilities_dict()
            runs = [
                [hellinger_fidelity(ideal, await counts(engine, isa, backend, seed)) for seed in NOISE_SEEDS]
                for isa in (median, found.candidates[0].qasm)
            ]
            before, after = map(statistics.mean, runs)
            error = math.sqrt(sum(statistics.variance(one) / len(one) for one in runs))
            print(
                f"{name} {circuit}: ESP {known.median:.3f} -> "
                f"{found.candidates[0].estimated_success or 0:.3f}, "
                f"Hellinger fidelity {before:.4f} -> {after:.4f}, by {after - before:+.4f} +- {error:.4f}",
                flush=True,
            )
    finally:
        await compiler.aclose()
        await engine.aclose()


async def counts(engine: Engine, isa: str, backend: str, seed: int) -> dict[str, int]:
    """Counts of a noisy run."""
    outcome = await engine.run("sampler", {"pubs": [[isa, None, SHOTS]]}, backend, seed=seed)
    assert outcome.status == "Completed", outcome.reason
    (register,) = json.loads(outcome.result or "")["results"][0]["data"].values()
    found: dict[str, int] = {}
    for sample in register["samples"]:
        bits = f"{int(sample, 16):0{register['num_bits']}b}"
        found[bits] = found.get(bits, 0) + 1
    return found


if __name__ == "__main__":
    main()
