"""Every request that the client makes, on both faces, with the question of the protocol that makes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.sandbox import FLIP, FaultySandbox
from tui.domain.accounts import Channel
from tui.domain.circuits import TranspileOptions
from tui.domain.jobs import JobQuery, Primitive
from tui.domain.sessions import SessionMode
from tui.domain.submissions import Submission
from tui.ibm.api.service import QuantumService
from tui.ibm.transport.request import Idempotency

TAG = "asked-for"
SUBMISSION = Submission(Primitive.SAMPLER, "ibm_peekskill", FLIP, 10, tags=(TAG,))
DEVICE = "ibm_peekskill"
PLATFORM, CLASSIC = Channel.PLATFORM, Channel.CLASSIC

Prepare = Callable[[FaultySandbox, Channel], Awaitable[str]]
Ask = Callable[[QuantumService, str], Awaitable[object]]


async def nothing(_sandbox: FaultySandbox, _channel: Channel) -> str:
    """Nothing is needed."""
    return ""


async def finished(sandbox: FaultySandbox, channel: Channel) -> str:
    """A job that has run."""
    return await sandbox.finished(channel)


async def held(sandbox: FaultySandbox, channel: Channel) -> str:
    """A job that does not end by itself."""
    return sandbox.put(channel, held=True).id


async def session(sandbox: FaultySandbox, channel: Channel) -> str:
    """An open batch."""
    return sandbox.session(channel)


_PAGES = 1 + 2 * 20 + 2
"""Of a list of sessions: the open ones, by mode where they are many, and the newest of each mode."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request and what makes the client send it.

    Attributes:
        path: with `*` for an id.
        ask: the question, given the service and the id that `prepare` made.
        signed: whether the client is signed in before.
        account: members of the account that are other than usual.
        first: a request that has to fail with 404 for this one to be made.
        bears: what the request carries: an access token that is renewed when it is refused ("renewed"), the
            API token or key for which one is given ("key"), a token that cannot be renewed ("token"), or
            nothing.
        requests: how many the question takes at most, each answered at once.
        left_out: kinds of faults that the question survives without this answer, by name.
    """

    channel: Channel
    method: str
    path: str
    ask: Ask
    prepare: Prepare = nothing
    idempotency: Idempotency = Idempotency.READS
    signed: bool = True
    account: tuple[tuple[str, str], ...] = ()
    first: str = ""
    bears: str = "renewed"
    requests: int = 2
    left_out: frozenset[str] = frozenset()
    body_read: str = "json"
    """What is read of the answer: `json`, `text` (anything will do) or `none`."""

    def __str__(self) -> str:
        return f"{self.channel}-{self.method}{self.path}"


def _runtime(channel: Channel, base: str) -> list[ApiCall]:
    """What both faces share."""
    job, jobs, sessions = f"{base}/jobs/*", f"{base}/jobs", f"{base}/sessions"
    backend = f"{base}/backends/*"

    def call(method: str, path: str, ask: Ask, prepare: Prepare = nothing, **other: object) -> ApiCall:
        return ApiCall(channel, method, path, ask, prepare, **other)  # type: ignore[arg-type]  # as the class says

    return [
        call("GET", jobs, lambda s, _: s.jobs(JobQuery(limit=5, tags=("x",)))),
        call("GET", job, lambda s, i: s.job(i, with_params=True), finished),
        call("POST", jobs, lambda s, _: s.submit(SUBMISSION), idempotency=Idempotency.CREATES),
        call("POST", f"{base}/sandbox/estimates", lambda s, _: s.simulation(SUBMISSION)),
        call("GET", f"{job}/results", lambda s, i: s.result(i), finished, body_read="text"),
        call("GET", f"{job}/metrics", lambda s, i: s.metrics(i), finished),
        call("GET", f"{job}/logs", lambda s, i: s.logs(i), finished, body_read="text"),
        call(
            "POST",
            f"{job}/cancel",
            lambda s, i: s.cancel(i),
            held,
            idempotency=Idempotency.CHANGES,
            body_read="none",
        ),
        call(
            "DELETE",
            job,
            lambda s, i: s.delete(i),
            finished,
            idempotency=Idempotency.CHANGES,
            body_read="none",
        ),
        call("PUT", f"{job}/tags", lambda s, i: s.set_tags(i, ("a", "b")), finished, body_read="none"),
        call(
            "POST",
            sessions,
            lambda s, _: s.open_session(DEVICE, SessionMode.BATCH, 600),
            idempotency=Idempotency.CREATES,
        ),
        call("GET", f"{sessions}/*", lambda s, i: s.session(i), session),
        call("PATCH", f"{sessions}/*", lambda s, i: s.drain_session(i), session, body_read="none"),
        call("DELETE", f"{sessions}/*/close", lambda s, i: s.close_session(i), session, body_read="none"),
        call("GET", f"{base}/backends", lambda s, _: s.backends()),
        call("GET", f"{backend}/configuration", lambda s, _: s.backend(DEVICE)),
        call("GET", f"{backend}/properties", lambda s, _: s.backend_data(DEVICE), body_read="text"),
    ]


_API = "/api/v1"
_SEEN = frozenset({"forbidden", "not found"})
CALLS: list[ApiCall] = [
    *_runtime(PLATFORM, _API),
    ApiCall(PLATFORM, "POST", "/identity/token", lambda s, _: s.sign_in(), signed=False, bears="key"),
    ApiCall(PLATFORM, "GET", f"{_API}/versions", lambda s, _: s.api_version(), bears="nothing"),
    ApiCall(PLATFORM, "GET", f"{_API}/workloads", lambda s, _: s.sessions(), requests=_PAGES),
    ApiCall(PLATFORM, "GET", f"{_API}/instances/usage", lambda s, _: s.usage()),
    ApiCall(PLATFORM, "GET", f"{_API}/tags", lambda s, _: s.tags(TAG)),
    ApiCall(
        PLATFORM,
        "GET",
        f"{_API}/instances/configuration",
        lambda s, _: s.account_details(),
        left_out=_SEEN,
    ),
    ApiCall(PLATFORM, "GET", f"{_API}/accounts/*", lambda s, _: s.account_details(), left_out=_SEEN),
    ApiCall(PLATFORM, "GET", f"{_API}/analytics/usage", lambda s, _: s.account_details(), left_out=_SEEN),
    ApiCall(
        PLATFORM,
        "GET",
        f"{_API}/analytics/usage_grouped",
        lambda s, _: s.account_details(),
        left_out=_SEEN,
    ),
    ApiCall(
        PLATFORM,
        "GET",
        f"/globalcatalog{_API}/*",
        lambda s, _: s.usage(),
        # Sent once: a name that is only shown.
        idempotency=Idempotency.CHANGES,
        left_out=frozenset({"any"}),
    ),
    ApiCall(PLATFORM, "POST", "/global-search/v3/resources/search", lambda s, _: s.instances()),
    ApiCall(
        PLATFORM,
        "GET",
        "/resource-controller/v2/resource_instances",
        lambda s, _: s.sign_in(),
        signed=False,
        account=(("instance", "sandbox"),),
    ),
    *_runtime(CLASSIC, "/runtime"),
    ApiCall(CLASSIC, "GET", "/auth/api/version", lambda s, _: s.sign_in(), signed=False, bears="nothing"),
    ApiCall(
        CLASSIC,
        "POST",
        "/auth/api/users/loginWithToken",
        lambda s, _: s.sign_in(),
        signed=False,
        bears="key",
    ),
    ApiCall(CLASSIC, "GET", "/auth/api/users/me", lambda s, _: s.sign_in(), signed=False),
    ApiCall(CLASSIC, "GET", "/auth/api/Network", lambda s, _: s.instances()),
    ApiCall(
        CLASSIC,
        "GET",
        "/runtime/users/me",
        lambda s, _: s.instances(),
        first="/auth/api/Network",
    ),
    ApiCall(
        CLASSIC,
        "POST",
        "/auth/api/users/logout",
        lambda s, _: s.sign_out(),
        idempotency=Idempotency.CHANGES,
        left_out=frozenset({"any"}),
        body_read="none",
    ),
    ApiCall(CLASSIC, "GET", "/runtime/usage", lambda s, _: s.usage()),
    ApiCall(CLASSIC, "GET", "/runtime/backends/*/status", lambda s, _: s.backend(DEVICE)),
    ApiCall(
        CLASSIC,
        "POST",
        "/transpile",
        lambda s, _: s.cloud_transpile(FLIP, DEVICE, TranspileOptions()),
        idempotency=Idempotency.CHANGES,
        bears="token",
    ),
    ApiCall(
        CLASSIC,
        "GET",
        "/transpile/*",
        lambda s, _: s.cloud_transpile(FLIP, DEVICE, TranspileOptions()),
        bears="token",
    ),
]
