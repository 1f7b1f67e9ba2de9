"""The parts of the app behind screens and headless commands, and how they are put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from pathlib import Path

from tui.common.errors import QdeckError
from tui.common.values import Value
from tui.domain.circuits import Maker
from tui.domain.primitives import JobProgram
from tui.domain.search import DEFAULT_BUDGET, SearchOptions
from tui.domain.submissions import Submission, with_tag
from tui.monitor.account_manager import LAST_RESULT_SECONDS, AccountManager, Dependencies
from tui.monitor.account_polling import AccountPolling
from tui.monitor.actions.circuits import Transpiler
from tui.monitor.actions.comparison import Comparisons
from tui.monitor.actions.evaluation import JobEvaluation
from tui.monitor.actions.export import Exports
from tui.monitor.actions.jobs import Jobs
from tui.monitor.actions.predictions import Predictions
from tui.monitor.actions.pricing import Pricing
from tui.monitor.actions.replay import Replays
from tui.monitor.actions.sessions import IdleSessionGuard, Sessions
from tui.monitor.outbox.outbox import Outbox
from tui.monitor.polling.jobs_poller import AUTO_RESULT
from tui.monitor.polling.workers import Workers
from tui.monitor.state.app_state import AppState
from tui.monitor.state.event_bus import in_words
from tui.monitor.state.events import Severity
from tui.store.repository import JobRepository

HISTORY_EVERY = 0.8
"""Seconds between two polls whether another process wrote the history: one `stat`. With jitter below 1 s."""
LAST_WORDS_SECONDS = 3.0

_log = logging.getLogger(__name__)


class Options(Value, frozen=True):
    """Choices of the user and of the command that runs.

    Attributes:
        read_only: every command that changes something on the service is refused, and nothing that waits is
            sent.
        sends: whether what waits in the queue goes out here; else it is left to a process that submits.
        quota: bytes that kept results and circuits may take; `None`: the history's own default.
        session_idle_minutes: minutes without a job after which an open session is warned of; 0: never.
        auto_result: bytes up to which results are fetched by themselves; larger ones when asked for.
        program: how primitives are submitted on the platform where a submission does not say.
        search_seconds: time of a search for candidates.
        search_makers: who is asked for candidates beside Qiskit as it is.
        tag: that every submission carries beside its own; empty: none.
    """

    read_only: bool = False
    sends: bool = True
    quota: int | None = None
    session_idle_minutes: int = 0
    auto_result: int = AUTO_RESULT
    program: JobProgram = JobProgram.EXECUTOR
    search_seconds: float = DEFAULT_BUDGET
    search_makers: frozenset[Maker] = frozenset()
    tag: str = ""


class AppServices:
    """The parts, each asked directly. Make it in the running event loop; `start` first, `aclose` last.

    Listeners of `events` are called in the event loop, one call an event, and must not raise.

    Attributes:
        events: everything that changes, as it changes.
        connection: who is signed in, and whether the service answers.
        account: signing in and out.
        jobs: jobs, their results, circuits and tags.
        evaluation: calibrations and times of one job.
        predictions: what simulations foretell of a job.
        exports: jobs in forms for elsewhere.
        comparisons: jobs side by side.
        replays: submissions that repeat jobs.
        sessions: sessions and batches.
        backends: backends and their data.
        outbox: submissions until they are jobs.
        compiler: checks and draws programs.
        analyzer: finds errors in OpenQASM at once, names and formats it; Qiskit has the last word.
        transpiler: transpiles programs for a backend.
        pricing: what a job would cost.
        polling: when the service is asked for news.
        read_only: whether every command that changes something on the service is refused.
    """

    def __init__(self, dependencies: Dependencies, options: Options | None = None) -> None:
        options = options or Options()
        clock, chance, compiler = dependencies.clock, dependencies.chance, dependencies.compiler
        self._folders = dependencies.folders
        self._history = JobRepository(dependencies.folders, clock, quota=options.quota)
        app_state = self._app_state = AppState(self._history, clock, read_only=options.read_only)
        workers = self._workers = Workers(app_state, chance)
        self._guard = IdleSessionGuard(app_state, workers, options.session_idle_minutes)
        self.read_only = options.read_only
        self.events = app_state.events
        self.connection = app_state.connection
        sends = options.sends and not options.read_only
        lock = self._folders.state / "outbox.lock"
        self.outbox = Outbox(app_state, chance, workers, lock, sends=sends)
        self.polling = AccountPolling(app_state, workers, self.outbox, options.auto_result)
        self.backends = self.polling.backends
        self.jobs = Jobs(app_state, workers, self.polling.backfill, compiler, options.auto_result)
        self.evaluation = JobEvaluation(app_state, self.jobs, self.backends)
        self.predictions = Predictions(app_state, self.jobs, self.backends, compiler)
        self.exports = Exports(self.jobs, compiler, self.backends)
        self.comparisons = Comparisons(self.jobs, compiler, self.predictions, self.evaluation)
        self.replays = Replays(app_state, self.jobs)
        self.sessions = Sessions(app_state, workers, self._guard)
        self.account = AccountManager(app_state, self.polling, self.jobs, dependencies)
        self.compiler, self.analyzer = compiler, dependencies.analyzer
        self.transpiler = Transpiler(
            app_state,
            compiler,
            self.backends,
            options.program,
            SearchOptions(budget=options.search_seconds, makers=options.search_makers),
        )
        self._tag = options.tag
        self.outbox.prepare = self._prepared
        self.pricing = Pricing(app_state, self.transpiler, workers)

    @property
    def history_unread(self) -> bool:
        """Return whether the history, or part of it, could not be read; why was told."""
        return self._history.unread is not None

    @property
    def settings_file(self) -> Path:
        """The settings that the user writes."""
        return self._folders.settings_file

    async def start(self) -> None:
        """Open the history and show what it holds; signs in nowhere."""
        try:
            await asyncio.to_thread(self._folders.create)
        except OSError as error:
            self.events.notice(f"qdeck's folders cannot be made: {error}.", Severity.ERROR)
        if warning := self.compiler.searching.warning:
            self.events.notice(warning, Severity.WARNING)
        await self._history.open(self._app_state.history_read)
        self._app_state.jobs.history_opened()
        self._app_state.publish_warnings()
        await self.account.find_accounts()
        self._app_state.signed_out()
        self._workers.history.start(self._sync_history)
        self._workers.idle_sessions.start(self._guard.step)

    async def aclose(self) -> None:
        """Stop everything: workers, sandbox, compiler; close the history.

        What fails to end is a notice and does not keep the rest from ending.
        """
        await asyncio.gather(
            self._end("submissions under way", self.outbox.aclose(LAST_WORDS_SECONDS)),
            self._end("sessions being opened", self.sessions.aclose(LAST_WORDS_SECONDS)),
            self._end("results being read", self.jobs.finish_reading(LAST_RESULT_SECONDS)),
        )
        await self._end("background workers", self._workers.scheduler.stop())
        # At once: a service that does not answer keeps nothing from the disk, nor the disk a sandbox running.
        await asyncio.gather(
            self._end("history", self._history.aclose()),
            self._end("connections", self.account.aclose()),
            self._end("compiler", self.compiler.aclose()),
            self._end("analysis", self.analyzer.aclose()),
        )

    async def _end(self, name: str, ending: Awaitable[None]) -> None:
        try:
            await ending
        except QdeckError as error:
            self.events.notice(f"Ending the {name} failed: {error}", Severity.ERROR)
        except Exception as error:
            _log.exception("ending the %s failed", name)
            self.events.notice(f"Ending the {name} failed: {in_words(error)}", Severity.ERROR)

    async def _prepared(self, submission: Submission) -> Submission:
        return await self.transpiler.prepared(with_tag(submission, self._tag))

    async def _sync_history(self) -> float:
        await self._app_state.sync()
        return HISTORY_EVERY
