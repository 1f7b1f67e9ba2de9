"""Several accounts in the app: changing between them, the keyring, what is not safe seen at all times."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, TextArea

from tests.support.app import SnapCompare, make_app, notices, running, screen_text, settled, until
from tests.support.app_services import AppServicesHarness
from tests.support.fixed_values import account, identity
from tests.support.keyrings import MemoryKeyring, SilentKeyring, WorthlessKeyring, in_place
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.domain.accounts import Channel, Keep, Route
from tui.ibm.credentials import keyring
from tui.screens.account import AccountScreen
from tui.screens.editor.screen import EditorScreen
from tui.screens.jobs.screen import JobsScreen
from tui.screens.login import LoginScreen
from tui.widgets.forms.select import SearchableSelect

REFUSED = QdeckError(ErrorKind.WRONG_KEY, "The service does not know this key.")


def _services(*, unverified: bool = False) -> AppServicesHarness:
    """Signed in with `work`, the first of three accounts that are found."""
    services = AppServicesHarness()
    services.the_identity = replace(identity(sandbox=False), unverified=unverified)
    classic = account("old", channel=Channel.CLASSIC)
    services.account.found = (account(), replace(account("other"), keyring="other in here"), classic)
    return services


async def _to_the_other_accounts(pilot: Pilot[None]) -> None:
    await settled(pilot)
    await pilot.press("f7")
    await until(pilot, lambda: isinstance(pilot.app.screen, AccountScreen))
    await pilot.press("a")
    await until(pilot, lambda: isinstance(pilot.app.screen, LoginScreen))
    await settled(pilot)


def test_account_dialog_at_80x24(snap_compare: SnapCompare) -> None:
    assert snap_compare(make_app(_services(unverified=True)), run_before=_to_the_other_accounts)


async def test_account_dialog_changes_the_account_by_two_keys_and_enter() -> None:
    services = _services()
    async with running(services) as pilot:
        await _to_the_other_accounts(pilot)
        assert "work ◂ in use" in screen_text(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        assert services.sign_ins() == [services.account.found[1]] and services.kept_accounts() == {}
        assert "Signed in" in notices(pilot)


async def test_account_change_that_fails_keeps_the_former_account() -> None:
    services = _services()
    services.trouble["sign_in"] = REFUSED
    async with running(services) as pilot:
        await _to_the_other_accounts(pilot)
        pilot.app.screen.query_one("#token", Input).value = "typed-token"
        await pilot.press("enter")
        await until(pilot, lambda: "does not know this key" in screen_text(pilot))
        assert "Still signed in: work, lab-instance." in screen_text(pilot)
        assert pilot.app.screen.query_one("#token", Input).value == "typed-token"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, AccountScreen))
        assert services.connection.identity is not None
        assert "account   work" in screen_text(pilot)


async def test_account_change_reports_a_sign_out_meanwhile() -> None:
    services = _services()
    services.trouble["sign_in"] = REFUSED
    async with running(services) as pilot:
        await _to_the_other_accounts(pilot)
        services.the_identity = None
        await pilot.press("enter")
        await until(pilot, lambda: "You are signed out now." in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))


async def test_account_change_keeps_the_typed_text() -> None:
    async with running(_services()) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditorScreen))
        await pilot.press(*"qubit")
        await _to_the_other_accounts(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditorScreen))
        await settled(pilot)
        assert "qubit" in pilot.app.screen.query_one(TextArea).text


async def test_section_key_closes_both_account_dialogs() -> None:
    async with running(_services()) as pilot:
        await _to_the_other_accounts(pilot)
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
        await settled(pilot)
        assert len(pilot.app.screen_stack) == 1


# --- the keyring -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", MemoryKeyring.name])
async def test_login_offers_the_keyring_where_one_works(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "installed", lambda: True)
    services = AppServicesHarness(signed_in=False)
    memory = MemoryKeyring() if name else WorthlessKeyring()
    with in_place(memory):
        async with running(services) as pilot:
            remember = pilot.app.screen.query_one("#remember", SearchableSelect)
            remember.focus()
            if not name:
                assert await services.account.keyring_name() == ""
            await until(pilot, lambda: len(remember.offered) == (3 if name else 2))
            offered = [value for _, value in remember.offered]
            assert offered == [Keep.NOT, Keep.FILE, *([Keep.KEYRING] if name else [])]
            assert remember.value is Keep.NOT
            if not name:
                return
            assert name in remember.offered[-1][0]
            remember.value = Keep.KEYRING
            pilot.app.screen.query_one("#token", Input).value = "typed-token"
            pilot.app.screen.query_one("#token", Input).focus()
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
            (used,) = services.sign_ins()
            await until(pilot, lambda: services.kept_accounts() == {used.name: Keep.KEYRING})
            assert list(memory.entries.values()) == ["typed-token"]


async def test_login_keyring_found_late_moves_no_cursor() -> None:
    services = AppServicesHarness(signed_in=False)
    async with running(services) as pilot:
        remember = pilot.app.screen.query_one("#remember", SearchableSelect)
        remember.focus()
        await settled(pilot)
        await pilot.press("enter", "down")
        await settled(pilot)
        remember.offer((*remember.offered, ("keyring", Keep.KEYRING)), Keep.NOT)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert remember.value is Keep.KEYRING


async def test_login_says_that_it_waits_for_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "installed", lambda: True)
    services = AppServicesHarness(signed_in=False)
    services.account.found = (replace(account(), token=Secret(""), keyring="work in here"),)
    silent = SilentKeyring()
    with in_place(silent):
        async with running(services) as pilot:
            assert "keyring" in screen_text(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: "Asking the keyring" in screen_text(pilot))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, JobsScreen))
            silent.free()
            await settled(pilot)
            assert services.connection.identity is None


# --- certificates that are not checked -------------------------------------------------------------


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize(
    "keys",
    [
        ("f2",),
        ("f3",),
        ("f4",),
        ("f5",),
        ("f6",),
        ("enter",),
        ("f1",),
        ("ctrl+t",),
        ("ctrl+p",),
        ("f7",),
        ("f7", "a"),
        ("o",),
        ("f5", "n"),
        ("f3", "ctrl+o"),
    ],
    ids=" ".join,
)
async def test_unverified_certificates_stand_in_red_on_every_screen(
    keys: tuple[str, ...], colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    async with running(_services(unverified=True)) as pilot:
        for key in keys:
            await pilot.press(key)
            await settled(pilot)
        assert "certificates not checked" in screen_text(pilot).splitlines()[0]
        if colour:
            red, green, blue = _ink(pilot, "certificates")
            assert red > 150 > max(green, blue)


async def test_account_list_says_when_certificates_are_not_checked() -> None:
    services = AppServicesHarness(signed_in=False)
    services.account.found = (replace(account(), route=Route(verify=False)),)
    async with running(services) as pilot:
        assert "work  ·  certificates not checked" in screen_text(pilot)
        assert pilot.app.screen.query_one("#found", OptionList).option_count == 3


def _ink(pilot: Pilot[None], word: str) -> tuple[int, int, int]:
    """The colour of the first line's text that has the word."""
    for segment in pilot.app.screen._compositor.render_strips()[0]:
        if word in segment.text and segment.style is not None and segment.style.color is not None:
            triplet = segment.style.color.get_truecolor()
            return triplet.red, triplet.green, triplet.blue
    raise AssertionError(f"{word} is not there")
