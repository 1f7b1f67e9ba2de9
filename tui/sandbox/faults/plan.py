"""Faults on purpose: their syntax, the plan that assigns them to requests, and `/sandbox/faults`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tui.sandbox.base.errors import invalid_body, unauthenticated
from tui.sandbox.base.http import body_bytes, json_response
from tui.sandbox.base.tokens import equal_secrets

FAULTS_PATH = "/sandbox/faults"
GRAMMAR = "METHOD:PATH:KIND[=SECONDS][:COUNT[:SKIP]]"
_MAX_SECONDS = 3600.0
_MAX_COUNT = 1_000_000


class FaultKind(StrEnum):
    """Kinds of faults. Up to `REDIRECT` the request is not carried out; from `SLOW` on, it is."""

    STATUS_500 = "500"
    STATUS_502 = "502"
    """A gateway's page, as is 504; the others are in the form of the service."""
    STATUS_503 = "503"
    STATUS_504 = "504"
    RATE_LIMITED = "429"
    RATE_LIMITED_FOR = "429-wait"
    """With `Retry-After`: the fault's seconds."""
    RATE_LIMITED_UNTIL = "429-date"
    """The same, as a date: by the clock that the response's own `Date` is taken from."""
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    GATEWAY_FORBIDDEN = "403-html"
    """A gateway's page, which has nothing of the service's own refusal."""
    NOT_FOUND = "404"
    RESET = "reset"
    """The connection is reset before a response."""
    HANG = "hang"
    """No response, for as long as the client waits."""
    HTML = "html"
    """A page of something in between, with status 200."""
    REDIRECT = "redirect"
    """307 to another origin."""
    SLOW = "slow"
    """Half of the fault's seconds before the response, half between its chunks."""
    UNANSWERED = "unanswered"
    """The request is carried out, then the connection is reset."""
    GATEWAY_DONE = "504-done"
    """The request is carried out, but the gateway in between did not wait for it."""
    HALF = "half"
    """The response breaks off in the middle of its body."""
    INVALID_JSON = "invalid-json"
    HUGE = "huge"
    """The response, followed by white space up to 60 MB."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        method: of the request, or `*`.
        path: of the request; `*` stands for one part of it, `**` for any number.
        kind: what goes wrong.
        count: how many requests it applies to, 0 for all.
        skip: how many that match go well before.
        seconds: how long `slow` takes, or what `429-wait` and `429-date` ask for.
        target: where `redirect` leads; by default to the sandbox's port under another name.
    """

    method: str
    path: str
    kind: FaultKind
    count: int = 1
    skip: int = 0
    seconds: float = 2.0
    target: str = ""


def parse_fault(text: str) -> Fault:
    """Parse a fault of the command line, written as `GRAMMAR`.

    Raises:
        ValueError: with what is wrong.
    """
    form = r"(\*|[A-Za-z]+):(/[^:]*):([\w-]+)(?:=([\d.]+))?(?::(\d{1,9})(?::(\d{1,9}))?)?"
    match = re.fullmatch(form, text)
    if match is None:
        raise ValueError(f"{text!r} is not a fault; give it as {GRAMMAR}, e.g. GET:/api/v1/jobs:503:2")
    method, path, kind, seconds, count, skip = match.groups()
    optional = {"seconds": seconds, "count": count, "skip": skip}
    members = {"method": method, "path": path, "kind": kind}
    return fault_from_members(members | {name: value for name, value in optional.items() if value})


def fault_from_members(members: Mapping[str, Any]) -> Fault:
    """Return a fault from its members by name.

    Raises:
        ValueError: with what is wrong.
    """
    unknown = set(members) - {"method", "path", "kind", "count", "skip", "seconds", "target"}
    if unknown:
        raise ValueError(f"a fault has no member {sorted(unknown)[0]!r}")
    word = str(members.get("kind", ""))
    if word not in set(FaultKind):
        raise ValueError(f"{word!r} is no kind of fault; there are {', '.join(FaultKind)}")
    try:
        fault = Fault(
            method=str(members["method"]).upper(),
            path=str(members["path"]),
            kind=FaultKind(word),
            count=int(members.get("count", 1)),
            skip=int(members.get("skip", 0)),
            seconds=float(members.get("seconds", 2.0)),
            target=str(members.get("target", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a fault: {error}") from error
    if not (
        0 <= fault.count <= _MAX_COUNT
        and 0 <= fault.skip <= _MAX_COUNT
        and 0 <= fault.seconds <= _MAX_SECONDS
    ):
        raise ValueError("count, skip or seconds of a fault are out of range")
    return fault


@dataclass(slots=True)
class _Planned:
    fault: Fault
    pattern: re.Pattern[str]
    seen: int = 0
    hits: int = 0


@dataclass(slots=True)
class FaultPlan:
    """The faults in force: the first one that matches a request and is not used up applies to it."""

    _planned: list[_Planned] = field(default_factory=list)

    def set(self, faults: Iterable[Fault]) -> None:
        """Replace all faults."""
        self._planned = [_Planned(fault, _pattern(fault.path)) for fault in faults]

    def next_fault(self, method: str, path: str) -> Fault | None:
        """Count a request and return the fault that applies to it, None when none does."""
        for planned in self._planned:
            fault = planned.fault
            if fault.method not in ("*", method) or not planned.pattern.fullmatch(path):
                continue
            planned.seen += 1
            if planned.seen > fault.skip and (fault.count == 0 or planned.hits < fault.count):
                planned.hits += 1
                return fault
        return None

    def report(self) -> list[dict[str, Any]]:
        """Return every fault with how many requests it matched (`seen`) and applied to (`hits`)."""
        return [
            {**asdict(planned.fault), "seen": planned.seen, "hits": planned.hits} for planned in self._planned
        ]


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", path)
    words = {"**": ".*", "*": "[^/]+"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))


class FaultControl:
    """`/sandbox/faults`: the faults in force, read and replaced while the sandbox runs."""

    def __init__(self, plan: FaultPlan, api_key: str) -> None:
        self._plan = plan
        self._api_key = api_key

    async def endpoint(self, request: Request) -> Response:
        """GET or PUT /sandbox/faults: replace all faults if it is a PUT; 200 with the faults.

        Raises:
            ApiError: 401 without the API key as a bearer; 400 for what is no list of faults.
        """
        if not equal_secrets(request.headers.get("authorization", ""), f"Bearer {self._api_key}"):
            raise unauthenticated()
        if request.method == "PUT":
            self._plan.set(_parse_list(await body_bytes(request)))
        return json_response(self._plan.report())


def _parse_list(body: bytes) -> list[Fault]:
    """Parse faults in JSON: an array of objects, or of texts as on the command line."""
    try:
        items = json.loads(body)
        return [parse_fault(item) if isinstance(item, str) else fault_from_members(item) for item in items]
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise invalid_body(str(error)) from error
