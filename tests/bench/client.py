"""qdeck's client against IBM's own, on the same sandbox and in the same run.

    python -m tests.bench.client [SECONDS]

- Requests made while 50 queued jobs are watched for SECONDS (default 60): the pollers of qdeck against IBM's
  client waiting for each job (`wait_for_final_state`, as its users do) in threads.
- Seconds from process start to a printed list of 200 jobs: `qdeck jobs` against a script with
  `QiskitRuntimeService.jobs(limit=200)`; the median of some rounds, each a new process.
- Seconds and peak memory to turn a typed result of 1,000,000 shots into counts, each in a new process; the
  memory is that of the whole process, libraries included, and beside it what the decoding added.

Requests are counted by a relay that both go through.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import httpx

from tests.bench.relay import Relay
from tui.commands.shared.context import make_services
from tui.domain.jobs import JobQuery
from tui.ibm.credentials.discovery import environment_account
from tui.ibm.factory import make_service
from tui.sandbox.lifecycle.launch import SandboxInfo, launch

WATCHED, LISTED, SHOTS, ROUNDS = 50, 200, 1_000_000, 5
FLIP = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0; c[1] = measure $1;'

IBM_LOGIN = """
import sys, warnings; warnings.simplefilter("ignore")
import logging; logging.disable(logging.CRITICAL)
from qiskit_ibm_runtime import QiskitRuntimeService
def service():
    url, crn, key = sys.argv[1:4]
    return QiskitRuntimeService(
        channel="ibm_quantum_platform", token=key, instance=crn, url=url + "/experimental/api/v1")
"""
IBM_LIST = (
    IBM_LOGIN
    + """
for job in service().jobs(limit=200):
    print(job.job_id(), job.status(), job.backend().name, job.creation_date)
"""
)
IBM_WATCH = (
    IBM_LOGIN
    + """
import threading, time
jobs = service().jobs(limit=int(sys.argv[5]), pending=True)
print(len(jobs), flush=True)
def wait(job):
    try:
        job.wait_for_final_state(timeout=float(sys.argv[4]))
    except Exception:
        pass
threads = [threading.Thread(target=wait, args=(job,), daemon=True) for job in jobs]
[thread.start() for thread in threads]
time.sleep(float(sys.argv[4]))
import os; os._exit(0)
"""
)
MEASURE = """
import sys, time
def peak():  # VmHWM: what getrusage tells begins with the memory of the process that started this one
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))
{imports}
body = open(sys.argv[1], "rb").read()
before = peak(); started = time.perf_counter()
{decode}
print(time.perf_counter() - started, peak(), peak() - before, len(counts), sum(counts.values()))
"""
OURS = MEASURE.format(
    imports="from tui.ibm.results.decoder import decode_result",
    decode="counts = decode_result(body).pubs[0].counts[0].counts",
)
THEIRS = MEASURE.format(
    imports="import json\nfrom qiskit_ibm_runtime import RuntimeDecoder",
    decode="counts = json.loads(body, cls=RuntimeDecoder)[0].data.c.get_counts()",
)


def environment(info: SandboxInfo, url: str, home: str) -> dict[str, str]:
    """A shell with the sandbox's platform face as the account, behind the relay at `url`."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "QDECK_HOME": f"{home}/qdeck",
        "QISKIT_IBM_TOKEN": info.api_key,
        "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
        "QISKIT_IBM_INSTANCE": info.crn,
        "QDECK_ENDPOINT_IAM": url,
        "QDECK_ENDPOINT_API": url,
        "IAM_URL": url,
        "QISKIT_FUNCTIONS_EXPERIMENTAL": "1",
    }


def ibm(script: str, info: SandboxInfo, url: str, *more: str) -> list[str]:
    """The command that runs a script with IBM's client."""
    return [sys.executable, "-c", script, url, info.crn, info.api_key, *more]


async def submit(info: SandboxInfo, count: int) -> None:
    """Put jobs on the sandbox."""
    async with httpx.AsyncClient(base_url=info.url, timeout=60) as client:
        form = {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": info.api_key}
        token = (await client.post("/identity/token", data=form)).json()["access_token"]
        headers = {
            "Authorization": f"Bearer {token}",
            "Service-CRN": info.crn,
            "IBM-API-Version": "2026-04-15",
        }
        params = {"pubs": [[FLIP, None, 10]], "version": 2, "support_qiskit": False}
        body = {"program_id": "sampler", "backend": "ibm_peekskill", "params": params}
        for _ in range(count):
            (await client.post("/api/v1/jobs", json=body, headers=headers)).raise_for_status()


async def watched(info: SandboxInfo, relay: Relay, seconds: float, home: str) -> tuple[int, int]:
    """Requests of both while they watch the jobs, signing in left out for both."""
    environ = environment(info, relay.url, home)
    services = make_services(environ)
    await services.start()
    await services.account.sign_in(environment_account(environ))
    await services.polling.refresh()
    seen = sum(not job.status.final for job in services.jobs.all())
    relay.reset()
    await asyncio.sleep(seconds)
    ours = relay.requests
    await services.aclose()

    command = ibm(IBM_WATCH, info, relay.url, str(seconds), str(WATCHED))
    process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    theirs_seen = int(await process.stdout.readline())
    relay.reset()
    await asyncio.sleep(seconds - 1)
    theirs = relay.requests
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    await process.wait()
    print(f"watching {seen} (ours) and {theirs_seen} (IBM's) queued jobs for {seconds:.0f} s")
    return ours, theirs


async def listed(command: list[str], environ: dict[str, str]) -> float:
    """Median seconds from process start to its end; it has to print all jobs."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *command, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        out, _ = await process.communicate()
        times.append(time.perf_counter() - started)
        if len(out.splitlines()) != LISTED:
            raise RuntimeError(f"{len(out.splitlines())} jobs were printed, not {LISTED}")
    return statistics.median(times)


def typed_result() -> bytes:
    """A typed sampler result of a million shots of 8 bits, as IBM's service sends it."""
    shots = random.Random(7).choices(range(256), weights=range(1, 257), k=SHOTS)
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({SHOTS}, 1), }}".ljust(117) + "\n"
    npy = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(shots)
    array = {"__type__": "ndarray", "__value__": base64.b64encode(zlib.compress(npy)).decode()}
    register = {"__type__": "BitArray", "__value__": {"array": array, "num_bits": 8}}
    data = {"field_names": ["c"], "field_types": ["BitArray"], "shape": [], "fields": {"c": register}}
    pub = {"data": {"__type__": "DataBin", "__value__": data}, "metadata": {"circuit_metadata": {}}}
    result = {"pub_results": [{"__type__": "SamplerPubResult", "__value__": pub}], "metadata": {"version": 2}}
    return json.dumps({"__type__": "PrimitiveResult", "__value__": result}).encode()


def decoded(script: str, file: Path) -> tuple[float, float, float]:
    """Median seconds, peak MB of the process, and MB that decoding added."""
    figures = []
    for _ in range(ROUNDS):
        said = subprocess.run(
            [sys.executable, "-c", script, str(file)], check=True, capture_output=True, text=True
        ).stdout.split()
        if int(said[4]) != SHOTS:
            raise RuntimeError(f"{said[4]} shots were counted, not {SHOTS}")
        figures.append((float(said[0]), float(said[1]), float(said[2])))
    return sorted(figures)[ROUNDS // 2]


async def run(seconds: float) -> None:
    """All of it."""
    with tempfile.TemporaryDirectory() as folder:
        # A long queue of others: nothing of ours finishes while it is watched.
        process = await launch(Path(folder) / "queued", queue=10_000)
        try:
            await submit(process.info, WATCHED)
            async with Relay(process.info.url) as relay:
                ours, theirs = await watched(process.info, relay, seconds, folder)
            print(f"requests: qdeck {ours}, IBM's client {theirs}: {theirs / max(1, ours):.0f} times fewer")
        finally:
            await process.stop()
        process = await launch(Path(folder) / "list")
        try:
            await submit(process.info, LISTED)
            info = process.info
            service = make_service(environment_account(environment(info, info.url, folder)))
            await service.sign_in()
            while (await service.jobs(JobQuery(pending=True, limit=1))).jobs:  # noqa: ASYNC110
                await asyncio.sleep(0.5)
            await service.aclose()
            environ = environment(info, info.url, f"{folder}/list-home")
            words = [sys.executable, "-m", "tui", "jobs", "--limit", str(LISTED)]
            mine = await listed(words, environ)
            other = await listed(ibm(IBM_LIST, info, info.url), environ)
            faster = f"{other / mine:.1f} times faster"
            print(f"list of {LISTED} jobs: qdeck {mine:.2f} s, IBM's {other:.2f} s: {faster}")
        finally:
            await process.stop()
        file = Path(folder) / "typed.json"
        file.write_bytes(typed_result())
        for name, script in (("qdeck", OURS), ("IBM's", THEIRS)):
            took, peak, added = decoded(script, file)
            print(
                f"{SHOTS:,} shots: {name} {took:.3f} s, {peak:.0f} MB peak, of which decoding {added:.0f} MB"
            )


def main() -> None:
    """Measure and print."""
    asyncio.run(run(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))


if __name__ == "__main__":
    main()
