"""A full disk in the app: told in a notice, survived, and told again when there is room."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from tests.monitor.fakes import ACCOUNT
from tests.monitor.harness import MonitorHarness
from tests.monitor.test_storage_failures import with_many_jobs
from tests.store.samples import make_folders, open_repository
from tests.support.app import notices, screen_text, until
from tests.support.full_disk import full_disk
from tui.app import QDeckApp
from tui.domain.jobs import JobStatus


async def _pass(pilot: Pilot[None], harness: MonitorHarness, words: str) -> None:
    """Let time pass until the app has said these words."""
    for _ in range(100):
        if words in notices(pilot):
            break
        await harness.clock.advance(1)
        await pilot.pause()
    await until(pilot, lambda: words in notices(pilot))


async def test_app_goes_on_with_a_full_disk_and_says_when_it_is_over(tmp_path: Path) -> None:
    await with_many_jobs(tmp_path)
    harness = MonitorHarness(tmp_path)
    app = QDeckApp(harness.services, clock=harness.clock, sign_in=ACCOUNT, state_folder=tmp_path / "state")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: harness.services.connection.identity is not None)
        with full_disk(harness.folders.history_file):
            job = harness.host.add()
            await _pass(pilot, harness, "cannot be written")
            # What the disk does not take is on the screen all the same, and keys are heard.
            await until(pilot, lambda: "ibm_cusco" in screen_text(pilot))
            harness.host.turn(job.id, JobStatus.RUNNING)
            await harness.clock.run_until(lambda: harness.status(job.id) is JobStatus.RUNNING)
            await until(pilot, lambda: "running" in screen_text(pilot))
            await pilot.press("f6")
            await until(pilot, lambda: app.current_mode == "backends")
            assert notices(pilot).count("cannot be written") == 1
        await _pass(pilot, harness, "written again; nothing is missing")
        await pilot.press("f2")
        await until(pilot, lambda: app.current_mode == "jobs")
    again = await open_repository(make_folders(tmp_path))
    record = again.record(("platform", job.id))
    assert record is not None and record.job.status is JobStatus.RUNNING
    await again.aclose()
