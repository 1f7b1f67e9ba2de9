"""Executor results that lie: each ends in a sentence or in what it holds, soon and in little memory.

They are read in a process of their own, the way the app reads them; told are the largest memory of that
process and of the decoder's that it starts.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import resource
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MOST_MB = 300
SECONDS = 60.0
MEGA = 1024 * 1024
PREPARED = {"post_processor": {"version": "v0.1", "twirling": True}}
TASK = {"version": "0.1", "mitigation": None, "program_item_index": 0, "param_basis_pairs": [[[0], "ZZ"]]}


def packed(length: int, byte: bytes = b"\0") -> str:
    """Return so many equal bytes as the service packs them: a thousandth of their length."""
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(byte * MEGA) for _ in range(length // MEGA))
    return base64.b64encode(body + packer.compress(byte * (length % MEGA)) + packer.flush()).decode()


def bits(*shape: int, data: str | None = None, dtype: str = "bool") -> dict[str, Any]:
    """Return a tensor of that shape, whose bytes are as many as it says unless other ones are given."""
    if data is None:
        data = packed((math.prod(shape) + 7) // 8)
    return {"data": data, "shape": list(shape), "dtype": dtype}


def program(*items: dict[str, Any], role: Any = "sampler_v2", passthrough: Any = PREPARED) -> bytes:
    """Return a result of schema v2.0."""
    return json.dumps(
        {
            "schema_version": "v2.0",
            "data": [{"results": item, "metadata": {}} for item in items],
            "metadata": {"chunk_timing": []},
            "semantic_role": role,
            "passthrough_data": passthrough,
        }
    ).encode()


def estimator(*items: dict[str, Any], **task: Any) -> bytes:
    """Return the result of an estimator with one PUB."""
    tasks = {"post_processor": {"version": "v0.1", "num_pubs": 1}, "qiskit_mitigation": [TASK | task]}
    return program(*items, role="estimator_v2", passthrough=tasks)


def nested(depth: int) -> bytes:
    """Return a program whose passthrough data are nested so deeply."""
    return program({"c": bits(2, 4, 3)}, passthrough="HERE").replace(b'"HERE"', b"[" * depth + b"]" * depth)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "shape larger than the bytes": lambda: program({"c": bits(2, 3, 2, data="Mw==")}),
    "2^40 elements": lambda: program({"c": bits(2**40, 1, 2, data=packed(64))}),
    "2^40 shots": lambda: program({"c": bits(1, 2**40, 2, data=packed(64))}),
    "2^40 bits of a register": lambda: program({"c": bits(1, 2, 2**40, data=packed(64))}),
    "2^40 places without shots": lambda: program({"c": bits(2**40, 0, 2, data=packed(0))}),
    "2^20 x 2^20 numbers": lambda: program({"x": bits(2**20, 2**20, data=packed(64), dtype="f64")}),
    "more bytes than the shape": lambda: program({"c": bits(2, 4, 3, data=packed(1024 * MEGA))}),
    "bomb of one bit a shot": lambda: program({"c": bits(1, 8 * 48 * MEGA, 1)}, passthrough=PREPARED),
    "as many shots as are read": lambda: program({"c": bits(1, 50_000_000, 1)}),
    "bomb with flips for each shot": lambda: program(
        {"c": bits(1, 8 * 40 * MEGA, 1), "measurement_flips.c": bits(1, 8 * 40 * MEGA, 1)}
    ),
    "bomb of randomizations": lambda: program({"c": bits(1_000_000, 40, 9)}),
    "bomb of flips": lambda: program(
        {"c": bits(1_000_000, 1, 300), "measurement_flips.c": bits(1_000_000, 1, 300)}
    ),
    "as many places as are read": lambda: program(
        {"c": bits(100_000, 3, 7)}, passthrough={"post_processor": {"twirling": False}}
    ),
    "a million places": lambda: program({"c": bits(1, 1_000_000, 3, 7)}),
    "bomb of numbers": lambda: program({"x": bits(6 * MEGA, dtype="f64")}),
    "as many numbers as are read": lambda: program({"x": bits(100_000, data=packed(800_000), dtype="f64")}),
    "2000 bombs": lambda: program({f"c{number}": bits(1, 400, 1000) for number in range(2000)}),
    "flips of another shape": lambda: program({"c": bits(2, 4, 3), "measurement_flips.c": bits(2, 2, 3)}),
    "flips of more axes": lambda: program({"c": bits(2, 4, 3), "measurement_flips.c": bits(1, 2, 1, 3)}),
    "flips of no bits": lambda: program({"c": bits(2, 4, 3), "measurement_flips.c": bits(3, dtype="f64")}),
    "flips of 2^40": lambda: program({"c": bits(2, 4, 3), "measurement_flips.c": bits(2**40, 1, 3, data="")}),
    "twirled without randomizations": lambda: program({"c": bits(4, 3)}),
    "no passthrough of a sampler": lambda: program({"c": bits(2, 4, 3)}, passthrough=None),
    "no passthrough of an estimator": lambda: program({"_meas": bits(2, 1, 4, 3)}, role="estimator_v2"),
    "passthrough of another kind": lambda: program({"c": bits(2, 4, 3)}, passthrough=[1, "x"]),
    "estimator's item that is missing": lambda: estimator({"_meas": bits(2, 1, 4, 3)}, program_item_index=7),
    "estimator's item before the first": lambda: estimator(
        {"_meas": bits(2, 1, 4, 3)}, program_item_index=-1
    ),
    "estimator's basis of millions of letters": lambda: estimator(
        {"_meas": bits(2, 1, 4, 3)}, param_basis_pairs=[[[0], "Z" * 3_000_000]]
    ),
    "estimator without measurements": lambda: estimator({"c": bits(2, 1, 4, 3)}),
    "estimator's bomb of noise factors": lambda: estimator(
        {"_meas": bits(2, 1, 4, 3)},
        mitigation="gate_folding",
        noise_factors=bits(6 * MEGA, dtype="f64"),
    ),
    "role that is no text": lambda: program({"c": bits(2, 4, 3)}, role=["sampler_v2"]),
    "bits that are said to be numbers": lambda: program({"c": bits(2, 4, 3, dtype="f64")}),
    "dtype that is not known": lambda: program({"c": bits(2, 4, 3, dtype="object")}),
    "dtype of kilobytes": lambda: program({"c": bits(2, 4, 3, dtype="f" * 100_000)}),
    "negative shape": lambda: program({"c": bits(-2, -4, 3, data=packed(64))}),
    "shape that is no number": lambda: program({"c": bits(2, 4, 3) | {"shape": [2, float("nan"), 3]}}),
    "shape of fractions": lambda: program({"c": bits(2, 4, 3) | {"shape": [2, 4.5, 3]}}),
    "shape of 10^400": lambda: program({"c": bits(2, 4, 3) | {"shape": [10**400, 4, 3]}}),
    "shape that is a text": lambda: program({"c": bits(2, 4, 3) | {"shape": "many"}}),
    "40 axes": lambda: program({"c": bits(*[1] * 40)}),
    "NaN among numbers": lambda: program({"x": bits(2, data=packed(16, b"\xff"), dtype="f64")}),
    "NaN as the data": lambda: program({"c": bits(2, 4, 3) | {"data": float("nan")}}),
    "no base64": lambda: program({"c": bits(2, 4, 3, data="§§§§")}),
    "base64 of no zlib": lambda: program({"c": bits(2, 4, 3, data="AAAAAAAA")}),
    "zlib that is cut off": lambda: program({"c": bits(2, 4096, 3, data=packed(100_000)[:16])}),
    "mark of a part that is not there": lambda: program({"c": bits(2, 4, 3, data="#17")}),
    "nested a thousand times": lambda: nested(1_000),
    "nested a million times": lambda: nested(1_000_000),
    "data that are no items": lambda: program().replace(b'"data": []', b'"data": {"results": 3}'),
    "millions of items": lambda: program().replace(b'"data": []', b'"data": [' + b"{}," * 1_300_000 + b"{}]"),
    "name of megabytes": lambda: program({"c" * 3_000_000: bits(2, 4, 3)}),
    "escape sequences in a name": lambda: program({"\x1b[2J\x1b]0;x\x07": bits(4, data="Mw==")}),
    "cut off": lambda: program({"c": bits(2, 4, 3)})[:200],
}
READABLE = {
    "bomb of randomizations",
    "bomb of flips",
    "as many places as are read",
    "as many numbers as are read",
    "2000 bombs",
    "more bytes than the shape",
    "NaN among numbers",
    "as many shots as are read",
    "name of megabytes",
    "estimator's basis of millions of letters",
}
"""Those that hold what they say, however odd that is."""


COSTLY = {
    "bomb of randomizations",
    "bomb of flips",
    "as many places as are read",
    "as many shots as are read",
    "as many numbers as are read",
    "2000 bombs",
}
"""Those that take seconds."""


def read(path: str) -> list[Any]:
    """Read a body as the app does; return what came of it, and the memory that was needed so far, in MB."""
    from tui.ibm.results.offload import offload_result
    from tui.widgets.results.histogram import result_page

    result = asyncio.run(offload_result(Path(path).read_bytes()))
    text = "\n".join(map(str, result_page(result, 80)[:50]))
    status = Path("/proc/self/status").read_text()
    app = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
    decoder = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [result.note, result.readable, app, decoder, text]


def read_in_process(folder: Path, *names: str) -> dict[str, Any]:
    """Return what `read` says of the bodies of these names, all read by one process."""
    paths = [folder / f"{number}.json" for number, _ in enumerate(names)]
    for name, path in zip(names, paths, strict=True):
        path.write_bytes(HOSTILE[name]())
    command = [sys.executable, "-m", "tests.ibm.results.test_hostile_programs", *map(str, paths)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ended.returncode == 0 and "Traceback" not in ended.stderr, ended.stderr[-2000:]
    return dict(zip(names, map(json.loads, ended.stdout.splitlines()), strict=True))


@pytest.fixture(scope="module")
def what_came(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of each that is read soon."""
    return read_in_process(
        tmp_path_factory.mktemp("bodies"), *(name for name in HOSTILE if name not in COSTLY)
    )


def check(name: str, came: list[Any]) -> None:
    note, readable, app, decoder, text = came
    print(f"{name}: {app:.0f} MB and {decoder:.0f} MB, {'read' if readable else note[:150]}")
    assert max(app, decoder) < MOST_MB
    assert "\x1b" not in note + text and len(note) < 1000
    assert readable if name in READABLE else note.rstrip().endswith(".") and not readable


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in COSTLY])
def test_hostile_program_ends_in_a_sentence_and_in_little_memory(
    name: str, what_came: dict[str, Any]
) -> None:
    check(name, what_came[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COSTLY))
def test_costly_program_is_read_in_little_memory(name: str, tmp_path: Path) -> None:
    check(name, read_in_process(tmp_path, name)[name])


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(json.dumps(read(path)), flush=True)
