"""How fast a search is by two workers of Dask on loopback, beside two local worker processes.

    python -m tests.bench.dask_search [--seeds 60] [--rounds 3]

Both search the same seeds of the same circuits for ibm_cusco, warm and in turn; told are the wall time of
each, the ratio, and whether the picks are the same.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from qiskit import qasm3

from tests.bench.candidate_circuits import large, small
from tests.compiler.devices import device
from tests.compiler.remote.cluster import cluster
from tui.compiler.client import Compiler
from tui.domain.search import SearchOptions

CIRCUITS = ("qft6", "random12", "swap_test25")


async def measure(address: str, seeds: int, rounds: int) -> None:
    """Search with both in turn, and print."""
    local, remote = Compiler(search_workers=2), Compiler(dask=address)
    try:
        for name in CIRCUITS:
            text = qasm3.dumps({**small(), **large()}[name])
            options = SearchOptions(level=3, seeds=seeds)
            took: dict[Compiler, list[float]] = {local: [], remote: []}
            picks: set[str] = set()
            for turn in range(rounds + 1):
                for one, times in took.items():
                    began = time.perf_counter()
                    found = await one.search(text, device("cusco"), options)
                    picks.add(found.candidates[0].qasm)
                    # In the first turn the workers start, and get circuit and device.
                    times += [time.perf_counter() - began] if turn else []
            here, there = (statistics.median(times) for times in took.values())
            same = "same pick" if len(picks) == 1 else "OTHER PICKS"
            print(
                f"{name:12} {seeds} seeds: local {here:5.2f} s, Dask {there:5.2f} s, "
                f"ratio {there / here:.2f}, {same}",
                flush=True,
            )
    finally:
        await local.aclose()
        await remote.aclose()


def main() -> None:
    """Start a scheduler with two workers, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), workers=2) as there:
        asyncio.run(measure(there.address, asked.seeds, asked.rounds))


if __name__ == "__main__":
    main()
