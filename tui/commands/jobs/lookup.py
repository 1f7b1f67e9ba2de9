"""Jobs named on the command line: from the history where it knows them, else from the service."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from tui.commands.jobs.jobs import LIST_SECONDS
from tui.commands.shared.context import sign_in, started_services, time_limit, waiting_for_service
from tui.commands.shared.selection import ServiceChoice, choose_account, require_account
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.domain.jobs import Job
from tui.monitor.services import AppServices


class NamedJobs:
    """The services of one command about jobs. It signs in when something has to be asked for, and once.

    Attributes:
        services: of the command.
        asked: the service was asked.
    """

    def __init__(self, services: AppServices, choice: ServiceChoice, environ: Mapping[str, str]) -> None:
        self.services = services
        self.asked = False
        self._choice = choice
        self._environ = environ

    async def sign_in(self) -> None:
        """Sign in, where that was not done yet.

        Raises:
            UsageFault: there is no account, or none of the name asked for.
            QdeckError: the service refused or was not reached.
        """
        if self.asked:
            return
        if not self._choice.sandbox:
            require_account(self.services.account.found, self._choice)
        async with waiting_for_service(time_limit(self._choice, self._environ, LIST_SECONDS)):
            await sign_in(self.services, self._choice)
        self.asked = True

    async def ask_if_possible(self) -> None:
        """Sign in for what can be left out; where there is no account, or the service refuses, do not."""
        known = self._choice.sandbox or self.services.account.found
        if known:
            with contextlib.suppress(QdeckError):
                await self.sign_in()

    async def find(self, job_ids: Sequence[str], *, offline: bool = False) -> list[Job]:
        """Find jobs in the history, the others on the service, signing in for them.

        Args:
            job_ids: the jobs.
            offline: ask no service.

        Returns:
            The jobs, in order.

        Raises:
            UsageFault, QdeckError: as of `sign_in`; `NOT_FOUND`: there is no such job.
        """
        return [self._known(job_id) or await self._fetched(job_id, offline=offline) for job_id in job_ids]

    def _known(self, job_id: str) -> Job | None:
        job = self.services.jobs.get(job_id)
        if job is None:
            return None
        elsewhere = self._choice.sandbox and not job.service.startswith("sandbox")
        channel = self._choice.channel
        return None if elsewhere or (channel and not job.service.endswith(str(channel))) else job

    async def _fetched(self, job_id: str, *, offline: bool) -> Job:
        if offline:
            raise QdeckError(
                ErrorKind.NOT_FOUND,
                f"The history knows no job {plain(job_id, limit=60)!r}.",
                "Ask the service for it: leave --offline out.",
            )
        await self.sign_in()
        async with waiting_for_service(self._choice.timeout):
            return await self.services.jobs.fetch(job_id)


@asynccontextmanager
async def named_jobs(
    choice: ServiceChoice, environ: Mapping[str, str], *, submits: bool = False
) -> AsyncIterator[NamedJobs]:
    """The services for a command about jobs, nobody signed in yet; closed at the end.

    Args:
        choice: the service meant.
        environ: the environment.
        submits: jobs are submitted, those that wait too.

    Raises:
        UsageFault: no account has the name asked for.
    """
    environ = choice.environment(environ)
    async with started_services(environ, sends=submits, timeout=choice.timeout) as services:
        if not choice.sandbox:
            choose_account(services.account.found, choice)
        yield NamedJobs(services, choice, environ)
