"""What both generations of the runtime API share: jobs, sessions and backend data over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tui.common.clock import Clock
from tui.common.errors import ErrorKind, QdeckError
from tui.common.sanitize import plain
from tui.domain.accounts import Account
from tui.domain.backends import Backend, BackendData
from tui.domain.jobs import Job, JobMetrics, JobPage, JobQuery, SubmittedJob
from tui.domain.results import JobResult
from tui.domain.sessions import Session, SessionState
from tui.domain.submissions import Submission
from tui.ibm.auth.token_auth import TokenAuth
from tui.ibm.codec.backends import with_configuration, with_properties
from tui.ibm.codec.jobs import (
    decode_created,
    decode_job,
    decode_metrics,
    decode_page,
    decode_submitted,
    query_parameters,
)
from tui.ibm.codec.payloads import check_tags, job_body
from tui.ibm.codec.sessions import decode_session
from tui.ibm.results.offload import decode_file_aside, decode_result_aside, decoded_aside
from tui.ibm.transport.client import Answer, Call, HttpClient, Safety, path

T = TypeVar("T")
_LOG_CHARACTERS = 1_000_000


class RuntimeService:
    """The calls that have the same path and shape on the platform and on the classic service.

    `_base` and `_instance` are set when signing in.
    """

    def __init__(self, account: Account, http: HttpClient, calls: TokenAuth, clock: Clock, base: str) -> None:
        self._account = account
        self._http = http
        self._calls = calls
        self._clock = clock
        self._base = base
        self._instance = ""
        self._backend_of: dict[str, str] = {}

    @property
    def account(self) -> Account:
        """The account it was made for; the sandbox's as soon as the service said that it is one."""
        if self._http.simulated and not self._account.sandbox:
            self._account = replace(self._account, sandbox=True)
        return self._account

    @property
    def label(self) -> str:
        """`platform` or `classic`, with `sandbox ` before it for the sandbox."""
        return f"{'sandbox ' if self.account.sandbox else ''}{self._account.channel.value}"

    @property
    def answers(self) -> int:
        """How many answers the runtime gave so far, refusals too."""
        return self._calls.answers

    @property
    def clock_skew(self) -> float | None:
        """Seconds that the service's clock is ahead of this machine's; `None` before any answer."""
        return self._http.skew

    async def jobs(self, query: JobQuery) -> JobPage:
        """One request: the jobs that match, newest first, without their params."""
        where = "GET /jobs"
        answer = await self._get("/jobs", where, tuple(query_parameters(query)) + self._list_filter())
        return await self._decoded(answer, where, decode_page)

    async def job(self, job_id: str, *, with_params: bool = False) -> Job:
        """One job; with its circuit when `with_params`."""
        where = "GET /jobs/{id}"
        query = (("exclude_params", "false" if with_params else "true"),)
        answer = await self._get(path("jobs", job_id), where, query)
        return await self._decoded(answer, where, decode_job)

    async def submitted(self, job_id: str) -> SubmittedJob:
        """One job with its circuit in the form it was submitted."""
        where = "GET /jobs/{id}"
        answer = await self._get(path("jobs", job_id), where, (("exclude_params", "false"),))
        return await self._decoded(answer, where, decode_submitted)

    async def submit(self, submission: Submission) -> Job:
        """Create a job: one POST, never repeated here."""
        where = "POST /jobs"
        body = job_body(submission) | self._job_extras()
        answer = await self._calls.send(Call("POST", f"{self._base}/jobs", where, Safety.CREATES, body=body))
        try:
            return decode_created(
                answer.body,
                where,
                submission,
                service=self.label,
                instance=self._instance,
                now=self._clock.now(),
            )
        except QdeckError as error:
            unread = error
        raise QdeckError(
            ErrorKind.UNCONFIRMED,
            f"The job was taken, but its id could not be read: {unread.message}",
            "Look for it in the list of jobs before submitting again.",
            status=answer.status,
        )

    async def result(self, job_id: str, *, once: bool = False, limit: int | None = None) -> JobResult:
        """The result of a finished job; what cannot be decoded is kept raw, with a note.

        With `once` the request is sent once, and an end that leaves open whether the service handed the
        result out is `UNCONFIRMED`: reading a private job's result deletes it.
        """
        where = "GET /jobs/{id}/results"
        place = f"{self._base}{path('jobs', job_id, 'results')}"
        safety = Safety.CREATES if once else Safety.READS
        answer = await self._calls.send(Call("GET", place, where, safety, large=True, limit=limit))
        if answer.file is not None:
            return await decode_file_aside(answer.file)
        if answer.status == 204 or not answer.body.strip():
            raise QdeckError(
                ErrorKind.NOT_FOUND, "The service keeps no result of this job.", status=answer.status
            )
        return await decode_result_aside(answer.body)

    async def metrics(self, job_id: str) -> JobMetrics:
        """What the service measured."""
        where = "GET /jobs/{id}/metrics"
        return decode_metrics((await self._get(path("jobs", job_id, "metrics"), where)).body, where)

    async def logs(self, job_id: str) -> str:
        """The job's log with control characters made visible, empty when there is none."""
        call = Call(
            "GET",
            f"{self._base}{path('jobs', job_id, 'logs')}",
            "GET /jobs/{id}/logs",
            headers={"Accept": "*/*"},
        )
        try:
            answer = await self._calls.send(call)
        except QdeckError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
        else:
            return await decoded_aside(answer.body, lambda: _shown(answer.body))
        # No log and no job are the same answer: asking for the job tells them apart.
        await self.job(job_id)
        return ""

    async def cancel(self, job_id: str) -> None:
        """Cancel. `CONFLICT` when it is already final."""
        await self._change("POST", path("jobs", job_id, "cancel"), "POST /jobs/{id}/cancel")

    async def delete(self, job_id: str) -> None:
        """Delete a final job on the service."""
        await self._change("DELETE", path("jobs", job_id), "DELETE /jobs/{id}")

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the job's tags."""
        check_tags(tags)
        # Replacing twice is the same as once.
        call = Call(
            "PUT",
            f"{self._base}{path('jobs', job_id, 'tags')}",
            "PUT /jobs/{id}/tags",
            body={"tags": list(tags)},
        )
        await self._calls.send(call)

    async def session(self, session_id: str) -> Session:
        """One session."""
        where = "GET /sessions/{id}"
        answer = await self._get(path("sessions", session_id), where)
        # The service tells no backend before the session's first job (contract 5.11); this client knows it.
        return decode_session(
            answer.body,
            where,
            service=self.label,
            instance=self._instance,
            now=self._clock.now(),
            backend=self._backend_of.get(session_id, ""),
        )

    async def drain_session(self, session_id: str) -> None:
        """Take no more jobs; close when its queue is empty."""
        call = Call(
            "PATCH",
            f"{self._base}{path('sessions', session_id)}",
            "PATCH /sessions/{id}",
            body={"accepting_jobs": False},
        )
        await self._change_session(call, session_id, lambda session: not session.takes_jobs)

    async def close_session(self, session_id: str) -> None:
        """Close now: queued jobs are dropped, running ones finish."""
        call = Call(
            "DELETE",
            f"{self._base}{path('sessions', session_id, 'close')}",
            "DELETE /sessions/{id}/close",
        )
        await self._change_session(call, session_id, lambda session: session.state is SessionState.CLOSED)

    async def _change_session(self, call: Call, session_id: str, done: Callable[[Session], bool]) -> None:
        """Send a change that may be repeated; one that an earlier sending made already is no failure."""
        try:
            await self._calls.send(call)
        except QdeckError as error:
            if not error.repeated or error.kind not in {ErrorKind.NOT_FOUND, ErrorKind.CONFLICT}:
                raise
            refused = error
        else:
            return
        try:
            session = await self.session(session_id)
        except QdeckError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return
            raise refused from error
        if not done(session):
            raise refused

    async def backend_data(self, name: str) -> BackendData:
        """Configuration and properties, as sent."""
        configuration, properties = await asyncio.gather(
            self._backend_part(name, "configuration"), self._backend_part(name, "properties")
        )
        return BackendData(name, configuration, properties)

    async def _open_session(self, body: dict[str, object], asked: Session) -> Session:
        """Create a session; `asked` stands in for what the answer leaves out."""
        where = "POST /sessions"
        try:
            answer = await self._calls.send(
                Call("POST", f"{self._base}/sessions", where, Safety.CREATES, body=body)
            )
        except QdeckError as error:
            if error.kind is ErrorKind.UNCONFIRMED:
                error.advice = self._how_to_find(asked)
            raise
        try:
            session = decode_session(
                answer.body,
                where,
                service=self.label,
                instance=self._instance,
                now=self._clock.now(),
                backend=asked.backend,
                mode=asked.mode,
                max_ttl=asked.max_ttl,
            )
        except QdeckError as error:
            # It is open, and it costs.
            raise QdeckError(
                ErrorKind.UNCONFIRMED,
                f"The session was opened, but its id could not be read: {error.message}",
                self._how_to_find(asked),
                status=answer.status,
            ) from None
        self._backend_of[session.id] = session.backend
        return session if session.created else replace(session, created=self._clock.now())

    def _how_to_find(self, asked: Session) -> str:
        """What to do about a session that may be open, and cost, though its id is not known."""
        return "Look for it in the list of sessions, and close it there, before opening another."

    async def _with_details(self, backend: Backend) -> Backend:
        """The backend with the facts of its configuration and the medians of its properties."""
        data = await self.backend_data(backend.name)
        known = with_configuration(backend, data.configuration, "GET /backends/{name}/configuration")
        return await with_properties(known, data.properties, "GET /backends/{name}/properties")

    async def _backend_part(self, name: str, part: str) -> bytes:
        where = f"GET /backends/{{name}}/{part}"
        return (await self._get(path("backends", name, part), where)).body

    async def _decoded(self, answer: Answer, where: str, decoding: Callable[..., T]) -> T:
        """What a decoder of jobs makes of the answer; params may hold megabytes of circuits."""
        known = {"service": self.label, "instance": self._instance, "now": self._clock.now()}
        return await decoded_aside(answer.body, lambda: decoding(answer.body, where, **known))

    async def _get(self, place: str, where: str, query: tuple[tuple[str, str], ...] = ()) -> Answer:
        return await self._calls.send(Call("GET", f"{self._base}{place}", where, query=query))

    async def _change(self, method: str, place: str, where: str) -> None:
        await self._calls.send(Call(method, f"{self._base}{place}", where, Safety.CHANGES))

    def _list_filter(self) -> tuple[tuple[str, str], ...]:
        """What a job list is asked with besides the query."""
        return ()

    def _job_extras(self) -> dict[str, object]:
        """What a job's body holds besides the submission."""
        return {}


def _shown(log: bytes) -> str:
    return plain(log.decode("utf-8", "replace"), limit=_LOG_CHARACTERS, lines=True)
