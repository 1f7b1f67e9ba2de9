"""Decoding of a twirled executor result: this package beside IBM's client, in turns, each in a process.

    python -m tests.bench.executor_result [SHOTS] [BITS] [ROUNDS]

Both read the same body, 32 randomizations of a register with flips. The client ends with bit arrays, which
`get_counts` counts; here decoding ends with counts. Told are CPU seconds without the imports, the least of
the rounds: until every bit is unpacked and flipped back (here with counting left out), and until all is
counted; and how far decoding raised the largest memory, counting included here. Outcomes are those of a
noisy GHZ state: each bit is flipped with one per cent.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RANDOMIZATIONS = 32


def write_body(path: Path, shots: int, bits: int) -> None:
    """Write a result of so many shots of random bits."""
    import numpy as np

    from tests.ibm.results.test_executor import program_result

    random = np.random.default_rng(1)
    ghz = random.integers(0, 2, (RANDOMIZATIONS, shots // RANDOMIZATIONS, 1)).astype(bool)
    errors = random.random((RANDOMIZATIONS, shots // RANDOMIZATIONS, bits), dtype=np.float32) < 0.01
    flips = random.integers(0, 2, (RANDOMIZATIONS, 1, bits)).astype(bool)
    path.write_bytes(program_result({"c": ghz ^ errors ^ flips, "measurement_flips.c": flips}))


def decode_here(body: bytes) -> Any:
    """Decode with this package."""
    from tui.ibm.results.decoder import decode_result

    return decode_result(body)


def decode_ibm(body: bytes) -> Any:
    """Decode with IBM's client."""
    from tests.ibm.results.test_executor import ibm_result

    return ibm_result(body)


def run(name: str, path: Path) -> None:
    """Decode once, and print CPU seconds and the rise of the memory in bytes."""
    decode = {"qdeck": decode_here, "ibm": decode_ibm}[name]
    if name == "ibm":
        # Imports are not what is compared.
        import tests.ibm.results.test_executor  # noqa: F401

        ibm_warm_up()
    else:
        decode(b"{}")
    body = path.read_bytes()
    before = peak()
    began = time.process_time()
    result = decode(body)
    decoded = counted = time.process_time() - began
    rise = peak() - before
    if name == "ibm":
        assert result[0].data.c.get_counts()
        counted = time.process_time() - began
    else:
        decoded = seconds_without_counting(body)
    print(json.dumps([decoded, counted, rise]))


def seconds_without_counting(body: bytes) -> float:
    """Decode here once more, and count nothing."""
    from tui.ibm.results import bit_tensors

    bit_tensors._add = lambda *_: None
    began = time.process_time()
    decode_here(body)
    return time.process_time() - began


def peak() -> int:
    """The largest memory so far, in bytes; what getrusage tells begins with that of the process before."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024


def ibm_warm_up() -> None:
    """Import and compile what the client's decoder needs."""
    import numpy as np

    from tests.ibm.results.test_executor import ibm_result, program_result

    ibm_result(
        program_result({"c": np.zeros((2, 4, 3), bool), "measurement_flips.c": np.zeros((2, 1, 3), bool)})
    )


def main() -> None:
    """Measure both, in turns."""
    if len(sys.argv) > 2 and sys.argv[1] == "--run":
        run(sys.argv[2], Path(sys.argv[3]))
        return
    shots, bits, rounds = (
        int(text) for text in (*sys.argv[1:], *("1000000", "127", "3")[len(sys.argv) - 1 :])
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        write_body(path, shots, bits)
        print(f"{shots:,} shots of {bits} bits: a body of {path.stat().st_size / 1e6:.1f} MB")
        found: dict[str, list[list[float]]] = {"qdeck": [], "ibm": []}
        for _ in range(rounds):
            for name, figures in found.items():
                command = [sys.executable, "-m", "tests.bench.executor_result", "--run", name, str(path)]
                output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                figures.append(json.loads(output))
    least = {name: [min(column) for column in zip(*figures, strict=True)] for name, figures in found.items()}
    for name, (decoded, counted, rise) in least.items():
        print(f"{name:>6}: decoded {decoded:.2f} s, counted {counted:.2f} s CPU, memory +{rise / 1e6:.0f} MB")
    names = "decoded", "counted", "memory"
    ratios = zip(names, least["qdeck"], least["ibm"], strict=True)
    print("qdeck / ibm: " + ", ".join(f"{name} {here / ibm:.2f}" for name, here, ibm in ratios))


if __name__ == "__main__":
    main()
