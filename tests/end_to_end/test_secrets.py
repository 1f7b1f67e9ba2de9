"""A whole run, and then a search of all it left: no key, no API token, no access token."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app import screen_text, settled, until
from tests.support.sandbox import live_account
from tui.app import QDeckApp
from tui.commands.jobs.jobs import list_jobs
from tui.commands.local.doctor import doctor
from tui.commands.shared.context import make_services
from tui.commands.shared.listing import AS_JSON, AS_TABLE
from tui.commands.shared.selection import ServiceChoice
from tui.common.timing import SystemClock
from tui.domain.accounts import Channel
from tui.ibm.auth.tokens import TokenManager
from tui.sandbox.lifecycle.launch import SandboxInfo
from tui.screens.jobs.screen import JobsScreen


def artefacts(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below the folder, unpacked where it is packed."""
    for file in folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            yield file, gzip.decompress(data) if file.suffix == ".gz" else data


@pytest.mark.parametrize("channel", list(Channel), ids=str)
async def test_run_leaves_no_secret_in_any_file(
    live_sandbox: SandboxInfo,
    channel: Channel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    loop = asyncio.get_running_loop()
    # As PYTHONASYNCIODEBUG does: what takes long is logged with its arguments.
    loop.set_debug(True)
    loop.slow_callback_duration = 0.001
    tokens: set[str] = set()
    real = TokenManager._run

    async def noted(keeper: TokenManager) -> object:
        token = await real(keeper)
        tokens.add(token.value.reveal())
        return token

    monkeypatch.setattr(TokenManager, "_run", noted)
    platform = channel is Channel.PLATFORM
    environ = {
        "HOME": str(tmp_path),
        "QDECK_HOME": str(tmp_path / "qdeck"),
        "QISKIT_IBM_TOKEN": live_sandbox.api_key if platform else live_sandbox.api_token,
        "QISKIT_IBM_CHANNEL": str(channel),
        "QISKIT_IBM_INSTANCE": live_sandbox.crn if platform else live_sandbox.instance,
        "QDECK_ENDPOINT_IAM": live_sandbox.url,
        "QDECK_ENDPOINT_API": live_sandbox.url,
        "QDECK_ENDPOINT_AUTH": live_sandbox.auth,
        "QDECK_ENDPOINT_RUNTIME": live_sandbox.runtime,
    }
    shown: list[str] = []
    await doctor(ServiceChoice(), environ, listing=AS_JSON)
    await list_jobs(ServiceChoice(), environ, limit=5, listing=AS_JSON)
    await doctor(ServiceChoice(), environ | {"QISKIT_IBM_INSTANCE": "no/such/one"}, listing=AS_TABLE)
    account = live_account(live_sandbox, channel)
    app = QDeckApp(make_services(environ, SystemClock()), clock=SystemClock(), sign_in=account)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        for key in ("f2", "f5", "f6", "f7", "escape", "f3", "f1", "escape"):
            await pilot.press(key)
            await settled(pilot)
            shown += [screen_text(pilot), pilot.app.export_screenshot()]
        shown.append(repr(vars(pilot.app)))
    said = capfd.readouterr()
    everything = "\n".join([*shown, said.out, said.err, caplog.text])
    assert "127.0.0.1" in everything and tokens
    assert "asyncio" in {record.name for record in caplog.records}
    for secret in {live_sandbox.api_key, live_sandbox.api_token, *tokens}:
        assert secret not in everything
        for file, data in artefacts(tmp_path):
            assert secret.encode() not in data, file
