"""Signing in and out: one account at a time, with the background workers that belong to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.secret import Secret
from tui.config.settings import Folders
from tui.domain.accounts import Account, Channel, Identity, Keep, SignOutReport
from tui.ibm.api.service import QuantumService
from tui.ibm.credentials.discovery import found_accounts, sandbox_account, typed_account
from tui.ibm.credentials.save import keep_account, with_token
from tui.monitor.outbox.outbox import Outbox
from tui.monitor.polling.account_pollers import SessionsPoller, TokenPoller, UsagePoller
from tui.monitor.polling.backends_poller import BackendsPoller
from tui.monitor.polling.backfill import Backfill
from tui.monitor.polling.jobs_poller import SANDBOX, SERVICE, JobsPoller, PollInterval
from tui.monitor.polling.scheduler import Step, stop_workers
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.events import Event, Severity, SignInDoubted
from tui.sandbox.lifecycle.info import RunningSandbox

ServiceMaker = Callable[[Account, Clock], QuantumService]
LEAVING_SECONDS = 10.0
_KEYRING_TOLD_AFTER = 2.0
_KEYRING_WAITS = "The keyring has not answered yet: it may be waiting on the desktop for its password."


class AccountManager:
    """Who is signed in, and the workers that watch the account."""

    def __init__(
        self,
        *,
        app_state: AppState,
        workers: Workers,
        outbox: Outbox,
        folders: Folders,
        environ: Mapping[str, str],
        make_service: ServiceMaker,
        launch_sandbox: Callable[[], Awaitable[RunningSandbox]],
        auto_result: int,
    ) -> None:
        self.found: tuple[Account, ...] = ()
        self._token: TokenPoller | None = None
        self._backends: BackendsPoller | None = None
        self._jobs: JobsPoller | None = None
        self._older: Backfill | None = None
        self._app_state = app_state
        self._workers = workers
        self._outbox = outbox
        self._folders = folders
        self._environ = environ
        self._make_service = make_service
        self._launch_sandbox = launch_sandbox
        self._auto_result = auto_result
        self._sandbox: RunningSandbox | None = None
        self._gate = asyncio.Lock()
        self._sandbox_gate = asyncio.Lock()
        self._warned: frozenset[str] = frozenset()
        self._leaving: set[asyncio.Task[None]] = set()
        app_state.events.subscribe(self._on_event)

    @property
    def backends(self) -> BackendsPoller:
        """The worker of the signed-in account's backends.

        Raises:
            QdeckError: `EXPIRED`: nobody is signed in.
        """
        self._app_state.need_service()
        assert self._backends is not None
        return self._backends

    def widen(self) -> None:
        """Let the next list of jobs show what changed in older ones, too."""
        if self._jobs is not None:
            self._jobs.widen()

    @property
    def older(self) -> Backfill | None:
        """Who asks for the older jobs of the signed-in account; `None`: nobody is signed in."""
        return None if self._app_state.service is None else self._older

    async def look(self) -> None:
        """Find the accounts that could sign in at once."""
        found = await asyncio.to_thread(found_accounts, self._environ, self._folders)
        self.found = found.accounts
        for warning in found.warnings:
            if warning not in self._warned:
                self._app_state.events.notice(warning, Severity.WARNING)
        self._warned = frozenset(found.warnings)

    def typed_account(
        self, token: Secret, channel: Channel, *, instance: str = "", name: str = ""
    ) -> Account:
        """Return the account of a token that the user gave, with the hosts that the environment names.

        Raises:
            QdeckError: `SETTINGS` for a host that is not allowed.
        """
        return typed_account(token, channel, self._environ, instance=instance, name=name)

    async def sign_in(self, account: Account, *, keep: Keep = Keep.NOT) -> Identity:
        """Sign in, and only then leave the account signed in before. Raises `QdeckError`."""
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
            self._begin(service, identity)
        if identity.notice:
            self._app_state.events.notice(
                f"Instance {identity.instance_name or identity.instance}: {identity.notice}"
            )
        if keep is not Keep.NOT and not account.sandbox:
            await self._keep(account, keep)
        return identity

    async def sign_in_sandbox(self, channel: Channel) -> Identity:
        """Start the sandbox when it is not running, and sign in to one of its faces.

        Raises:
            QdeckError: `UNAVAILABLE` when it cannot run here.
        """
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
        """Sign in to another instance with the same account. Raises `QdeckError`."""
        account = self._app_state.need_service().account
        return await self.sign_in(replace(account, instance=instance_id))

    async def sign_out(self) -> SignOutReport:
        """End the token on the service, and forget the account in any case."""
        async with self._gate:
            service = self._app_state.need_service()
            identity = self._app_state.identity
            await self._stop_workers()
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

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, SignInDoubted):
            return
        if event.final:
            self._app_state.events.background(self._lost(event.error), "Signing out")
        elif self._token is not None:
            self._token.doubt()
            self._workers.token.wake()

    async def _lost(self, error: QdeckError) -> None:
        """The service takes the account no longer: say so, and show the history alone."""
        async with self._gate:
            service = self._app_state.service
            if service is None:
                return
            await self._stop_workers()
            self._app_state.events.notice(f"Signed out by the service. {error}", Severity.ERROR)
            self._app_state.signed_out()
            await service.aclose()

    async def aclose(self) -> None:
        """End the connections and the sandbox."""
        service = self._app_state.service
        self._app_state.service = None
        if self._backends is not None:
            await self._backends.aclose()
        if service is not None:
            await service.aclose()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=LEAVING_SECONDS)
        if self._sandbox is not None:
            await self._sandbox.stop()

    def _begin(self, service: QuantumService, identity: Identity) -> None:
        app_state, workers = self._app_state, self._workers
        app_state.signed_in(service, identity)
        tempo = PollInterval(SANDBOX if service.account.sandbox else SERVICE)
        self._token = TokenPoller(app_state, service)
        self._backends = BackendsPoller(app_state, service)
        self._jobs = JobsPoller(app_state, service, tempo, workers.sessions.wake, self._auto_result)
        self._older = Backfill(app_state, service, workers.backfill.wake)
        breaker = workers.breaker(lambda: service.answers)
        # The outbox first: what may have been sent before is found before anything new goes out.
        workers.reconciler.start(self._outbox.reconciler.step, breaker=breaker)
        workers.send_queue.start(self._outbox.step)
        workers.token.start(self._token.step)
        # These ask the service one at a time, each one request after the other. Outside of it are the token,
        # submissions and the polls for them (they must not wait for a slow list), and what the user asks for
        # by a command, but for a refresh.
        flight = asyncio.Lock()
        steps = {
            workers.jobs: self._jobs.step,
            workers.sessions: SessionsPoller(app_state, service).step,
            workers.backends: self._backends.step,
            workers.usage: UsagePoller(app_state, service).step,
        }
        for worker, step in steps.items():
            on_request = tempo.hurry if worker is workers.jobs else None
            worker.start(self._noting(worker.name, step, service), flight, breaker, on_request)
        # Asked only when somebody looks for them.
        workers.backfill.start(self._older.step, flight, breaker)

    def _noting(self, name: str, step: Step, service: QuantumService) -> Step:
        """The step, after which the app_state knows that the service answered, if it was asked anything."""

        async def noting() -> float:
            before = service.answers
            pause = await step()
            if service.answers > before:
                self._app_state.answered(name)
            return pause

        return noting

    async def _stop_workers(self) -> None:
        await stop_workers(*self._workers.of_account)
        self._outbox.signed_out()
        if self._backends is not None:
            await self._backends.aclose()

    async def _leave(self) -> None:
        """Let go of the account signed in before; ending its token does not hold up the new one."""
        service = self._app_state.service
        if service is None:
            return
        await self._stop_workers()
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
        loop = asyncio.get_running_loop()
        tell = loop.call_later(
            _KEYRING_TOLD_AFTER, self._app_state.events.notice, _KEYRING_WAITS, Severity.WARNING
        )
        try:
            return await with_token(account)
        finally:
            tell.cancel()

    async def _keep(self, account: Account, keep: Keep) -> None:
        try:
            where = await keep_account(account, self._folders, keep)
        except QdeckError as error:
            self._app_state.events.notice(
                f"Signed in, but the account is not kept as you wished. {error}", Severity.WARNING
            )
        else:
            self._app_state.events.notice(f"The account is kept in {where}.")
        await self.look()
