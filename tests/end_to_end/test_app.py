"""The main job through the app by keys alone: both faces, two devices, alone and in sessions."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.circuits import WALKTHROUGH, assert_bell, assert_mostly_one
from tests.end_to_end.hands import Hands, app_on_sandbox, counts_of
from tui.domain.accounts import Channel
from tui.domain.jobs import JobStatus


async def write_walkthrough(hands: Hands) -> None:
    """An empty text, and the walkthrough's circuit typed into it."""
    await hands.press("f3", "ctrl+n")
    await hands.type(WALKTHROUGH)
    await hands.see("checked by Qiskit: 1 qubit")


async def open_bell(hands: Hands) -> None:
    """The Bell pair from the examples; what was typed into the editor is discarded."""
    await hands.press("f3", "ctrl+o")
    await hands.see("has changes that are not saved")
    await hands.press("tab", "tab", "enter")
    await hands.see("Open a circuit")
    await hands.type("bell")
    await hands.press("enter")
    await hands.see("checked by Qiskit: 2 qubits")


async def run(hands: Hands, backend: str, *, cloud: bool = False, dedicated: bool = False) -> dict[str, int]:
    """From a circuit in the editor to its counts: backend, transpile, review, submit, watch."""
    before = len(hands.services.jobs())
    await hands.press("f4")
    await hands.choose("backend", backend)
    if cloud:
        await hands.choose("where", "cloud")
    await hands.press("f8")
    await hands.see(f"for {backend}, level 2, {'cloud' if cloud else 'local'}")
    await hands.press("f9")
    if dedicated:
        await hands.see("It runs in a dedicated session")
        await hands.press("tab", "enter")
    job, result = await hands.finish(before)
    assert (job.backend, job.status) == (backend, JobStatus.DONE), job
    await hands.see("✔ done")
    return dict(counts_of(result))


async def enter_session(hands: Hands, backend: str, mode: str) -> str:
    """Open a session or batch by keys and use it for the next jobs; its id."""
    await hands.press("f5", "n")
    await hands.see("Open a session")
    await hands.choose("mode", mode)
    await hands.choose("backend", backend)
    await hands.press("tab", "enter")
    await hands.wait(lambda: bool(hands.services.sessions()), "the session")
    await hands.see(backend)
    session = hands.services.sessions()[0]
    await hands.press("u")
    await hands.see("next jobs run here")
    return session.id


async def leave_session(hands: Hands) -> None:
    """Cancel the session in use."""
    await hands.press("f5", "c")
    await hands.see("It closes now")
    await hands.press("tab", "enter")
    await hands.told("is cancelled")


async def test_the_platform_face_from_start_to_sign_out(tmp_path: Path) -> None:
    async with app_on_sandbox(tmp_path, Channel.PLATFORM) as hands:
        await hands.see("SANDBOX")
        await write_walkthrough(hands)
        assert_mostly_one(await run(hands, "ibm_peekskill"))
        await open_bell(hands)
        session = await enter_session(hands, "ibm_cusco", "dedicated")
        assert_bell(await run(hands, "ibm_cusco", dedicated=True))
        assert hands.services.jobs()[0].session_id == session
        await leave_session(hands)
        await hands.press("f7")
        await hands.see("sign out")
        await hands.press("o")
        # IAM has no call that ends a token; the app must not pretend that it did.
        await hands.told("cannot revoke")
        assert hands.services.identity is None


async def test_the_classic_face_with_its_cloud_transpiler(tmp_path: Path) -> None:
    async with app_on_sandbox(tmp_path, Channel.CLASSIC) as hands:
        await write_walkthrough(hands)
        assert_mostly_one(await run(hands, "ibm_cusco", cloud=True))
        await open_bell(hands)
        session = await enter_session(hands, "ibm_peekskill", "batch")
        assert_bell(await run(hands, "ibm_peekskill", cloud=True))
        assert hands.services.jobs()[0].session_id == session
        await hands.press("f7")
        await hands.see("sign out")
        await hands.press("o")
        await hands.told("refused the token when it was tried again")
        assert hands.services.identity is None
