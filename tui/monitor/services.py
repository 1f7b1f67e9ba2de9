"""The services as it runs: history, account, workers, compiler and sandbox behind one object."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from tui.common.clock import Clock
from tui.common.secret import Secret
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
    Usage,
)
from tui.domain.backends import Backend, BackendData
from tui.domain.circuits import Candidate, CheckReport, Transpilation, TranspileOptions
from tui.domain.jobs import Job, JobMetrics, JobQuery
from tui.domain.results import JobResult
from tui.domain.sessions import Session, SessionMode
from tui.domain.submissions import Submission, WaitingSubmission
from tui.ibm.credentials.keyring import keyring_name
from tui.jobquery.filters import JobFilter
from tui.monitor.account_manager import AccountManager, ServiceMaker
from tui.monitor.actions.commands import Commands
from tui.monitor.actions.read_only import changes
from tui.monitor.api import Listener
from tui.monitor.outbox.outbox import Outbox
from tui.monitor.polling.account_pollers import USAGE_EVERY
from tui.monitor.polling.backends_poller import EVERY
from tui.monitor.polling.idle_sessions import IdleSessionGuard
from tui.monitor.polling.jobs_poller import AUTO_RESULT
from tui.monitor.polling.scheduler import run_now
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.event_bus import in_words
from tui.monitor.state.events import Freshness, HistoryCoverage, JobsFinished, Severity
from tui.sandbox.lifecycle.info import RunningSandbox
from tui.store.repository import JobRepository

HISTORY_EVERY = 0.8
"""Seconds between two looks whether another qdeck wrote the history: one `stat`. With jitter below 1 s."""
LAST_WORDS_SECONDS = 3.0
PROBED_AT = 60.0
"""Seconds between two looks whether a service that is down is back, while the user does something here."""
LAST_RESULT_SECONDS = 5.0
"""Seconds for which leaving waits for a private result that is being read: it cannot be read again."""
BACK_AGAIN, LOOKED_AT, ATTENDED = 5.0, 30.0, 60.0
"""Seconds after which a picture is old to a user who comes back to the terminal, shows another section, or
does anything at all."""

_log = logging.getLogger(__name__)


class AppServices:
    """`tui.monitor.api.Services`, for real. Make it in the running event loop; `start` first, `aclose` last.

    Jobs of `jobs` and of events carry no program texts; `job` does. Jobs are those of the signed-in service
    and instance, or all that the history holds when nobody is signed in.

    Args:
        chance: jitter, and the tags of submissions: seeded by the system in the app.
        launch_sandbox: starts the embedded service; called at most once while it runs.
        read_only: every command that changes something on the service is refused, and nothing that waits is
            sent.
        sends: whether what waits in line goes out here; else it is left to a qdeck that submits.
        quota: bytes that kept results and circuits may take; `None`: the history's own default.
        session_idle_minutes: minutes without a job after which an open session is warned of; 0: never.
        auto_result: bytes up to which results are fetched by themselves; larger ones when asked for.
    """

    def __init__(
        self,
        *,
        folders: Folders,
        environ: Mapping[str, str],
        clock: Clock,
        compiler: Compiler,
        make_service: ServiceMaker,
        launch_sandbox: Callable[[], Awaitable[RunningSandbox]],
        chance: random.Random,
        quota: int | None = None,
        session_idle_minutes: int = 0,
        auto_result: int = AUTO_RESULT,
        read_only: bool = False,
        sends: bool = True,
    ) -> None:
        self._read_only = read_only
        self._folders = folders
        self._compiler = compiler
        self._history = JobRepository(folders, clock, quota=quota)
        self._app_state = AppState(self._history, clock)
        self._workers = Workers(self._app_state, chance)
        self._outbox = Outbox(
            self._app_state,
            chance,
            self._workers,
            folders.state / "outbox.lock",
            sends=sends and not read_only,
        )
        self._commands = Commands(self._app_state, self._workers, compiler, auto_result)
        self._accounts = AccountManager(
            app_state=self._app_state,
            workers=self._workers,
            outbox=self._outbox,
            folders=folders,
            environ=environ,
            make_service=make_service,
            launch_sandbox=launch_sandbox,
            auto_result=auto_result,
        )
        self._guard = IdleSessionGuard(
            self._app_state,
            session_idle_minutes,
            look=partial(run_now, self._workers.jobs, self._workers.sessions, user_requested=False),
            wake=self._workers.idle_sessions.wake,
        )
        self._app_state.events.subscribe(self._after_a_job)

    @property
    def read_only(self) -> bool:
        """Whether every command that changes something is refused."""
        return self._read_only

    @property
    def identity(self) -> Identity | None:
        """Who is signed in."""
        return self._app_state.identity

    @property
    def usage(self) -> Usage | None:
        """QPU seconds of the instance, when known."""
        return self._app_state.usage

    @property
    def freshness(self) -> Freshness:
        """How old the picture is."""
        return self._app_state.freshness

    @property
    def reach(self) -> HistoryCoverage:
        """How far back all jobs of the account are known."""
        older = self._accounts.older
        return HistoryCoverage() if older is None else older.reach

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on; returns what ends that."""
        return self._app_state.events.subscribe(listener)

    def jobs(self) -> tuple[Job, ...]:
        """The jobs, newest first, without their program texts."""
        return self._app_state.jobs()

    def job(self, job_id: str) -> Job | None:
        """One job with its program texts, where they are known here and at hand."""
        record = self._app_state.record(job_id)
        return None if record is None else self._history.job_with_texts(record)

    async def whole_job(self, job_id: str) -> Job | None:
        """One job with its program texts, however large."""
        record = self._app_state.record(job_id)
        return None if record is None else await self._history.whole_job(record)

    def transpilation(self, job_id: str) -> Transpilation | None:
        """How the job's circuit was transpiled; `None`: not here."""
        record = self._app_state.record(job_id)
        return None if record is None else self._history.transpilation(record)

    def sessions(self) -> tuple[Session, ...]:
        """The sessions, newest first."""
        return self._app_state.sessions()

    def idle_since(self, session: Session) -> datetime | None:
        """Since when no job is queued or running in the session; `None`: one is."""
        return self._guard.idle_since(session)

    def backends(self) -> tuple[Backend, ...]:
        """The backends as last listed."""
        return self._app_state.backends

    def found_accounts(self) -> tuple[Account, ...]:
        """The accounts found at the start, and those saved since."""
        return self._accounts.found

    def typed_account(
        self, token: Secret, channel: Channel, *, instance: str = "", name: str = ""
    ) -> Account:
        """Return the account of a token that the user gave (`AccountManager.typed_account`)."""
        return self._accounts.typed_account(token, channel, instance=instance, name=name)

    async def keyring_name(self) -> str:
        """What the system's keyring is called; empty: none works here."""
        return await keyring_name()

    async def start(self) -> None:
        """Open the history and show what it holds; signs in nowhere."""
        try:
            await asyncio.to_thread(self._folders.create)
        except OSError as error:
            self._app_state.events.notice(f"qdeck's folders cannot be made: {error}.", Severity.ERROR)
        await self._history.open(self._app_state.found_here)
        self._app_state.history_opened()
        self._app_state.tell_warnings()
        await self._accounts.look()
        self._app_state.signed_out()
        self._workers.history.start(self._tend_history)
        self._workers.idle_sessions.start(self._guard.step)

    async def warm_up(self) -> None:
        """Start the compiler's worker."""
        await self._compiler.start()

    async def sign_in(self, account: Account, *, keep: Keep = Keep.NOT) -> Identity:
        """Sign in and start the background workers."""
        await self._commands.finish_reading(LAST_RESULT_SECONDS)
        return await self._accounts.sign_in(account, keep=keep)

    async def sign_in_sandbox(self, channel: Channel = Channel.PLATFORM) -> Identity:
        """Start the sandbox (once) and sign in to one of its two faces."""
        await self._commands.finish_reading(LAST_RESULT_SECONDS)
        return await self._accounts.sign_in_sandbox(channel)

    async def sign_out(self) -> SignOutReport:
        """Stop the background workers, end the token, say what that achieved."""
        await self._commands.finish_reading(LAST_RESULT_SECONDS)
        return await self._accounts.sign_out()

    async def instances(self) -> tuple[Instance, ...]:
        """The instances of the signed-in account."""
        return await self._app_state.need_service().instances()

    async def account_details(self) -> AccountDetails:
        """Limits, plans and statistics of the account, as far as its key may see them."""
        return await self._app_state.need_service().account_details()

    async def use_instance(self, instance_id: str) -> Identity:
        """Work in another instance of the same account."""
        await self._commands.finish_reading(LAST_RESULT_SECONDS)
        return await self._accounts.use_instance(instance_id)

    async def refresh(self) -> None:
        """Ask the service now for jobs, sessions and backends."""
        self._app_state.need_service()
        self._workers.usage.request()
        self._workers.reconciler.request()
        self._app_state.attention.noticed()
        self._accounts.widen()
        await run_now(self._workers.jobs, self._workers.sessions, self._workers.backends)

    def focus(self, focused: bool) -> None:
        """The terminal got or lost the focus."""
        came_back = focused and not self._app_state.attention.focused
        self._app_state.attention.focus(focused)
        if came_back:
            self._freshen(BACK_AGAIN)
            self._workers.jobs.hurry(BACK_AGAIN)

    def attend(self, *, elsewhere: bool = False) -> None:
        """The user does something here."""
        self._app_state.attention.noticed()
        self._freshen(LOOKED_AT if elsewhere else ATTENDED)
        self._workers.jobs.hurry(PROBED_AT)

    def unseen(self) -> frozenset[str]:
        """The ids of the jobs that finished and were not looked at since."""
        return self._app_state.unseen()

    def seen(self, *job_ids: str) -> None:
        """The user looked at these jobs."""
        self._app_state.seen(job_ids)

    @changes
    async def submit(self, submission: Submission) -> Job:
        """Create the job, at most once."""
        return await self._outbox.submit(submission)

    def waiting(self) -> tuple[WaitingSubmission, ...]:
        """The submissions that have not become a job yet."""
        return self._outbox.queue.waiting()

    @changes
    async def withdraw(self, tag: str) -> None:
        """Take a submission out of the line."""
        await self._outbox.queue.withdraw(tag)

    @changes
    async def move(self, tag: str, places: int) -> None:
        """Move a submission in line."""
        await self._outbox.queue.move(tag, places)

    @changes
    async def send_again(self, tag: str) -> None:
        """Put a submission that was not created in line again."""
        await self._outbox.send_again(tag)

    @changes
    async def cancel(self, job_id: str) -> None:
        """Cancel the job on the service."""
        await self._commands.cancel(job_id)

    @changes
    async def delete(self, job_id: str) -> None:
        """Delete the job on the service and in the history."""
        await self._commands.delete(job_id)

    @changes
    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the job's tags."""
        await self._commands.set_tags(job_id, tags)

    async def result(self, job_id: str, *, by_itself: bool = False) -> JobResult:
        """The job's result: from the history, else from the service (and then kept)."""
        return await self._commands.result(job_id, by_itself=by_itself)

    async def metrics(self, job_id: str) -> JobMetrics:
        """What the service measured."""
        return await self._commands.metrics(job_id)

    async def look_back(self, limit: int, wanted: JobQuery | None = None) -> None:
        """Take in the newest `limit` jobs of the service that are wanted."""
        await self._commands.look_back(limit, wanted)

    def older(self, wanted: JobFilter | None = None) -> None:
        """Ask for a page of older jobs than are known, of those that fit where the service can tell."""
        if self._accounts.older is not None:
            self._accounts.older.want(wanted)

    async def tags_like(self, text: str) -> tuple[str, ...]:
        """Tags the service knows that contain the text."""
        return await self._commands.tags_like(text)

    async def circuits(self, job_id: str) -> tuple[str, ...]:
        """The circuits as submitted, as OpenQASM, one a PUB, wherever they were submitted."""
        return await self._commands.circuits(job_id)

    async def logs(self, job_id: str) -> str:
        """The job's log."""
        return await self._commands.logs(job_id)

    @changes
    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        """Open a session or batch."""
        return await self._commands.open_session(backend, mode, max_ttl)

    @changes
    async def drain_session(self, session_id: str) -> None:
        """Take no more jobs; what is queued still runs."""
        await self._commands.drain_session(session_id)

    @changes
    async def close_session(self, session_id: str) -> None:
        """Close now: what is queued is dropped."""
        await self._commands.close_session(session_id)

    async def backend_details(self, name: str) -> Backend:
        """One backend with medians from its properties."""
        return await self._accounts.backends.details(name)

    async def backend_data(self, name: str) -> BackendData:
        """Configuration and properties, kept in memory for ten minutes."""
        return await self._accounts.backends.data(name)

    async def check(self, qasm: str) -> CheckReport:
        """What Qiskit says of the program."""
        return await self._compiler.check(qasm)

    async def draw(self, qasm: str, *, width: int = 100) -> str:
        """The circuit as text."""
        return await self._compiler.draw(qasm, width=width)

    async def transpile(self, qasm: str, backend: str, options: TranspileOptions) -> Candidate:
        """Transpile locally or (options.cloud) on the service. Cancelling the task stops the work."""
        target = await self.backend_data(backend)
        if not options.cloud:
            candidate = await self._compiler.transpile(qasm, target, options)
        else:
            began = time.perf_counter()
            made = await self._app_state.need_service().cloud_transpile(qasm, backend, options)
            took = time.perf_counter() - began
            isa = made.qasm or (await self._compiler.decode_qpy(made.qpy))[0]
            layouts = (made.initial, made.final)
            candidate = await self._compiler.review(qasm, isa, target, options, layouts, took)
        return replace(candidate, at=self._app_state.clock.now())

    async def aclose(self) -> None:
        """Stop everything. What fails to end is told and does not keep the rest from ending."""
        await asyncio.gather(
            self._end("submissions under way", self._outbox.aclose(LAST_WORDS_SECONDS)),
            self._end("sessions being opened", self._commands.aclose(LAST_WORDS_SECONDS)),
            self._end("results being read", self._commands.finish_reading(LAST_RESULT_SECONDS)),
        )
        await self._end("background workers", self._workers.scheduler.stop())
        # At once: a service that does not answer keeps nothing from the disk, nor the disk a sandbox running.
        await asyncio.gather(
            self._end("history", self._history.aclose()),
            self._end("connections", self._accounts.aclose()),
            self._end("compiler", self._compiler.aclose()),
        )

    async def _end(self, name: str, ending: Awaitable[None]) -> None:
        try:
            await ending
        except Exception as error:
            _log.exception("ending the %s failed", name)
            self._app_state.events.notice(f"Ending the {name} failed: {in_words(error)}", Severity.ERROR)

    async def _tend_history(self) -> float:
        await self._app_state.sync()
        return HISTORY_EVERY

    def _freshen(self, seconds: float) -> None:
        self._workers.jobs.wake_if_older(seconds)
        self._workers.sessions.wake_if_older(seconds)
        self._workers.backends.wake_if_older(max(seconds, EVERY))
        self._workers.usage.wake_if_older(USAGE_EVERY)

    def _after_a_job(self, event: object) -> None:
        # A finished job was charged for, and left the queue.
        if isinstance(event, JobsFinished):
            self._outbox.job_left_queue()
            self._workers.usage.wake()
