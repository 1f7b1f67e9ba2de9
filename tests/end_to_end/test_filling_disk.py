"""`qdeck run` on disks with little room left: nothing is sent without its intent on the disk."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.circuits import BELL
from tests.end_to_end.conftest import Shell, clean_environment

WATCHED = """
import json, os, sys
from pathlib import Path
import httpx
send = httpx.AsyncClient.send
async def watch(self, request, **options):
    if request.method == "POST" and request.url.path.endswith("/jobs"):
        tags = [tag for tag in json.loads(request.content)["tags"] if tag.startswith("qdeck-")]
        journal = Path(os.environ["QDECK_HOME"], "data", "history.journal").read_bytes()
        known = len(tags) == 1 and tags[0].encode() in journal and b"sending" in journal
        print("POST", "known" if known else "UNKNOWN", file=sys.stderr, flush=True)
    return await send(self, request, **options)
httpx.AsyncClient.send = watch
from tui.cli import main
sys.exit(main())
"""
"""`qdeck`, which says on stderr of each request for a job whether the disk has its intent by then."""

LARGE = BELL.replace("c = measure q;", "") + "".join(
    f"rz({number / 1000}) q[{number % 2}]; sx q[{number % 2}];\n" for number in range(1500)
)
CIRCUITS = {
    "bell": (BELL, ()),
    "bell as legacy primitive": (BELL, ("--program", "legacy")),
    "large": (LARGE + "c = measure q;\n", ("--level", "0")),
}
SIZES = (4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 64)
"""Room on the disk in KiB: pages of 4 KiB."""
QUICK = [("bell as legacy primitive", 8), ("bell", 12)]


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Callable[[], None]]:
    """A folder on a file system of `size` KiB; else each file is limited to an eighth of it.

    Yields:
        What the process that writes there does first.
    """
    folder.mkdir(exist_ok=True)
    options = ("-o", f"size={size}k", "tmpfs", str(folder))
    if subprocess.run(["mount", "-t", "tmpfs", *options], capture_output=True, check=False).returncode:
        limit = size * 128
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return
    try:
        yield lambda: None
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def run_on_small_disk(shell: Shell, name: str, size: int) -> subprocess.CompletedProcess[str]:
    """Run a circuit with a home that has so much room."""
    text, words = CIRCUITS[name]
    circuit = shell.home / "circuit.qasm"
    circuit.write_text(text)
    folder = shell.home / "disk"
    with small_disk(folder, size) as limit:
        return subprocess.run(
            [sys.executable, "-c", WATCHED, "run", str(circuit), "-b", "ibm_peekskill", *words],
            env={
                **clean_environment(shell.home),
                **shell.sandbox.environment("platform"),
                "QDECK_HOME": str(folder / "qdeck"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            preexec_fn=limit,
            timeout=180,
            check=False,
        )


def check(done: subprocess.CompletedProcess[str]) -> None:
    """Nothing unknown was sent; what failed was told in sentences, with status 1."""
    assert "POST UNKNOWN" not in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr
    if "POST known" in done.stderr:
        assert done.returncode in {0, 1}, done
        assert (done.returncode == 0) is bool(done.stdout), done
    else:
        assert (done.returncode, done.stdout) == (1, ""), done
        assert "Nothing was submitted: " in done.stderr, done.stderr
        assert "No space left" in done.stderr or "File too large" in done.stderr, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CIRCUITS)
def test_run_on_a_filling_disk_sends_nothing_unknown(shell: Shell, name: str, size: int) -> None:
    check(run_on_small_disk(shell, name, size))


@pytest.mark.parametrize(("name", "size"), QUICK)
def test_run_on_a_full_disk_says_so_and_sends_nothing(shell: Shell, name: str, size: int) -> None:
    done = run_on_small_disk(shell, name, size)
    check(done)
    assert "POST" not in done.stderr
