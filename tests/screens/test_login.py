"""Signing in and out: found accounts, the sandbox in one key, tokens that are never shown."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import FixedClock, account, identity
from tui.app import QDeckApp
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Account, Channel, Keep, Share
from tui.screens.account import AccountScreen
from tui.screens.jobs.screen import JobsScreen
from tui.screens.login import LoginScreen
from tui.widgets.forms.select import SearchableSelect

TOKEN = "s3cret-token-that-must-not-be-seen-0123456789"


def _signed_out(*accounts: Account) -> AppServicesHarness:
    services = AppServicesHarness(signed_in=False)
    services.account.found = accounts
    return services


async def _ready(pilot: Pilot[None]) -> None:
    await settled(pilot)


def test_login_at_80x24(snap_compare: SnapCompare) -> None:
    services = _signed_out(account(), account("old", channel=Channel.CLASSIC))
    assert snap_compare(make_app(services), run_before=_ready)


def test_login_without_colours(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(_signed_out(account())), run_before=_ready)


def test_login_refused_token_at_80x24(snap_compare: SnapCompare) -> None:
    services = _signed_out()
    services.trouble["sign_in"] = QdeckError(ErrorKind.WRONG_KEY, "The service does not know this key.")

    async def refused(pilot: Pilot[None]) -> None:
        await settled(pilot)
        pilot.app.screen.query_one("#token", Input).value = TOKEN
        pilot.app.screen.query_one("#token", Input).focus()
        await pilot.press("enter")
        await settled(pilot)

    assert snap_compare(make_app(services), run_before=refused)


def test_account_page_at_80x24(snap_compare: SnapCompare) -> None:
    async def account_screen(pilot: Pilot[None]) -> None:
        await settled(pilot)
        await pilot.press("f7")
        await settled(pilot)

    assert snap_compare(make_app(), run_before=account_screen)


async def test_login_is_the_first_screen_without_a_sign_in() -> None:
    async with running(_signed_out()) as pilot:
        assert isinstance(pilot.app.screen, LoginScreen)


async def test_login_opens_the_sandbox_by_one_key() -> None:
    for key, face in (("s", Channel.PLATFORM), ("S", Channel.CLASSIC)):
        services = _signed_out()
        async with running(services) as pilot:
            await pilot.press(key)
            await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
            assert "launch_sandbox" in services.names_asked()
            assert [(one.sandbox, one.channel) for one in services.sign_ins()] == [(True, face)]
            await settled(pilot)
            assert " SANDBOX " in screen_text(pilot)
            assert "nothing here is hardware" in notices(pilot)


async def test_login_signs_in_to_a_found_account_by_enter() -> None:
    services = _signed_out(account(), account("other"))
    async with running(services) as pilot:
        assert "~/.qiskit/qiskit-ibm.json" in screen_text(pilot)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        assert services.sign_ins() == [account("other")] and services.kept_accounts() == {}
        assert "SANDBOX" not in screen_text(pilot)


async def test_login_uses_a_typed_token_and_never_shows_it() -> None:
    services = _signed_out()
    services.trouble["sign_in"] = QdeckError(ErrorKind.NETWORK, "iam.cloud.ibm.com was not reached.")
    async with running(services) as pilot:
        pilot.app.screen.query_one("#token", Input).focus()
        await pilot.press(*TOKEN)
        pilot.app.screen.query_one("#channel", SearchableSelect).value = Channel.CLASSIC
        pilot.app.screen.query_one("#instance", Input).value = "hub/group/project"
        pilot.app.screen.query_one("#remember", SearchableSelect).value = Keep.FILE
        await pilot.press("enter")
        await until(pilot, lambda: "was not reached" in screen_text(pilot))
        assert TOKEN not in screen_text(pilot)
        assert "Check the connection" in screen_text(pilot)
        # Nothing typed is lost: the second try needs only Enter.
        del services.trouble["sign_in"]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        used = services.sign_ins()[-1]
        await until(pilot, lambda: services.kept_accounts() == {used.name: Keep.FILE})
        assert used.token.reveal() == TOKEN
        assert (used.channel, used.instance) == (Channel.CLASSIC, "hub/group/project")
        assert used.endpoints.auth.startswith("https://")


async def test_login_reports_a_missing_token_in_place() -> None:
    services = _signed_out()
    async with running(services) as pilot:
        pilot.app.screen.query_one("#instance", Input).focus()
        await pilot.press("enter")
        await settled(pilot)
        assert "The token is missing." in screen_text(pilot)
        assert "sign_in" not in services.names_asked()


async def test_login_logs_an_unexpected_error_without_the_token(tmp_path: Path) -> None:
    services = _signed_out(account())
    services.trouble["sign_in"] = ValueError(f"Illegal header value b'Bearer {TOKEN}'")
    async with running(services) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "ValueError" in screen_text(pilot))
        assert isinstance(pilot.app.screen, LoginScreen)
        assert TOKEN not in screen_text(pilot)
    log = (tmp_path / "qdeck" / "state" / "qdeck.log").read_text()
    assert "ValueError: Illegal header value" in log and "app_services.py" in log
    assert TOKEN not in log


async def test_login_escape_gives_up_an_attempt() -> None:
    services = _signed_out(account())
    services.gate = asyncio.Event()
    async with running(services) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: "Signing in to work" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        services.gate.set()
        await settled(pilot)
        assert services.connection.identity is None
        assert "F7 signs in" in screen_text(pilot)


@pytest.mark.parametrize(("sign_in", "sandbox"), [(account(), None), (None, Channel.CLASSIC)])
async def test_login_from_the_command_line_needs_no_key(
    sign_in: Account | None, sandbox: Channel | None
) -> None:
    services = _signed_out()
    app = QDeckApp(services, clock=FixedClock(), sign_in=sign_in, sandbox=sandbox)
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: services.connection.identity is not None)
        await settled(pilot)
        assert isinstance(app.screen, JobsScreen)


async def test_login_from_the_command_line_reports_failure_in_the_form() -> None:
    services = _signed_out()
    services.trouble["sign_in"] = QdeckError(ErrorKind.EXPIRED, "The key is no longer valid.")
    app = QDeckApp(services, clock=FixedClock(), sign_in=account())
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LoginScreen))
        await settled(pilot)
        assert "The key is no longer valid." in screen_text(pilot)


async def test_account_page_changes_the_instance() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(pilot.app.screen, AccountScreen))
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 2)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        await settled(pilot)
        assert "paid-instance" in screen_text(pilot)


async def test_account_page_sign_out_reports_its_effect() -> None:
    services = AppServicesHarness()
    async with running(services) as pilot:
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(pilot.app.screen, AccountScreen))
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, LoginScreen))
        await settled(pilot)
        assert "the service refused the token afterwards (401)" in notices(pilot)


async def test_login_shows_hostile_account_names_as_text() -> None:
    services = _signed_out(account("[b]a[/]\x1b[2J"))
    async with running(services) as pilot:
        assert "[b]a[/]␛[2J" in screen_text(pilot)


async def test_status_bar_says_when_certificates_are_not_checked() -> None:
    services = AppServicesHarness()
    services.the_identity = replace(identity(sandbox=False), unverified=True)
    async with running(services, size=(120, 40)) as pilot:
        assert "certificates not checked" in screen_text(pilot)
        await pilot.press("f7")
        await settled(pilot)
        assert "certificates are not checked" in screen_text(pilot)


async def test_account_page_survives_failing_details() -> None:
    services = AppServicesHarness()
    services.trouble["account_details"] = QdeckError(ErrorKind.SERVER, "Down.")
    async with running(services) as pilot:
        await pilot.press("f7")
        await settled(pilot)
        assert "lab-instance" in screen_text(pilot)
        assert "so far" not in screen_text(pilot)


async def test_account_page_shows_shares_as_far_as_there_is_room() -> None:
    services = AppServicesHarness()
    services.the_details = replace(
        services.the_details,
        by_backend=tuple(Share(f"ibm_device_{number}", 12, 190) for number in range(5)),
        by_instance=(Share(services.the_instances[1].id, 3, 9), Share("crn:[b]x[/b]", 1, 3)),
    )
    async with running(services) as pilot:
        await pilot.press("f7")
        await settled(pilot)
        text = screen_text(pilot)
        assert "ibm_device_0 12 jobs, 3m 10s" in text and "· +4" in text
        assert "paid-instance 3 jobs, 9.0 s · crn:[b]x[/b] 1 job, 3.0 s" in text


async def test_login_sends_a_typed_token_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QISKIT_IBM_URL", "https://own.example/api/v1")
    services = _signed_out()
    async with running(services) as pilot:
        pilot.app.screen.query_one("#token", Input).focus()
        await pilot.press(*TOKEN, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        used = services.sign_ins()[-1]
        assert used.endpoints.api.startswith("https://own.example")


async def test_login_refuses_a_crn_that_names_another_host() -> None:
    services = _signed_out()
    async with running(services) as pilot:
        pilot.app.screen.query_one("#token", Input).focus()
        await pilot.press(*TOKEN)
        crn = "crn:v1:bluemix:public:quantum-computing:evil.example/:a/x:y::"
        pilot.app.screen.query_one("#instance", Input).value = crn
        await pilot.press("enter")
        await until(pilot, lambda: "not the name of a region" in screen_text(pilot))
        assert "sign_in" not in services.names_asked()
