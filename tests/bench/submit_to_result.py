"""Time from submitting a Bell pair to its counts, on each device of the idle sandbox.

    python -m tests.bench.submit_to_result [ROUNDS]

The services of the app without its screens, signed in, compiler warm: the clock runs from `submit` to the
result being there, the watching by polling included. Transpiling is told beside it, and so is the first run
on a device, which builds the noise model.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.end_to_end.circuits import BELL, assert_bell
from tui.commands.shared.context import started_services
from tui.commands.shared.submission import wait_until_over
from tui.domain.circuits import TranspileOptions
from tui.domain.jobs import Primitive
from tui.domain.submissions import Submission
from tui.monitor.services import AppServices


async def once(services: AppServices, backend: str) -> tuple[float, float]:
    """Seconds to transpile, and from submitting to the result."""
    began = time.perf_counter()
    candidate = await services.transpiler.transpile(BELL, backend, TranspileOptions())
    transpiled = time.perf_counter()
    job = await services.outbox.submit(Submission(Primitive.SAMPLER, backend, candidate.qasm, source=BELL))
    await wait_until_over(services, job.id)
    result = await services.jobs.result(job.id)
    finished = time.perf_counter()
    assert_bell(result.pubs[0].counts[0].counts)
    return transpiled - began, finished - transpiled


async def measure(rounds: int, home: Path) -> None:
    """Run on every backend, and print."""
    async with started_services({"QDECK_HOME": str(home), "HOME": str(home)}, sends=True) as services:
        await services.account.sign_in_sandbox()
        await services.polling.refresh()
        await services.compiler.check(BELL)
        for backend in sorted(backend.name for backend in services.backends.all()):
            first = await once(services, backend)
            later = [await once(services, backend) for _ in range(rounds)]
            print(
                f"{backend}: first {first[1]:.2f} s (transpiled in {first[0]:.2f} s), then "
                f"{statistics.median(seconds for _, seconds in later):.2f} s "
                f"(transpiled in {statistics.median(seconds for seconds, _ in later):.2f} s)"
            )


def main() -> None:
    """Measure."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(measure(rounds, Path(home)))


if __name__ == "__main__":
    main()
