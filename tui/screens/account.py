"""The account in use: who, where, until when; other instances; signing out."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from tui.common.errors import QdeckError
from tui.common.safe_text import plain, shorten
from tui.domain.accounts import AccountDetails, Identity, Instance, Share
from tui.monitor.services import AppServices
from tui.monitor.state.events import Severity
from tui.screens.base import Shell
from tui.screens.dialogs.base import Dialog
from tui.widgets.keymap import ACCOUNT, bindings
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.format import (
    NOTHING,
    duration,
    format_count,
    format_datetime,
    format_token_life,
    format_usage,
)
from tui.widgets.text.styled_text import StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock

_MOST_PLANS = 3
_SHARES_WIDTH = 52


class AccountScreen(Dialog[bool]):
    """Answers whether the account was left: signed out."""

    TITLE = "Account"
    BINDINGS: ClassVar = bindings(ACCOUNT)

    def __init__(self, services: AppServices) -> None:
        super().__init__()
        self._services = services
        self._instances: tuple[Instance, ...] = ()
        self._details: AccountDetails | None = None

    def compose(self) -> ComposeResult:
        """Facts, then the instances."""
        with Vertical(classes="dialog -wide"):
            yield Static(Content("Account"), classes="dialog--title")
            yield TextBlock(id="facts")
            yield Static(Content("Instances (enter changes to it)"), classes="dialog--head")
            yield OptionList(id="instances", markup=False, compact=True)
            yield Static(Content(""), id="trouble", classes="dialog--trouble")
            yield Static(
                Content("enter use the instance   a another account   o sign out   esc close"),
                classes="dialog--keys",
            )
        yield TooSmall()

    def on_mount(self) -> None:
        """Show what is known, ask for the instances."""
        self._show_facts()
        self.query_one(OptionList).focus()
        self._load()
        self._load_details()

    def _show_facts(self) -> None:
        identity = self._services.connection.identity
        lines = account_lines(self._services, cast(Shell, self.app)) if identity is not None else []
        if self._details is not None:
            lines += detail_lines(self._details, {one.id: one.name for one in self._instances})
        self.query_one("#facts", TextBlock).show(lines)

    @work(exclusive=True, group="account-details", exit_on_error=False)
    async def _load_details(self) -> None:
        """Plan and statistics; where they are not to be had, the rest is shown without them."""
        with contextlib.suppress(QdeckError):
            self._details = await self._services.account.details()
            self._show_facts()

    @work(exclusive=True, group="instances", exit_on_error=False)
    async def _load(self) -> None:
        """The instances of the account."""
        self._say("Asking for the instances …", waiting=True)
        try:
            self._instances = await self._services.account.instances()
        except QdeckError as error:
            self._say(str(error))
            return
        self._say("")
        self._show_facts()
        identity = self._services.connection.identity
        current = identity.instance if identity is not None else ""
        choices = self.query_one(OptionList)
        choices.clear_options().add_options(
            Option(Content(_instance_line(instance, current)), id=f"instance:{place}")
            for place, instance in enumerate(self._instances)
        )
        ids = [instance.id for instance in self._instances]
        choices.highlighted = ids.index(current) if current in ids else (0 if ids else None)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        place = int((event.option_id or "instance:0").removeprefix("instance:"))
        self._use(self._instances[place])

    @work(exclusive=True, group="sign-in", exit_on_error=False)
    async def _use(self, instance: Instance) -> None:
        """Work in another instance."""
        self._say(f"Changing to {shorten(instance.name or instance.id, 60)} …", waiting=True)
        try:
            identity = await self._services.account.use_instance(instance.id)
        except QdeckError as error:
            self._say(str(error))
            return
        cast(Shell, self.app).show_notice(
            f"Working in {shorten(identity.instance_name or identity.instance, 80)}."
        )
        self.dismiss(False)

    @work(exclusive=True, group="sign-in", exit_on_error=False)
    async def action_sign_out(self) -> None:
        """End the token; say what that achieved."""
        self._say("Signing out …", waiting=True)
        try:
            report = await self._services.account.sign_out()
        except QdeckError as error:
            self._say(str(error))
            return
        severity = Severity.INFORMATION if report.proven else Severity.WARNING
        cast(Shell, self.app).show_notice(report.message, severity)
        self.dismiss(True)

    def action_other(self) -> None:
        """Sign in with another account; until that succeeds this one stays signed in."""
        from tui.screens.login import LoginScreen

        # Two dialogs in one place would show the larger one's edges.
        self.query_one(".dialog").visible = False
        self.app.push_screen(LoginScreen(self._services), self._after_login)

    def _after_login(self, signed_in: bool | None) -> None:
        self.query_one(".dialog").visible = True
        # Left by a section's key, this screen is gone already.
        if self.is_current and (signed_in or self._services.connection.identity is None):
            self.dismiss(False)

    def action_back(self) -> None:
        """Close."""
        self.dismiss(False)

    @on(Worker.StateChanged)
    def _failed(self, message: Worker.StateChanged) -> None:
        if message.state is WorkerState.ERROR and message.worker.error is not None:
            self._say("")
            cast(Shell, self.app).report(message.worker.error)

    def _say(self, text: str, *, waiting: bool = False) -> None:
        trouble = self.query_one("#trouble", Static)
        trouble.set_class(waiting, "-waiting")
        trouble.update(Content(plain(text, limit=600)))


def account_lines(services: AppServices, shell: Shell) -> list[StyledLine]:
    """Describe who is signed in: account, service, instance, token, usage.

    Returns:
        Lines in the order in which they are shown.
    """
    identity = services.connection.identity
    if identity is None:
        return []
    rows = [
        ("account", shorten(identity.account, 60)),
        ("instance", shorten(identity.instance_name or identity.instance, 60)),
        ("id", shorten(identity.instance, 62)),
        ("hosts", shorten(", ".join(identity.hosts), 62) or NOTHING),
        ("token", _until(identity, shell)),
        ("usage", format_usage(services.connection.usage) or NOTHING),
    ]
    lines = [line((f"{name:<10}", TextStyle.MUTED), value) for name, value in rows]
    if identity.unverified:
        said = "certificates are not checked: the key could be read on the way"
        lines.insert(0, line((said, TextStyle.BAD)))
    if identity.sandbox:
        lines.insert(
            0, line((" SANDBOX ", TextStyle.SANDBOX), "  simulated on this machine: nothing here is hardware")
        )
    return lines


def detail_lines(details: AccountDetails, names: Mapping[str, str]) -> list[StyledLine]:
    """Describe the plan's limits and what the account's jobs used.

    Args:
        details: as the service answered; parts that it withholds are left out.
        names: names of the instances, by CRN.

    Returns:
        Lines in the order in which they are shown.
    """
    rows: list[tuple[str, str]] = []
    for plan in details.plans[:_MOST_PLANS]:
        facts = (
            f"{duration(plan.allocated_seconds)} of QPU" if plan.allocated_seconds is not None else "",
            f"sessions up to {duration(plan.max_ttl)}" if plan.max_ttl is not None else "",
            f"until {plan.ends:%Y-%m-%d}" if plan.ends is not None else "",
        )
        rows.append(("plan", ", ".join((shorten(plan.name, 24), *(fact for fact in facts if fact)))))
    if details.instance_limit_seconds is not None:
        rows.append(("limit", f"{duration(details.instance_limit_seconds)} of QPU set for this instance"))
    if details.spending is not None:
        spent = details.spending
        text = f"{format_count(spent.jobs, 'job')}, {duration(spent.used_seconds)} of QPU"
        if spent.mean_queue_seconds is not None:
            text += f", {duration(spent.mean_queue_seconds)} in the queue on average"
        rows.append(("so far", text))
    if details.by_backend:
        rows.append(("backends", _shares(details.by_backend, {})))
    if len(details.by_instance) > 1:
        rows.append(("instances", _shares(details.by_instance, names)))
    return [line((f"{name:<10}", TextStyle.MUTED), value) for name, value in rows]


def _shares(shares: tuple[Share, ...], names: Mapping[str, str]) -> str:
    """The most used ones, as many as have room, and how many more there are."""
    text = ""
    for place, one in enumerate(shares):
        name = shorten(names.get(one.key) or one.key, 24)
        part = f"{name} {format_count(one.jobs, 'job')}, {duration(one.used_seconds)}"
        if text and len(text) + len(part) > _SHARES_WIDTH:
            return f"{text} · +{len(shares) - place}"
        text = f"{text} · {part}" if text else part
    return text


def _until(identity: Identity, shell: Shell) -> str:
    if identity.expires is None:
        return "the service does not say how long it lives"
    life = format_token_life(identity.expires, shell.clock.now()).removeprefix("token ")
    return f"until {format_datetime(identity.expires)} ({life}); renewed by itself"


def _instance_line(instance: Instance, current: str) -> str:
    mark = "◂ in use" if instance.id == current else ""
    plan = f"{shorten(instance.plan, 20)} plan" if instance.plan else ""
    name = shorten(instance.name or instance.id, 50)
    return "  ·  ".join(part for part in (name, plan, mark) if part)
