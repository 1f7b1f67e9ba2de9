"""How many OpenQASM programs of a folder the sandbox runs, and how well it foretells how long that takes.

    python -m tests.bench.qasmbench FOLDER [--device ibm_peekskill] [--shots 1024] [--level 2] [NAME ...]

Every `.qasm` below the folder is transpiled as qdeck does, estimated as before a submit, and run as a job if
it is not refused, by the engine and its worker processes. Meant for the small and medium programs of
QASMBench (https://github.com/pnnl/QASMBench). Times are processor seconds of the worker, which other programs
on the machine do not change much, over the number of processors they are spent on.
"""

from __future__ import annotations

import argparse
import asyncio
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

from tui.compiler.messages import TargetData, Transpile
from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.compiler.qiskit.parser import Unreadable
from tui.compiler.qiskit.transpile import transpile
from tui.domain.circuits import TranspileOptions
from tui.sandbox.simulator.base.calibration import target
from tui.sandbox.simulator.engine import Engine

MOST_FACTOR = 3.0
MOST_SECONDS = 60.0
# What is done in less is measured as much of the machine as of the program.
SOON = 0.1
WARMING = "OPENQASM 3.0; bit[1] c; c[0] = measure $0;"


@dataclass(frozen=True)
class Outcome:
    """What became of a program; `estimated` and `spent` in wall seconds of a machine that is free."""

    name: str
    kind: str
    estimated: float = 0.0
    spent: float = 0.0
    told: str = ""

    @property
    def factor(self) -> float:
        """By what factor the estimate is wrong, at least 1."""
        low, high = sorted((max(self.estimated, 1e-9), max(self.spent, 1e-9)))
        return high / low


class Bench:
    """Measures programs with the workers of an engine."""

    def __init__(self, engine: Engine, device: str, shots: int, level: int) -> None:
        self._engine, self._device, self._shots = engine, device, shots
        self._options = TranspileOptions(level, 1)

    async def measure(self, file: Path) -> Outcome:
        """Transpile, estimate and run one program."""
        try:
            request = Transpile(file.read_text(), TargetData(self._device, ""), self._options)
            isa = transpile(request, target(self._device, False)).qasm
        except Unreadable as error:
            return Outcome(file.stem, "unreadable", told=str(error))
        except NotPossible as error:
            return Outcome(file.stem, "refused", told=str(error))
        params = {"pubs": [[isa, None, self._shots]]}
        foretold = await self._engine.estimate("sampler", params, self._device)
        estimated = foretold.seconds or 0.0
        if foretold.refusal:
            return Outcome(file.stem, "refused", estimated, told=foretold.refusal)
        began, spent = time.perf_counter(), self._spent()
        outcome = await self._engine.run("sampler", params, self._device, seed=1)
        spent, began = self._spent() - spent, time.perf_counter() - began
        if outcome.status != "Completed":
            return Outcome(file.stem, "failed", told=outcome.reason or "")
        # Work on several processors at once takes as much less time.
        wall = min(spent, began) if foretold.processors == 1 else spent / foretold.processors
        return Outcome(file.stem, "ran", estimated, wall, ", ".join(foretold.methods))

    def _spent(self) -> float:
        """Processor seconds of the simulator's worker so far, by its clock (clock_getcpuclockid(3))."""
        pid = self._engine.pids[0]
        return time.clock_gettime((~pid << 3) | 2)


def main() -> None:
    """Measure every program and print a line for each, then the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--device", default="ibm_peekskill")
    parser.add_argument("--shots", type=int, default=1024)
    parser.add_argument("--level", type=int, default=2)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    outcomes = asyncio.run(measure_all(asked))
    ran = [one for one in outcomes if one.kind == "ran"]
    long = [one for one in ran if one.spent >= SOON]
    wrong = [one.name for one in ran if one.factor > MOST_FACTOR]
    slow = [one.name for one in ran if one.spent > MOST_SECONDS]
    print(
        f"{len(outcomes)} programs: {len(ran)} ran, {sum(one.kind == 'refused' for one in outcomes)} refused"
    )
    print(f"beyond {MOST_SECONDS:.0f} s: {slow}; estimates wrong by more than {MOST_FACTOR:.0f}: {wrong}")
    print(f"largest factor of those that took {SOON} s: {max((one.factor for one in long), default=1):.2f}")


async def measure_all(asked: argparse.Namespace) -> list[Outcome]:
    """Measure the programs asked for, the shortest first."""
    files = [file for file in asked.folder.rglob("*.qasm") if not file.stem.endswith("_transpiled")]
    outcomes: list[Outcome] = []
    engine = Engine()
    try:
        # Both workers are warm before the first program is measured.
        await engine.run("sampler", {"pubs": [[WARMING, None, 16]]}, asked.device)
        await engine.estimate("sampler", {"pubs": [[WARMING, None, 16]]}, asked.device)
        bench = Bench(engine, asked.device, asked.shots, asked.level)
        for file in sorted(files, key=lambda file: file.stat().st_size):
            if file.stat().st_size and (not asked.names or file.stem in asked.names):
                one = await bench.measure(file)
                outcomes.append(one)
                print(
                    f"{one.name:24}{one.kind:12}{one.estimated:9.2f}{one.spent:9.2f}  {one.told}", flush=True
                )
    finally:
        await engine.aclose()
    return outcomes


if __name__ == "__main__":
    main()
