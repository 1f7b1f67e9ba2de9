"""Arrays that somebody made to do harm: refused in words, in bounded memory and time; odd ones are right."""

from __future__ import annotations

import base64
import itertools
import struct
import subprocess
import sys
import time
import zlib

import pytest

from tui.ibm.results.ndarray import read_ndarray

GOOD = "{'descr':'<f8','fortran_order':False,'shape':(2,)}"


def packed(header: str, body: bytes = b"", *, length: int | None = None) -> str:
    head = header.encode("latin-1")
    size = struct.pack("<H", len(head) if length is None else length)
    return base64.b64encode(zlib.compress(b"\x93NUMPY\1\0" + size + head + body)).decode()


def described(descr: str, shape: str, *, fortran: bool = False) -> str:
    return f"{{'descr':{descr!r},'fortran_order':{fortran},'shape':{shape}}}"


HOSTILE = {
    "cut": packed(GOOD, b"1"),
    "longer than it is": packed(GOOD, length=65_535),
    "negative shape": packed(described("<f8", "(-2,)")),
    "objects": packed(described("|O", "(2,)"), b"cos\nsystem\n(S'true'\ntR."),
    "no type": packed(described("", "(2,)")),
    "dictionary as key": packed("{{}:1}"),
    "set of lists": packed("{[]}"),
    "a call": packed("__import__('os').abort()"),
    "signs": packed("-" * 60_000 + "1"),
    "parentheses": packed("(" * 60_000),
    "sums": packed("1" + "+1" * 30_000),
    "digits": packed("9" * 60_000),
    "too many axes": packed(described("<f8", f"({'1,' * 33})")),
    "more than it holds": packed(described("<f8", "(67_000_000,)")),
    "more than is read": packed(described("<f8", "(281_474_976_710_655,)")),
    "axes of two": packed(described("|u1", f"({'2,' * 24})", fortran=True), bytes(2**24)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_array_is_refused_in_words_and_soon(name: str) -> None:
    started = time.thread_time()
    with pytest.raises(ValueError, match="an array"):
        read_ndarray(HOSTILE[name])
    assert time.thread_time() - started < 2.0


@pytest.mark.parametrize(("descr", "width"), [("|u1", 1), ("<u2", 2), ("<f4", 4), ("<i8", 8), ("<c16", 16)])
@pytest.mark.parametrize("shape", [(2, 3), (1, 5), (5, 1), (2, 3, 4), (4, 2, 1, 3)])
def test_array_in_fortrans_order_is_put_in_order(descr: str, width: int, shape: tuple[int, ...]) -> None:
    items = {at: bytes([n]) * width for n, at in enumerate(itertools.product(*map(range, shape)))}
    body = b"".join(items[at] for at in sorted(items, key=lambda at: at[::-1]))
    assert read_ndarray(packed(described(descr, str(shape), fortran=True), body)).data == b"".join(
        items.values()
    )


def test_long_array_in_fortrans_order_is_read_soon() -> None:
    body = bytes(range(256)) * 32_000
    started = time.thread_time()
    assert read_ndarray(packed(described("|u1", f"(1, {len(body)})", fortran=True), body)).data == body
    assert time.thread_time() - started < 2.0


@pytest.mark.parametrize("head", [b"", b"\x93NUMPY\1\0"])
def test_array_packed_a_thousandfold_takes_little_memory(head: bytes) -> None:
    # 400 MB, packed here by pieces: this process is not to be measured.
    program = """
import base64, sys, zlib
from tui.ibm.results.ndarray import read_ndarray
pack = zlib.compressobj()
text = pack.compress(bytes.fromhex(sys.argv[1])) + b"".join(pack.compress(bytes(1 << 20)) for _ in range(400))
try:
    read_ndarray(base64.b64encode(text + pack.flush()).decode())
except ValueError as refused:
    print(refused)
with open("/proc/self/status") as status:
    print(next(line for line in status if line.startswith("VmHWM")).split()[1])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, head.hex()], capture_output=True, text=True, check=True, timeout=60
    )
    said, kilobytes = done.stdout.splitlines()
    assert said.startswith("an array")
    assert int(kilobytes) < 100_000
