"""A job run again exactly: what was sent from here as it was sent, else what the service keeps of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import BELL
from tests.monitor.harness import MonitorHarness
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.jobs import JobStatus
from tui.domain.primitives import JobProgram
from tui.domain.submissions import OWN_TAG
from tui.ibm.codec.job_requests import job_body


async def test_job_from_here_is_sent_again_as_it_was_sent(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    asked = replace(BELL, session_id="s-1", max_seconds=60, observable_labels=("ZZ",))
    job = await harness.services.outbox.submit(asked)
    again = await harness.services.replays.submission(job.id)
    await harness.services.outbox.submit(again)
    first, second = harness.host.submitted
    bodies = [job_body(replace(one, tags=(), session_id="")) for one in (first, second)]
    assert bodies[0] == bodies[1] and bodies[0]["cost"] == 60
    assert second.session_id == "" and second.name == "bell" and second.source == "h"
    own = [next(tag for tag in one.tags if OWN_TAG.fullmatch(tag)) for one in (first, second)]
    assert own[0] != own[1] and set(first.tags) - {own[0]} == set(second.tags) - {own[1]} == {"demo"}
    assert harness.host.count("submitted") == 0
    await harness.services.aclose()


async def test_job_from_elsewhere_is_sent_again_as_the_service_keeps_it(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.params, harness.host.cost = '{"quantum_program": {"x": 1.50}, "options": {}}', 600
    job = harness.host.add(JobStatus.DONE, tags=("theirs", "qdeck-0123456789ab"), program="executor")
    await harness.services.polling.refresh()
    again = await harness.services.replays.submission(job.id)
    assert (again.params, again.max_seconds, again.program) == (harness.host.params, 600, JobProgram.EXECUTOR)
    assert (again.backend, again.tags) == (job.backend, ("theirs",))
    body = job_body(again)
    assert body["program_id"] == "executor" and json.dumps(again.params)
    await harness.services.outbox.submit(again)
    (sent,) = harness.host.submitted
    assert sent.params == harness.host.params
    await harness.services.aclose()


async def test_job_that_cannot_be_run_again_says_why(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    private = harness.host.add(JobStatus.DONE, private=True)
    harness.host.params = "{}"
    other = harness.host.add(JobStatus.DONE, program="circuit-runner")
    await harness.services.polling.refresh()
    with pytest.raises(QdeckError, match="circuit-runner"):
        await harness.services.replays.submission(other.id)
    harness.host.params = ""
    for job_id, why in ((private.id, "private"), (other.id, "does not tell"), ("gone", "known here")):
        with pytest.raises(QdeckError, match=why):
            await harness.services.replays.submission(job_id)
    await harness.services.account.sign_out()
    with pytest.raises(QdeckError) as caught:
        await harness.services.replays.submission(private.id)
    assert caught.value.kind is ErrorKind.EXPIRED
    await harness.services.aclose()
