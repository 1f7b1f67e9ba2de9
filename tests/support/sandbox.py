"""One real sandbox process for all tests that want it, reachable from any event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tui.common.safe_text import Secret
from tui.domain.accounts import Account, Channel
from tui.ibm.credentials.discovery import sandbox_account
from tui.sandbox.lifecycle.launch import SandboxInfo, SandboxProcess, launch


class _Keeper:
    """Keeps the process on an event loop of its own: a test's loop ends with the test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox keeper", daemon=True)
        self._thread.start()

    def start(self, folder: pytest.TempPathFactory) -> SandboxProcess:
        """A sandbox with a state of its own."""
        state = folder.mktemp("sandbox")
        return asyncio.run_coroutine_threadsafe(launch(state, recalibrate=0), self._loop).result(60)

    def stop(self, process: SandboxProcess) -> None:
        """End it, and the loop."""
        asyncio.run_coroutine_threadsafe(process.stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@pytest.fixture(scope="session")
def live_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxInfo]:
    """Where a running sandbox listens and what opens it; started once, ended with the tests."""
    keeper = _Keeper()
    process = keeper.start(tmp_path_factory)
    try:
        yield process.info
    finally:
        keeper.stop(process)


def live_account(info: SandboxInfo, channel: Channel, **changes: str) -> Account:
    """The account of one face; `token` and `instance` may be others."""
    platform = channel is Channel.PLATFORM
    return sandbox_account(
        channel,
        Secret(changes.get("token", info.api_key if platform else info.api_token)),
        changes.get("instance", info.crn if platform else info.instance),
        info.url,
        auth=info.auth,
        runtime=info.runtime,
        transpiler=info.transpiler,
    )
