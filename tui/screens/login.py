"""Sign in: with what is found on this machine, with the sandbox, or with a token that is typed in."""

from __future__ import annotations

from typing import ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret, plain, plain_lines, shorten
from tui.domain.accounts import Account, Channel, Identity, Keep
from tui.monitor.services import AppServices
from tui.screens.base import Shell
from tui.screens.dialogs.base import Dialog
from tui.widgets.chrome.status_bar import UNVERIFIED
from tui.widgets.forms.account_list import AccountList
from tui.widgets.forms.inputs import FieldRow
from tui.widgets.forms.select import SearchableSelect
from tui.widgets.keymap import LOGIN, bindings
from tui.widgets.terminal.too_small import TooSmall

_SANDBOX = "sandbox:"
_FOUND = "found:"
_CHANNELS: tuple[tuple[str, Channel], ...] = (
    ("platform: IBM Quantum Platform, an IBM Cloud API key", Channel.PLATFORM),
    ("classic: hub/group/project, an API token", Channel.CLASSIC),
)
_REMEMBER: tuple[tuple[str, Keep], ...] = (
    ("no: for this time only", Keep.NOT),
    ("yes: in a file on this machine that only you can read", Keep.FILE),
)
_KEYS = "↑↓ enter choose   s sandbox   S classic sandbox   tab next"
_LINE = 68
"""Cells of a line in the list: a longer one would wrap."""
_NAMES = {Channel.PLATFORM: "platform", Channel.CLASSIC: "classic"}


class LoginScreen(Dialog[bool]):
    """Answers whether somebody signed in. Nothing typed is lost by a failed try.

    Opened while somebody is signed in, it changes the account; a failed try leaves the former one.

    Args:
        services: what signs in.
        trouble: an earlier error to show.
    """

    TITLE = "Sign in"
    BINDINGS: ClassVar = bindings(LOGIN)

    def __init__(self, services: AppServices, trouble: QdeckError | None = None) -> None:
        super().__init__()
        self._services = services
        self._first_trouble = trouble
        self._former = services.connection.identity
        self._found: tuple[Account, ...] = ()
        self._looked = False

    def compose(self) -> ComposeResult:
        """Compose the accounts found, then the form."""
        with Vertical(classes="dialog -wide"):
            title = "Sign in" if self._former is None else "Sign in with another account"
            yield Static(Content(title), classes="dialog--title")
            yield AccountList()
            yield Static(Content("or with a token of your own"), classes="dialog--head")
            yield FieldRow("Service", SearchableSelect("", _CHANNELS, Channel.PLATFORM, id="channel"))
            yield FieldRow("Token", _field("token", "not shown while you type", password=True))
            yield FieldRow("Instance", _field("instance", "optional: CRN, name or hub/group/project"))
            yield FieldRow("Remember", SearchableSelect("", _REMEMBER, Keep.NOT, id="remember"))
            yield Button("Sign in", id="go", compact=True)
            yield Static(Content(""), id="trouble", classes="dialog--trouble")
            yield Static(
                Content(f"{_KEYS}   esc {'later' if self._former is None else 'back'}"),
                classes="dialog--keys",
            )
        yield TooSmall()

    def on_mount(self) -> None:
        """The first account found is one Enter away."""
        self._list()
        self.query_one("#found", OptionList).focus()
        if self._first_trouble is not None:
            self._say(self._first_trouble)

    @on(events.DescendantFocus)
    def _near_the_keyring(self, event: events.DescendantFocus) -> None:
        """Whether there is a keyring is found out when it matters: loading its library takes a while."""
        if event.widget.id == "remember" and not self._looked:
            self._looked = True
            self._look_for_a_keyring()

    @work(exclusive=True, group="keyring", exit_on_error=False)
    async def _look_for_a_keyring(self) -> None:
        """Offer the keyring where one works."""
        name = await self._services.account.keyring_name()
        if name:
            remember = cast("SearchableSelect[Keep]", self.query_one("#remember", SearchableSelect))
            offered = (*_REMEMBER, (f"keyring: its token in {shorten(name, 40)}", Keep.KEYRING))
            remember.offer(offered, cast(Keep, remember.value))

    def _list(self) -> None:
        self._found = self._services.account.found
        options = [
            Option(Content(_account_line(account, self._former)), id=f"{_FOUND}{place}")
            for place, account in enumerate(self._found)
        ]
        options += [
            Option(Content("Sandbox: IBM Quantum, simulated on this machine"), id=f"{_SANDBOX}platform"),
            Option(
                Content("Sandbox, classic face: hub/group/project, cloud transpiler"), id=f"{_SANDBOX}classic"
            ),
        ]
        found = self.query_one("#found", OptionList)
        found.clear_options().add_options(options)
        others = [place for place, account in enumerate(self._found) if not _in_use(account, self._former)]
        found.highlighted = (others or [len(self._found)])[0]

    @on(AccountList.Typed)
    def _typed_at_the_list(self, message: AccountList.Typed) -> None:
        """More than one letter at once is a token, pasted where the focus happened to be."""
        token = self.query_one("#token", Input)
        token.focus()
        token.value += message.text

    # --- ways in ---------------------------------------------------------------------------------

    @on(OptionList.OptionSelected, "#found")
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        chosen = event.option_id or ""
        if chosen.startswith(_SANDBOX):
            self.action_sandbox(chosen.removeprefix(_SANDBOX))
        elif chosen.startswith(_FOUND):
            account = self._found[int(chosen.removeprefix(_FOUND))]
            self._sign_in(account)

    def action_sandbox(self, face: str) -> None:
        """Use the sandbox."""
        self._sign_in(Channel(face))

    @on(Button.Pressed, "#go")
    @on(Input.Submitted)
    def _typed_in(self) -> None:
        token = self.query_one("#token", Input).value.strip()
        if not token:
            self._say(
                QdeckError(ErrorKind.SETTINGS, "The token is missing.", "Type or paste it into its field.")
            )
            self.query_one("#token", Input).focus()
            return
        channel = cast("SearchableSelect[Channel]", self.query_one("#channel", SearchableSelect)).value
        assert isinstance(channel, Channel)
        try:
            account = self._services.account.typed_account(
                Secret(token),
                channel,
                instance=self.query_one("#instance", Input).value,
                name=f"typed in, {_NAMES[channel]}",
            )
        except QdeckError as error:
            self._say(error)
            return
        keep = cast("SearchableSelect[Keep]", self.query_one("#remember", SearchableSelect)).value
        assert isinstance(keep, Keep)
        self._sign_in(account, keep)

    @work(exclusive=True, group="sign-in", exit_on_error=False)
    async def _sign_in(self, way: Account | Channel, keep: Keep = Keep.NOT) -> None:
        self._wait(_waiting_for(way))
        try:
            identity = (
                await self._services.account.sign_in_sandbox(way)
                if isinstance(way, Channel)
                else await self._services.account.sign_in(way, keep=keep)
            )
        except QdeckError as error:
            self._say(error, self._what_now())
            return
        cast(Shell, self.app).show_notice(_welcome(identity))
        self.dismiss(True)

    @on(Worker.StateChanged)
    def _failed(self, message: Worker.StateChanged) -> None:
        if message.state is WorkerState.ERROR and message.worker.error is not None:
            self._wait("")
            cast(Shell, self.app).report(message.worker.error)

    # --- telling ---------------------------------------------------------------------------------

    def _wait(self, text: str) -> None:
        trouble = self.query_one("#trouble", Static)
        trouble.set_class(bool(text), "-waiting")
        trouble.update(Content(plain(text, limit=200)))

    def _what_now(self) -> str:
        """Where a failed try leaves a user who was signed in."""
        if self._former is None:
            return ""
        still = self._services.connection.identity
        if still is None:
            return "You are signed out now."
        return f"Still signed in: {shorten(still.account, 24)}, {shorten(_named(still), 40)}."

    def _say(self, error: QdeckError, first: str = "") -> None:
        self._wait("")
        advice = error.advice or _ADVICE.get(error.kind, "")
        text = plain_lines((first, error.message, advice), limit=400)
        self.query_one("#trouble", Static).update(Content(text))

    def action_back(self) -> None:
        """Look around without signing in."""
        self.leave()

    def leave(self) -> bool:
        """An attempt under way is given up."""
        self.workers.cancel_group(self, "sign-in")
        return super().leave()


_ADVICE = {
    ErrorKind.WRONG_KEY: "Check that it was copied whole, and the service above.",
    ErrorKind.EXPIRED: "Get a new token from the service's web site.",
    ErrorKind.NETWORK: "Check the connection and try again; s opens the sandbox, which needs none.",
    ErrorKind.TIMEOUT: "Try again; s opens the sandbox, which needs no network.",
    ErrorKind.FORBIDDEN: "Another instance may help: write it into its field.",
}


def _field(name: str, placeholder: str, *, password: bool = False) -> Input:
    field = Input(placeholder=placeholder, password=password, compact=True, id=name)
    field.cursor_blink = False
    return field


def _in_use(account: Account, who: Identity | None) -> bool:
    return who is not None and (account.name, account.channel) == (who.account, who.channel)


def _account_line(account: Account, who: Identity | None) -> str:
    parts = [
        shorten(account.name, 24) + (" ◂ in use" if _in_use(account, who) else ""),
        "" if account.route.verify else UNVERIFIED,
        _NAMES[account.channel],
        shorten(account.source, 34) if account.source != account.name else "",
        "keyring" if account.keyring else "",
        shorten(account.instance, 24),
        "SANDBOX" if account.sandbox else "",
    ]
    return shorten("  ·  ".join(part for part in parts if part), _LINE)


def _waiting_for(way: Account | Channel) -> str:
    if isinstance(way, Channel):
        return "Starting the sandbox …"
    if way.keyring and not way.token:
        return f"Asking the keyring for the token of {shorten(way.name, 40)}; it may want to be unlocked …"
    return f"Signing in to {shorten(way.name, 40)} …"


def _named(identity: Identity) -> str:
    return shorten(identity.instance_name or identity.instance, 60)


def _welcome(identity: Identity) -> str:
    if identity.sandbox:
        return f"Signed in to the SANDBOX ({_NAMES[identity.channel]} face): nothing here is hardware."
    return f"Signed in, instance {_named(identity)}."
