"""The main job through the app by keys alone: both faces, two devices, alone and in sessions."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.app_driver import AppDriver, app_on_sandbox, counts_of
from tests.end_to_end.circuits import WALKTHROUGH, assert_bell, assert_mostly_one
from tui.domain.accounts import Channel
from tui.domain.jobs import JobStatus


async def write_walkthrough(driver: AppDriver) -> None:
    """An empty text, and the walkthrough's circuit typed into it."""
    await driver.press("f3", "ctrl+n")
    await driver.type(WALKTHROUGH)
    await driver.see("checked by Qiskit: 1 qubit")


async def open_bell(driver: AppDriver) -> None:
    """The Bell pair from the examples, as a text of its own beside what was typed."""
    await driver.press("f3", "ctrl+o")
    await driver.see("Open a circuit")
    await driver.type("bell")
    await driver.press("enter")
    await driver.see("checked by Qiskit: 2 qubits")


async def run(
    driver: AppDriver, backend: str, *, cloud: bool = False, dedicated: bool = False
) -> dict[str, int]:
    """From a circuit in the editor to its counts: backend, transpile, review, submit, watch."""
    before = len(driver.services.jobs.all())
    await driver.press("f4")
    await driver.choose("backend", backend)
    if cloud:
        await driver.choose("where", "cloud")
    await driver.press("f8")
    await driver.see(f"for {backend}, level 2, cloud" if cloud else "candidates in")
    await driver.see(f"for {backend}")
    await driver.press("f9")
    if dedicated:
        await driver.see("It runs in a dedicated session")
        await driver.press("tab", "enter")
    job, result = await driver.finish(before)
    assert (job.backend, job.status) == (backend, JobStatus.DONE), job
    await driver.see("✔ done")
    return dict(counts_of(result))


async def enter_session(driver: AppDriver, backend: str, mode: str) -> str:
    """Open a session or batch by keys and use it for the next jobs; its id."""
    await driver.press("f5", "n")
    await driver.see("Open a session")
    await driver.choose("mode", mode)
    await driver.choose("backend", backend)
    await driver.press("tab", "enter")
    await driver.wait(lambda: bool(driver.services.sessions.all()), "the session")
    await driver.see(backend)
    session = driver.services.sessions.all()[0]
    await driver.press("u")
    await driver.see("next jobs run here")
    return session.id


async def leave_session(driver: AppDriver) -> None:
    """Cancel the session in use."""
    await driver.press("f5", "c")
    await driver.see("It closes now")
    await driver.press("tab", "enter")
    await driver.notice("is cancelled")


async def test_app_on_platform_runs_from_sign_in_to_sign_out(tmp_path: Path) -> None:
    async with app_on_sandbox(tmp_path, Channel.PLATFORM) as driver:
        await driver.see("SANDBOX")
        await write_walkthrough(driver)
        assert_mostly_one(await run(driver, "ibm_peekskill"))
        await open_bell(driver)
        session = await enter_session(driver, "ibm_cusco", "dedicated")
        assert_bell(await run(driver, "ibm_cusco", dedicated=True))
        assert driver.services.jobs.all()[0].session_id == session
        await leave_session(driver)
        await driver.press("f7")
        await driver.see("sign out")
        await driver.press("o")
        # IAM has no call that ends a token; the app must not pretend that it did.
        await driver.notice("cannot revoke")
        assert driver.services.connection.identity is None


async def test_app_on_classic_runs_with_the_cloud_transpiler(tmp_path: Path) -> None:
    async with app_on_sandbox(tmp_path, Channel.CLASSIC) as driver:
        await write_walkthrough(driver)
        assert_mostly_one(await run(driver, "ibm_cusco", cloud=True))
        await open_bell(driver)
        session = await enter_session(driver, "ibm_peekskill", "batch")
        assert_bell(await run(driver, "ibm_peekskill", cloud=True))
        assert driver.services.jobs.all()[0].session_id == session
        await driver.press("f7")
        await driver.see("sign out")
        await driver.press("o")
        await driver.notice("refused the token when it was tried again")
        assert driver.services.connection.identity is None
