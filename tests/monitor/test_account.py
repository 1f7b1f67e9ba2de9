"""Signing in and out, tokens, sessions, backends, transpiling."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.monitor.fakes import ACCOUNT, BELL, network
from tests.monitor.harness import MonitorHarness
from tests.support.keyrings import LockedKeyring, MemoryKeyring, in_place
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.domain.accounts import Channel, Keep, SignOutReport
from tui.domain.circuits import CloudCircuit, TranspileOptions
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.monitor import account_manager
from tui.monitor.state.events import (
    BackendsChanged,
    Event,
    IdentityChanged,
    Notice,
    SessionsChanged,
    UsageChanged,
)


def refused() -> QdeckError:
    return QdeckError(ErrorKind.EXPIRED, "The token is over.")


async def test_sign_in_publishes_the_identity_and_starts_the_workers(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    identity = harness.services.connection.identity
    assert identity is not None and identity.instance == "crn:one"
    assert harness.published(IdentityChanged)[-1] == IdentityChanged(identity)
    assert [backend.name for backend in harness.services.backends.all()] == ["ibm_cusco"]
    assert (
        harness.services.connection.usage is not None
        and harness.services.connection.usage.remaining_seconds == 600.0
    )
    assert harness.published(BackendsChanged) and harness.published(UsageChanged)
    await harness.services.aclose()
    assert harness.made_services[0].closed and harness.compiler.ended


async def test_sign_in_with_a_wrong_key_keeps_the_former_account(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.refuses_key = True
    with pytest.raises(QdeckError) as caught:
        await harness.services.account.sign_in(replace(ACCOUNT, name="other"))
    assert caught.value.kind is ErrorKind.WRONG_KEY
    assert harness.made_services[1].closed and not harness.made_services[0].closed
    harness.host.refuses_key = False
    assert (
        harness.services.connection.identity is not None
        and harness.services.connection.identity.account == "test"
    )
    await harness.services.polling.refresh()
    await harness.services.aclose()


async def test_sign_out_ends_workers_and_token(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    report = await harness.services.account.sign_out()
    assert report.proven and harness.services.connection.identity is None and harness.made_services[0].closed
    harness.host.calls.clear()
    await harness.clock.advance(600)
    assert harness.host.calls == []
    await harness.services.aclose()


async def test_sign_out_offline_reports_what_was_not_achieved(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.down = network()
    report = await harness.services.account.sign_out()
    assert not report.proven and report.valid_until is not None and "not" in report.message
    assert harness.services.connection.identity is None
    await harness.services.aclose()


async def test_token_poller_renews_the_token_and_publishes_its_life(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.events.clear()
    await harness.clock.advance(300)
    assert harness.host.count("renew") >= 4
    assert harness.published(IdentityChanged)
    await harness.services.aclose()


async def test_refused_token_is_replaced_without_a_notice(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.faults["jobs"] = [refused()]
    await harness.clock.advance(60)
    assert harness.host.count("sign_in") == 2
    assert harness.services.connection.identity is not None
    assert harness.published(Notice) == []
    await harness.services.aclose()


async def test_revoked_key_signs_out_and_keeps_the_jobs(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    job = await harness.services.outbox.submit(BELL)
    harness.host.faults["jobs"] = [refused()]
    harness.host.refuses_key = True
    await harness.clock.run_until(lambda: harness.services.connection.identity is None, seconds=120)
    assert any(
        "Signed out by the service" in event.text for event in harness.events if isinstance(event, Notice)
    )
    assert harness.services.jobs.get(job.id) is not None
    await harness.clock.settle()
    harness.host.calls.clear()
    await harness.clock.advance(300)
    assert harness.host.calls == []
    await harness.services.aclose()


async def test_unreachable_host_does_not_sign_out(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.down = network()
    await harness.clock.advance(600)
    assert harness.services.connection.identity is not None
    await harness.services.aclose()


async def test_use_instance_switches_within_the_account(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    assert [instance.id for instance in await harness.services.account.instances()] == ["crn:one", "crn:two"]
    identity = await harness.services.account.use_instance("crn:two")
    assert identity.instance == "crn:two"
    await harness.clock.settle()
    assert harness.made_services[0].closed
    await harness.services.aclose()


async def test_sign_in_reports_a_former_token_that_was_not_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()

    async def hangs() -> SignOutReport:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(harness.made_services[0], "sign_out", hangs)
    monkeypatch.setattr(account_manager, "LEAVING_SECONDS", 0.01)
    told = asyncio.Event()

    def hear(event: Event) -> None:
        if "was not ended" in str(event):
            told.set()

    harness.services.events.subscribe(hear)
    await harness.services.account.use_instance("crn:two")
    await asyncio.wait_for(told.wait(), 5)
    assert harness.made_services[0].closed
    await harness.services.aclose()


async def test_sign_in_saves_the_account_only_when_asked(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    await harness.services.start()
    await harness.services.account.sign_in(ACCOUNT)
    assert not harness.folders.accounts_file.exists()
    endpoints = replace(ACCOUNT.endpoints, api="http://127.0.0.1:1/api/v1", iam="http://127.0.0.1:1")
    await harness.services.account.sign_in(replace(ACCOUNT, endpoints=endpoints), keep=Keep.FILE)
    assert harness.folders.accounts_file.stat().st_mode & 0o077 == 0
    assert [account.name for account in harness.services.account.found] == ["test"]
    await harness.services.aclose()


async def test_sign_in_reads_a_token_of_the_keyring_once(tmp_path: Path) -> None:
    memory = MemoryKeyring()
    endpoints = replace(ACCOUNT.endpoints, api="http://127.0.0.1:1/api/v1", iam="http://127.0.0.1:1")
    with in_place(memory):
        harness = await MonitorHarness(tmp_path).enter()
        await harness.services.account.sign_in(replace(ACCOUNT, endpoints=endpoints), keep=Keep.KEYRING)
        (found,) = harness.services.account.found
        assert not found.token and memory.read == []
        assert any("Memory Keyring" in str(event) for event in harness.published(Notice))
        await harness.services.account.sign_in(found)
        await harness.services.account.use_instance("crn:two")
        assert len(memory.read) == 1
        assert harness.made_services[-1].account.token == ACCOUNT.token
        await harness.services.aclose()


async def test_sign_in_with_a_locked_keyring_keeps_the_former_account(tmp_path: Path) -> None:
    with in_place(LockedKeyring()):
        harness = await MonitorHarness(tmp_path).enter()
        with pytest.raises(QdeckError, match="locked"):
            await harness.services.account.sign_in(
                replace(ACCOUNT, name="other", token=Secret(""), keyring="other")
            )
        assert (
            harness.services.connection.identity is not None
            and harness.services.connection.identity.account == "test"
        )
        await harness.services.account.sign_in(ACCOUNT, keep=Keep.KEYRING)
        assert any("not kept" in str(event) for event in harness.published(Notice))
        await harness.services.aclose()


async def test_sign_in_sandbox_reports_why_it_cannot_start(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    await harness.services.start()
    with pytest.raises(QdeckError) as caught:
        await harness.services.account.sign_in_sandbox(Channel.CLASSIC)
    assert caught.value.kind is ErrorKind.UNAVAILABLE and "no sandbox here" in caught.value.message
    await harness.services.aclose()


@pytest.mark.parametrize("listed", [True, False])
async def test_sessions_poller_watches_sessions_the_service_does_not_list(
    tmp_path: Path, listed: bool
) -> None:
    harness = MonitorHarness(tmp_path)
    harness.host.lists_sessions = listed
    await harness.enter()
    session = await harness.services.sessions.open("ibm_cusco", SessionMode.DEDICATED, 600)
    harness.host.sessions[session.id] = replace(session, state=SessionState.ACTIVE)

    def state() -> SessionState:
        return next(s.state for s in harness.services.sessions.all() if s.id == session.id)

    await harness.clock.run_until(lambda: state() is SessionState.ACTIVE, seconds=30)
    await harness.services.sessions.drain(session.id)
    assert state() is SessionState.DRAINING
    await harness.services.sessions.close(session.id)
    assert state() is SessionState.CLOSED
    assert harness.published(SessionsChanged)
    await harness.services.aclose()
    again = await MonitorHarness(tmp_path, harness.host).enter()
    again.host.calls.clear()
    await again.clock.advance(120)
    assert again.host.count("session") == 0
    assert [s.id for s in again.services.sessions.all()] == [session.id]
    await again.services.aclose()


async def test_session_opening_that_is_cancelled_is_added_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    host, answered = harness.made_services[0], asyncio.Event()
    plainly = host.open_session

    async def slowly(backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        session = await plainly(backend, mode, max_ttl)
        await answered.wait()
        return session

    monkeypatch.setattr(host, "open_session", slowly)
    for ending in (False, True):
        answered.clear()
        asked = asyncio.create_task(harness.services.sessions.open("ibm_cusco", SessionMode.DEDICATED, 600))
        await harness.clock.settle()
        asked.cancel()
        await harness.clock.settle()
        assert asked.cancelled()
        closing = asyncio.create_task(harness.services.aclose()) if ending else None
        await harness.clock.settle()
        answered.set()
        await harness.clock.settle()
        if closing is not None:
            await closing
        session = next(s for s in harness.services.sessions.all() if s.id == f"session-{int(ending)}")
        assert session.opened_here
        assert any(
            f"{session.id} was opened all the same" in str(event) for event in harness.published(Notice)
        )


async def test_session_that_may_be_open_is_reported_though_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    answered = asyncio.Event()

    async def breaks(*_: object) -> Session:
        await answered.wait()
        raise QdeckError(ErrorKind.UNCONFIRMED, "It is not known.", "Look for it.")

    monkeypatch.setattr(harness.made_services[0], "open_session", breaks)
    asked = asyncio.create_task(harness.services.sessions.open("ibm_cusco", SessionMode.DEDICATED, 600))
    await harness.clock.settle()
    asked.cancel()
    answered.set()
    await harness.clock.settle()
    assert any("Look for it." in str(event) for event in harness.published(Notice))
    await harness.services.aclose()


async def test_sessions_poller_fetches_a_session_seen_only_in_a_job(tmp_path: Path) -> None:
    harness = MonitorHarness(tmp_path)
    harness.host.lists_sessions = False
    await harness.enter()
    session = await harness.made_services[0].open_session("ibm_cusco", SessionMode.BATCH)
    job = harness.host.add()
    harness.host.jobs[job.id] = replace(job, session_id=session.id)
    await harness.clock.run_until(lambda: bool(harness.services.sessions.all()), seconds=200)
    await harness.services.aclose()


async def test_backends_poller_fetches_data_once(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    harness.host.faults["backend_data"] = [network()]
    with pytest.raises(QdeckError):
        await harness.services.backends.data("ibm_cusco")
    data = await asyncio.gather(*(harness.services.backends.data("ibm_cusco") for _ in range(5)))
    assert harness.host.count("backend_data") == 2
    assert data[0].name == "ibm_cusco"
    await harness.clock.advance(700)
    await harness.services.backends.data("ibm_cusco")
    assert harness.host.count("backend_data") == 3
    await harness.services.aclose()


async def test_backends_poller_keeps_details_missing_from_the_list(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    await harness.services.backends.details("ibm_cusco")
    await harness.clock.advance(130)
    assert harness.services.backends.all()[0].median_2q_error == 0.01
    await harness.services.aclose()


async def test_transpiler_transpiles_locally_and_in_the_cloud(tmp_path: Path) -> None:
    harness = await MonitorHarness(tmp_path).enter()
    local = await harness.services.transpiler.transpile("x", "ibm_cusco", TranspileOptions())
    cloud = await harness.services.transpiler.transpile("x", "ibm_cusco", TranspileOptions(cloud=True))
    assert (local.where, cloud.where, cloud.qasm) == ("local", "cloud", "OPENQASM 2.0;")
    assert (cloud.layout, cloud.final_layout) == ((1, 0), (0, 1))
    harness.host.cloud_circuit = CloudCircuit("", "QPY", (1, 0), (0, 1))
    packed = await harness.services.transpiler.transpile("x", "ibm_cusco", TranspileOptions(cloud=True))
    assert packed.qasm == "OPENQASM 3; // from QPY", "the compiler's worker reads it"
    await harness.services.aclose()
