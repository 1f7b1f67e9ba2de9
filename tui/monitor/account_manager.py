"""Signing in and out: one account at a time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.timing import Clock
from tui.common.values import Value
from tui.compiler.client import Compiler
from tui.config.settings import Folders
from tui.domain.accounts import (
    Account,
    AccountDetails,
    Channel,
    Identity,
    Instance,
    Keep,
    SignOutReport,
)
from tui.ibm.api.service import QuantumService
from tui.monitor.account_polling import AccountPolling
from tui.monitor.actions.jobs import Jobs
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Severity, SignInDoubted
from tui.openqasm.analysis.client import Analyzer
from tui.sandbox.lifecycle.info import RunningSandbox

if TYPE_CHECKING:
    from tui.ibm.credentials.discovery import FoundAccounts

ServiceMaker = Callable[[Account, Clock], QuantumService]
LEAVING_SECONDS = 10.0
LAST_RESULT_SECONDS = 5.0
"""Seconds for which leaving waits for a private result that is being read: it cannot be read again."""
_KEYRING_NOTICE_AFTER = 2.0
_KEYRING_WAITS = "The keyring has not answered yet: it may be waiting on the desktop for its password."


class Dependencies(Value, frozen=True):
    """The world around the app: each may be another one in a test.

    Attributes:
        make_service: makes the client of an account's service.
        launch_sandbox: starts the embedded service; called at most once while it runs.
        chance: jitter, and the tags of submissions: seeded by the system in the app.
    """

    folders: Folders
    environ: Mapping[str, str]
    clock: Clock
    compiler: Compiler
    analyzer: Analyzer
    make_service: ServiceMaker
    launch_sandbox: Callable[[], Awaitable[RunningSandbox]]
    chance: random.Random


class AccountManager:
    """Who is signed in, one account at a time; signing in starts the polling for it.

    Attributes:
        found: accounts that could sign in at once: environment, qdeck's own file, Qiskit's file.
    """

    def __init__(
        self, app_state: AppState, polling: AccountPolling, jobs: Jobs, dependencies: Dependencies
    ) -> None:
        self.found: tuple[Account, ...] = ()
        self._app_state = app_state
        self._polling = polling
        self._jobs = jobs
        self._folders = dependencies.folders
        self._environ = dependencies.environ
        self._make_service = dependencies.make_service
        self._launch_sandbox = dependencies.launch_sandbox
        self._sandbox: RunningSandbox | None = None
        self._gate = asyncio.Lock()
        self._sandbox_gate = asyncio.Lock()
        self._warned: frozenset[str] = frozenset()
        self._leaving: set[asyncio.Task[None]] = set()
        app_state.events.subscribe(self._on_sign_in_doubted, SignInDoubted)

    async def instances(self) -> tuple[Instance, ...]:
        """Return the instances of the signed-in account.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in, or the service's own error.
        """
        return await self._app_state.connection.need_service().instances()

    async def details(self) -> AccountDetails:
        """Return limits, plans and statistics of the account, as far as its key may see them.

        Raises:
            QdeckError: `EXPIRED` when nobody is signed in, or the service's own error.
        """
        return await self._app_state.connection.need_service().account_details()

    async def keyring_name(self) -> str:
        """Return the name of the system's keyring that could keep a token.

        Returns:
            The name; empty: none works here.
        """
        from tui.ibm.credentials.keyring import keyring_name

        return await keyring_name()

    async def find_accounts(self) -> None:
        """Find the accounts that could sign in at once, and warn of files that cannot be read."""
        found = await asyncio.to_thread(self._found_accounts)
        self.found = found.accounts
        for warning in found.warnings:
            if warning not in self._warned:
                self._app_state.events.notice(warning, Severity.WARNING)
        self._warned = frozenset(found.warnings)

    def _found_accounts(self) -> FoundAccounts:
        # Imported in a thread, for HTTP comes with it: neither the first picture nor a key waits for it.
        import tui.ibm.factory  # noqa: F401
        from tui.ibm.credentials.discovery import found_accounts

        return found_accounts(self._environ, self._folders)

    def typed_account(
        self, token: Secret, channel: Channel, *, instance: str = "", name: str = ""
    ) -> Account:
        """Return the account of a token that the user gave, with the hosts that the environment names.

        Raises:
            QdeckError: `SETTINGS` for a host that is not allowed.
        """
        from tui.ibm.credentials.discovery import typed_account

        return typed_account(token, channel, self._environ, instance=instance, name=name)

    async def sign_in(self, account: Account, *, keep: Keep = Keep.NOT) -> Identity:
        """Sign in, and only then leave the account signed in before; start polling for it.

        Args:
            keep: where the account is kept for the next time.

        Raises:
            QdeckError: the account or its keyring was refused: who was signed in before still is.
        """
        await self._jobs.finish_reading(LAST_RESULT_SECONDS)
        # Not inside the gate: a keyring that waits for its password must not keep anybody from signing out.
        account = await self._with_token(account)
        async with self._gate:
            service = self._make_service(account, self._app_state.clock)
            try:
                identity = await service.sign_in()
                # What is watched, and what may have been sent before, is in the history.
                await self._app_state.history.loaded()
            except BaseException:
                await service.aclose()
                raise
            await self._leave()
            self._app_state.signed_in(service, identity)
            self._polling.start(service)
        if identity.notice:
            self._app_state.events.notice(
                f"Instance {identity.instance_name or identity.instance}: {identity.notice}"
            )
        if keep is not Keep.NOT and not account.sandbox:
            await self._keep(account, keep)
        return identity

    async def sign_in_sandbox(self, channel: Channel = Channel.PLATFORM) -> Identity:
        """Start the sandbox when it is not running, and sign in to one of its faces.

        Raises:
            QdeckError: `UNAVAILABLE` when it cannot run here.
        """
        from tui.ibm.credentials.discovery import sandbox_account

        async with self._sandbox_gate:
            if self._sandbox is None or not self._sandbox.running:
                try:
                    self._sandbox = await self._launch_sandbox()
                except QdeckError:
                    raise
                except (RuntimeError, OSError) as error:
                    raise QdeckError(ErrorKind.UNAVAILABLE, str(error)) from error
            info = self._sandbox.info
        platform = channel is Channel.PLATFORM
        account = sandbox_account(
            channel,
            Secret(info.api_key if platform else info.api_token),
            info.crn if platform else info.instance,
            info.url,
            auth=info.auth,
            runtime=info.runtime,
            transpiler=info.transpiler,
        )
        return await self.sign_in(account)

    async def use_instance(self, instance_id: str) -> Identity:
        """Work in another instance of the same account.

        Raises:
            QdeckError: as `sign_in`; `EXPIRED` when nobody is signed in.
        """
        account = self._app_state.connection.need_service().account
        return await self.sign_in(replace(account, instance=instance_id))

    async def sign_out(self) -> SignOutReport:
        """End the token on the service, and forget the account in any case.

        Returns:
            Whether the service was seen to refuse the token afterwards.
        """
        await self._jobs.finish_reading(LAST_RESULT_SECONDS)
        async with self._gate:
            service = self._app_state.connection.need_service()
            identity = self._app_state.connection.identity
            await self._polling.stop()
            try:
                report = await service.sign_out()
            except QdeckError as error:
                report = SignOutReport(
                    proven=False,
                    valid_until=identity.expires if identity else None,
                    message=f"Signed out here, but the service did not confirm it: {error.message}",
                )
            finally:
                self._app_state.signed_out()
                await service.aclose()
            return report

    def _on_sign_in_doubted(self, event: SignInDoubted) -> None:
        if event.final:
            self._app_state.events.background(self._lost(event.error), "Signing out")
        else:
            self._polling.doubt_token()

    async def _lost(self, error: QdeckError) -> None:
        """The service takes the account no longer: say so, and show the history alone."""
        async with self._gate:
            service = self._app_state.connection.service
            if service is None:
                return
            await self._polling.stop()
            self._app_state.events.notice(f"Signed out by the service. {error}", Severity.ERROR)
            self._app_state.signed_out()
            await service.aclose()

    async def aclose(self) -> None:
        """End the connections and the sandbox."""
        service = self._app_state.connection.service
        self._app_state.connection.service = None
        await self._polling.backends.forget()
        if service is not None:
            await service.aclose()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=LEAVING_SECONDS)
        if self._sandbox is not None:
            await self._sandbox.stop()

    async def _leave(self) -> None:
        """Let go of the account signed in before; ending its token does not hold up the new one."""
        service = self._app_state.connection.service
        if service is None:
            return
        await self._polling.stop()
        task = self._app_state.events.background(self._end(service), "Ending the former sign-in")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _end(self, service: QuantumService) -> None:
        try:
            async with asyncio.timeout(LEAVING_SECONDS):
                await service.sign_out()
        except (QdeckError, TimeoutError) as error:
            why = error.message if isinstance(error, QdeckError) else "The service did not answer in time."
            self._app_state.events.notice(
                f"The former sign-in was not ended: {why} Its access token lives on until its time is over.",
                Severity.WARNING,
            )
        finally:
            await service.aclose()

    async def _with_token(self, account: Account) -> Account:
        from tui.ibm.credentials.save import with_token

        loop = asyncio.get_running_loop()
        notice = loop.call_later(
            _KEYRING_NOTICE_AFTER, self._app_state.events.notice, _KEYRING_WAITS, Severity.WARNING
        )
        try:
            return await with_token(account)
        finally:
            notice.cancel()

    async def _keep(self, account: Account, keep: Keep) -> None:
        from tui.ibm.credentials.save import keep_account

        try:
            where = await keep_account(account, self._folders, keep)
        except QdeckError as error:
            self._app_state.events.notice(
                f"Signed in, but the account is not kept as you wished. {error}", Severity.WARNING
            )
        else:
            self._app_state.events.notice(f"The account is kept in {where}.")
        await self.find_accounts()
