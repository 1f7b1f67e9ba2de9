"""`AppServices` on the real sandbox: from sign-in to a result that a reopened history still shows."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.end_to_end.circuits import assert_bell
from tests.monitor.fake_compiler import FakeCompiler, InProcessAnalyzer
from tests.store.samples import make_folders
from tui.common.timing import SystemClock
from tui.config.settings import Folders
from tui.domain.accounts import Channel
from tui.domain.jobs import JobStatus, Primitive
from tui.domain.submissions import Submission
from tui.ibm.factory import make_service
from tui.monitor.account_manager import Dependencies
from tui.monitor.services import AppServices
from tui.monitor.state.events import Event, JobsFinished
from tui.sandbox.lifecycle.info import RunningSandbox
from tui.sandbox.lifecycle.launch import launch


def live_services(folders: Folders, launcher: Callable[[], Awaitable[RunningSandbox]]) -> AppServices:
    return AppServices(
        Dependencies(
            folders=folders,
            environ={"HOME": str(folders.config), "QDECK_HOME": str(folders.config.parent)},
            clock=SystemClock(),
            compiler=FakeCompiler(),
            analyzer=InProcessAnalyzer(),
            make_service=make_service,
            launch_sandbox=launcher,
            chance=random.SystemRandom(),
        )
    )


def bell_on(configuration: bytes) -> str:
    """A Bell pair in the gates of `ibm_peekskill` (ecr), on two qubits it couples."""
    members = json.loads(configuration)
    assert "ecr" in members["basis_gates"]
    return _BELL.replace("$a", f"${members['coupling_map'][0][0]}").replace(
        "$b", f"${members['coupling_map'][0][1]}"
    )


# A Hadamard on the first qubit, then CX as Qiskit writes it with an ECR.
_BELL = """OPENQASM 3.0;
include "stdgates.inc";
gate rzx(t) p, q { h q; cx p, q; rz(t) q; cx p, q; h q; }
gate ecr p, q { rzx(pi/4) p, q; x p; rzx(-pi/4) p, q; }
bit[2] c;
rz(pi/2) $a; sx $a; rz(pi/2) $a;
rz(-pi/2) $a; rz(-pi) $b; sx $b; rz(-pi) $b; ecr $a, $b; x $a;
c[0] = measure $a;
c[1] = measure $b;
"""


@pytest.mark.parametrize("channel", list(Channel))
async def test_monitor_on_the_sandbox_from_sign_in_to_a_kept_result(tmp_path: Path, channel: Channel) -> None:
    folders = make_folders(tmp_path)
    services = live_services(folders, lambda: launch(folders.sandbox))
    finished: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def listen(event: Event) -> None:
        if isinstance(event, JobsFinished) and not finished.done():
            finished.set_result(event.jobs[0].id)

    services.events.subscribe(listen)
    await services.start()
    try:
        identity = await services.account.sign_in_sandbox(channel)
        assert identity.sandbox and identity.channel is channel
        data = await services.backends.data("ibm_peekskill")
        qasm = bell_on(data.configuration)
        submission = Submission(
            Primitive.SAMPLER, "ibm_peekskill", qasm, 1000, tags=("bell",), name="bell", source="h q;"
        )
        job = await services.outbox.submit(submission)
        assert await asyncio.wait_for(finished, 60) == job.id
        done = services.jobs.get(job.id)
        assert done is not None
        assert done.status is JobStatus.DONE, done.reason
        assert done.service == f"sandbox {channel.value}"
        assert (done.name, done.tags, done.circuit, done.source) == ("bell", ("bell",), qasm, "h q;")
        counts = (await services.jobs.result(job.id)).pubs[0].counts[0].counts
        assert sum(counts.values()) == 1000
        assert_bell(counts)
        assert (await services.jobs.metrics(job.id)).running is not None
        details = await services.backends.details("ibm_peekskill")
        assert details.median_2q_error is not None and 0 < details.median_2q_error < 0.1
        await services.polling.refresh()
        assert services.connection.freshness.offline_since is None
        assert [known.id for known in services.jobs.all()] == [job.id]
        report = await services.account.sign_out()
        assert report.proven is (channel is Channel.CLASSIC)
    finally:
        await services.aclose()

    async def none() -> RunningSandbox:
        raise RuntimeError("not needed")

    again = live_services(folders, none)
    await again.start()
    (kept,) = again.jobs.all()
    assert (kept.id, kept.status) == (job.id, JobStatus.DONE)
    assert (await again.jobs.result(job.id)).pubs[0].counts[0].counts == counts
    await again.aclose()
    secret_free = folders.history_file.read_text()
    assert "api_key" not in secret_free and "Bearer" not in secret_free
