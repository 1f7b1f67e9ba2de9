"""Jobs, sessions and backend data over HTTP: the calls that both generations of the runtime API share."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar, TypeVar

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.common.timing import Clock
from tui.domain.accounts import Account, Identity
from tui.domain.devices.backends import Backend, BackendData
from tui.domain.jobs import Job, JobMetrics, JobPage, JobQuery, SubmittedJob
from tui.domain.results import JobResult
from tui.domain.sessions import Session, SessionMode, SessionState
from tui.domain.submissions import SimulationEstimate, Submission
from tui.ibm.auth.tokens import AccessToken, TokenAuth, TokenManager
from tui.ibm.codec.backends import with_configuration, with_properties
from tui.ibm.codec.decoding import Provenance, decode_any_size
from tui.ibm.codec.job_requests import check_tags, job_body, query_parameters
from tui.ibm.codec.jobs import (
    decode_created,
    decode_estimate,
    decode_job,
    decode_metrics,
    decode_page,
    decode_submitted,
)
from tui.ibm.codec.sessions import decode_session
from tui.ibm.results.offload import offload_result, offload_result_file
from tui.ibm.transport.client import HttpClient
from tui.ibm.transport.request import Idempotency, Query, Request, Response, Value

T = TypeVar("T")
LIST_BYTES = 4 * 1024 * 1024
"""Bytes of a job list that are read; 200 jobs without their circuits take about 150,000."""
_LOG_CHARACTERS = 1_000_000
_WITHOUT_PARAMS: Query = (("exclude_params", "true"),)
_WITH_PARAMS: Query = (("exclude_params", "false"),)


class RuntimeService(ABC):
    """The part of `QuantumService` with the same paths and shapes on the platform and the classic service.

    `_base` and `_instance` are set when signing in.

    Args:
        account: who and where.
        http: the client of the account's hosts.
        tokens: gives the access token.
        clock: source of time.
        base: base URL of the runtime API.
    """

    _MAX_TTL: ClassVar = "max_ttl"
    """Name of a session's time to live in the body that opens it."""

    def __init__(
        self, account: Account, http: HttpClient, tokens: TokenManager, clock: Clock, base: str
    ) -> None:
        self._account = account
        self._http = http
        self._tokens = tokens
        self._auth = TokenAuth(http, tokens, self._headers)
        self._clock = clock
        self._base = base
        self._instance = ""
        self._instance_name = ""
        self._notice = ""
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
        """Number of responses of the runtime so far, refusals too."""
        return self._auth.answers

    @property
    def under_way(self) -> int:
        """Number of requests to the runtime that are waited for now."""
        return self._auth.under_way

    @property
    def clock_skew(self) -> float | None:
        """Seconds that the service's clock is ahead of this machine's; `None` before any response."""
        return self._http.skew

    async def renew(self) -> Identity:
        """Make sure that the access token lives on: renew it when little of its life is left."""
        await self._tokens.get()
        return self._identity()

    async def jobs(self, query: JobQuery) -> JobPage:
        """Return the jobs that match, newest first, without their params: one request."""
        parameters = (*query_parameters(query), *self._list_filter())
        response = await self._auth.send(Request(self._base, "GET /jobs", query=parameters, cut=LIST_BYTES))
        return await self._decoded(response, partial(decode_page, cut=response.cut))

    async def job(
        self, job_id: str, *, with_params: bool = False, once: bool = False, limit: int | None = None
    ) -> Job:
        """Return one job; with its circuit and its role when `with_params` (`QuantumService.job`)."""
        query = _WITH_PARAMS if with_params else _WITHOUT_PARAMS
        repeated = Idempotency.READS_ONCE if once else Idempotency.READS
        request = Request(self._base, "GET /jobs/{id}", (job_id,), repeated, query=query, limit=limit)
        return await self._decoded(await self._auth.send(request), decode_job)

    async def submitted(self, job_id: str) -> SubmittedJob:
        """Return one job with its circuit in the form it was submitted."""
        response = await self._get("GET /jobs/{id}", job_id, query=_WITH_PARAMS)
        return await self._decoded(response, decode_submitted)

    async def simulation(self, submission: Submission) -> SimulationEstimate | None:
        """Estimate how long the sandbox takes for a job; None on a real service."""
        if not self.account.sandbox:
            return None
        body = job_body(submission) | self._job_extras()
        response = await self._auth.send(Request(self._base, "POST /sandbox/estimates", (), body=body))
        return decode_estimate(response.body, response.where)

    async def submit(self, submission: Submission) -> Job:
        """Create a job: one POST, never repeated here (`QuantumService.submit`)."""
        body = job_body(submission) | self._job_extras()
        response = await self._create("POST /jobs", body)
        try:
            return decode_created(response.body, response.where, self._provenance(), submission)
        except QdeckError as error:
            unread = error
        message = f"The job was taken, but its id could not be read: {unread.message}"
        advice = "Look for it in the list of jobs before submitting again."
        raise QdeckError(ErrorKind.UNCONFIRMED, message, advice, status=response.status)

    async def result(
        self, job_id: str, *, once: bool = False, limit: int | None = None, short: bool = False
    ) -> JobResult:
        """Return the result of a finished job; what cannot be decoded is kept raw, with a note.

        Args:
            job_id: the job.
            once: send the request once, and let an end that leaves open whether the service handed the result
                out be `UNCONFIRMED`: reading a private job's result deletes it.
            limit: bytes above which the response is broken off; `None`: as many as a result may have.
            short: counts that are too many are summed up.

        Raises:
            QdeckError: as `QuantumService.result`.
        """
        response = await self._auth.send(
            Request(
                self._base,
                "GET /jobs/{id}/results",
                (job_id,),
                Idempotency.CREATES if once else Idempotency.READS,
                large=True,
                limit=limit,
            )
        )
        if response.file is not None:
            return await offload_result_file(response.file, short=short)
        if response.status == 204 or not response.body.strip():
            raise QdeckError(
                ErrorKind.NOT_FOUND, "The service keeps no result of this job.", status=response.status
            )
        return await offload_result(response.body, short=short)

    async def metrics(self, job_id: str) -> JobMetrics:
        """Return what the service measured of a job."""
        response = await self._get("GET /jobs/{id}/metrics", job_id)
        return decode_metrics(response.body, response.where)

    async def logs(self, job_id: str) -> str:
        """Return the job's log with control characters made visible; empty when there is none."""
        request = Request(self._base, "GET /jobs/{id}/logs", (job_id,), headers={"Accept": "*/*"})
        try:
            log = (await self._auth.send(request)).body
        except QdeckError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
        else:
            return await decode_any_size(log, lambda: _shown(log))
        # No log and no job are the same answer: asking for the job decides.
        await self.job(job_id)
        return ""

    async def cancel(self, job_id: str) -> None:
        """Cancel a job; `CONFLICT` when it is already final."""
        await self._change("POST /jobs/{id}/cancel", job_id)

    async def delete(self, job_id: str) -> None:
        """Delete a final job on the service."""
        await self._change("DELETE /jobs/{id}", job_id)

    async def set_tags(self, job_id: str, tags: tuple[str, ...]) -> None:
        """Replace the job's tags."""
        check_tags(tags)
        # Replacing twice is the same as once.
        request = Request(self._base, "PUT /jobs/{id}/tags", (job_id,), body={"tags": list(tags)})
        await self._auth.send(request)

    async def session(self, session_id: str) -> Session:
        """Return one session."""
        response = await self._get("GET /sessions/{id}", session_id)
        # The service names no backend before the session's first job (contract 5.11); this client knows it.
        backend = self._backend_of.get(session_id, "")
        return decode_session(response.body, response.where, self._provenance(), backend=backend)

    async def drain_session(self, session_id: str) -> None:
        """Let a session take no more jobs; it closes when its queue is empty."""
        request = Request(self._base, "PATCH /sessions/{id}", (session_id,), body={"accepting_jobs": False})
        await self._change_session(request, lambda session: not session.takes_jobs)

    async def close_session(self, session_id: str) -> None:
        """Close a session now: queued jobs are dropped, running ones finish."""
        request = Request(self._base, "DELETE /sessions/{id}/close", (session_id,))
        await self._change_session(request, lambda session: session.state is SessionState.CLOSED)

    async def _change_session(self, request: Request, done: Callable[[Session], bool]) -> None:
        """Send a change that may be repeated; one that an earlier sending made already is no failure."""
        try:
            await self._auth.send(request)
        except QdeckError as error:
            if not error.repeated or error.kind not in {ErrorKind.NOT_FOUND, ErrorKind.CONFLICT}:
                raise
            refused = error
        else:
            return
        try:
            session = await self.session(*request.ids)
        except QdeckError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return
            raise refused from error
        if not done(session):
            raise refused

    async def backend_data(self, name: str, before: datetime | None = None) -> BackendData:
        """Return configuration and properties of a backend, as sent (`QuantumService.backend_data`)."""
        query = () if before is None else (("updated_before", before.astimezone(UTC).isoformat()),)
        configuration, properties = await asyncio.gather(
            self._get("GET /backends/{name}/configuration", name),
            self._get("GET /backends/{name}/properties", name, query=query),
        )
        return BackendData(name, configuration.body, properties.body)

    async def open_session(self, backend: str, mode: SessionMode, max_ttl: int | None = None) -> Session:
        """Open a session or batch (`QuantumService.open_session`).

        Not by a first job with `start_session`, the older way: the service has refused that since March 2024
        (400, code 1208), and until such a job there would be no id to show, to use or to close.
        """
        body: dict[str, object] = {"mode": mode.value, "backend": backend, **self._session_extras()}
        if max_ttl is not None:
            body[self._MAX_TTL] = max_ttl
        try:
            response = await self._create("POST /sessions", body)
        except QdeckError as error:
            if error.kind is ErrorKind.UNCONFIRMED:
                error.advice = self._how_to_find(max_ttl)
            raise
        try:
            session = decode_session(
                response.body, response.where, self._provenance(), backend=backend, mode=mode, max_ttl=max_ttl
            )
        except QdeckError as error:
            # It is open, and it costs.
            raise QdeckError(
                ErrorKind.UNCONFIRMED,
                f"The session was opened, but its id could not be read: {error.message}",
                self._how_to_find(max_ttl),
                status=response.status,
            ) from None
        self._backend_of[session.id] = session.backend
        return session if session.created else replace(session, created=self._clock.now())

    def _how_to_find(self, max_ttl: int | None) -> str:
        """Return the advice on a session that may be open, and cost, though its id is not known."""
        return "Look for it in the list of sessions, and close it there, before opening another."

    async def _with_details(self, backend: Backend, data: BackendData | None) -> Backend:
        """Return the backend with the facts of its configuration and the medians of its properties."""
        data = data or await self.backend_data(backend.name)
        known = with_configuration(backend, data.configuration, "GET /backends/{name}/configuration")
        return await with_properties(known, data.properties, "GET /backends/{name}/properties")

    def _provenance(self) -> Provenance:
        return Provenance(self.label, self._instance, self._clock.now())

    async def _decoded(self, response: Response, decoder: Callable[[bytes, str, Provenance], T]) -> T:
        """Decode jobs in the background where they are large: params may hold megabytes of circuits."""
        origin = self._provenance()
        return await decode_any_size(response.body, lambda: decoder(response.body, response.where, origin))

    async def _get(self, where: str, *ids: str, query: Query = ()) -> Response:
        return await self._auth.send(Request(self._base, where, ids, query=query))

    async def _create(self, where: str, body: dict[str, object]) -> Response:
        return await self._auth.send(Request(self._base, where, (), Idempotency.CREATES, body=body))

    async def _change(self, where: str, *ids: str) -> None:
        await self._auth.send(Request(self._base, where, ids, Idempotency.CHANGES))

    @abstractmethod
    def _headers(self, token: AccessToken) -> Mapping[str, Value]:
        """Return the headers that every request carries."""

    @abstractmethod
    def _hosts(self) -> tuple[str, ...]:
        """Return the hosts of the account, each with its port: what a screen shows."""

    def _identity(self) -> Identity:
        token = self._tokens.current
        return Identity(
            account=self._account.name,
            channel=self._account.channel,
            instance=self._instance,
            instance_name=self._instance_name,
            sandbox=self.account.sandbox,
            expires=token.expires if token else None,
            cloud_transpiler=self._transpiles(),
            hosts=self._hosts(),
            notice=self._notice,
            unverified=not self._account.route.verify,
        )

    def _transpiles(self) -> bool:
        """Return whether the service has a cloud transpiler."""
        return False

    def _session_extras(self) -> dict[str, object]:
        """Return what the body that opens a session holds besides."""
        return {}

    def _list_filter(self) -> Query:
        """Return what a job list is asked with besides the query."""
        return ()

    def _job_extras(self) -> dict[str, object]:
        """Return what a job's body holds besides the submission."""
        return {}


def _shown(log: bytes) -> str:
    return plain(log.decode("utf-8", "replace"), limit=_LOG_CHARACTERS, lines=True)
