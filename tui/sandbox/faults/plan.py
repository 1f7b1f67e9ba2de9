"""What goes wrong on purpose: faults as they are asked for, and which request meets which one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

GRAMMAR = "METHOD:PATH:KIND[=SECONDS][:COUNT[:SKIP]]"
_LONGEST = 3600.0
_MOST = 1_000_000


class Kind(StrEnum):
    """How a request ends. Up to `REDIRECT` nothing of what it asks for is done; from `SLOW` on, all of it."""

    STATUS_500 = "500"
    STATUS_502 = "502"
    """A gateway's page, as is 504; the others are in the words of the service."""
    STATUS_503 = "503"
    STATUS_504 = "504"
    RATE_LIMITED = "429"
    RATE_LIMITED_FOR = "429-wait"
    """With `Retry-After`: the fault's seconds."""
    RATE_LIMITED_UNTIL = "429-date"
    """The same, as a date: by the clock that the answer's own `Date` is taken from."""
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    RESET = "reset"
    """The connection is reset before an answer."""
    HANG = "hang"
    """No answer, for as long as the client waits."""
    HTML = "html"
    """A page of something in between, with status 200."""
    REDIRECT = "redirect"
    """307 to another origin."""
    SLOW = "slow"
    """Half of the fault's seconds before the answer, half between its pieces."""
    UNANSWERED = "unanswered"
    """What was asked is done, then the connection is reset."""
    GATEWAY_DONE = "504-done"
    """What was asked is done, but the gateway in between did not wait for it."""
    HALF = "half"
    """The answer breaks off in the middle of its body."""
    INVALID_JSON = "invalid-json"
    HUGE = "huge"
    """The answer, followed by white space up to 60 MB."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        method: of the request, or `*`.
        path: of the request; `*` stands for one part of it, `**` for any number.
        count: how many requests meet it, 0 for all.
        skip: how many that match go well before.
        seconds: how long `slow` takes, or what `429-wait` and `429-date` ask for.
        target: where `redirect` leads; by default to the sandbox's port under another name.
    """

    method: str
    path: str
    kind: Kind
    count: int = 1
    skip: int = 0
    seconds: float = 2.0
    target: str = ""


def parse(text: str) -> Fault:
    """A fault from its form on the command line, `GRAMMAR`.

    Raises:
        ValueError: with what is wrong.
    """
    form = r"(\*|[A-Za-z]+):(/[^:]*):([\w-]+)(?:=([\d.]+))?(?::(\d{1,9})(?::(\d{1,9}))?)?"
    match = re.fullmatch(form, text)
    if match is None:
        raise ValueError(f"{text!r} is not a fault; give it as {GRAMMAR}, e.g. GET:/api/v1/jobs:503:2")
    method, path, kind, seconds, count, skip = match.groups()
    given = {"seconds": seconds, "count": count, "skip": skip}
    return fault_of({"method": method, "path": path, "kind": kind, **{k: v for k, v in given.items() if v}})


def fault_of(members: Mapping[str, Any]) -> Fault:
    """A fault from its members by name.

    Raises:
        ValueError: with what is wrong.
    """
    unknown = set(members) - {"method", "path", "kind", "count", "skip", "seconds", "target"}
    if unknown:
        raise ValueError(f"a fault has no member {sorted(unknown)[0]!r}")
    word = str(members.get("kind", ""))
    if word not in set(Kind):
        raise ValueError(f"{word!r} is no kind of fault; there are {', '.join(Kind)}")
    try:
        made = Fault(
            method=str(members["method"]).upper(),
            path=str(members["path"]),
            kind=Kind(word),
            count=int(members.get("count", 1)),
            skip=int(members.get("skip", 0)),
            seconds=float(members.get("seconds", 2.0)),
            target=str(members.get("target", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a fault: {error}") from error
    if not (0 <= made.count <= _MOST and 0 <= made.skip <= _MOST and 0 <= made.seconds <= _LONGEST):
        raise ValueError("count, skip or seconds of a fault are out of range")
    return made


@dataclass(slots=True)
class _Planned:
    fault: Fault
    pattern: re.Pattern[str]
    seen: int = 0
    hits: int = 0


@dataclass(slots=True)
class FaultPlan:
    """The faults in force, in order: a request meets the first one that is its own and not used up."""

    _planned: list[_Planned] = field(default_factory=list)

    def set(self, faults: Iterable[Fault]) -> None:
        """Put these in place of all others."""
        self._planned = [_Planned(fault, _pattern(fault.path)) for fault in faults]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets."""
        for planned in self._planned:
            fault = planned.fault
            if fault.method not in ("*", method) or not planned.pattern.fullmatch(path):
                continue
            planned.seen += 1
            if planned.seen > fault.skip and (fault.count == 0 or planned.hits < fault.count):
                planned.hits += 1
                return fault
        return None

    def told(self) -> list[dict[str, Any]]:
        """Every fault with how many requests matched (`seen`) and met it (`hits`)."""
        return [
            {**asdict(planned.fault), "seen": planned.seen, "hits": planned.hits} for planned in self._planned
        ]


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", path)
    words = {"**": ".*", "*": "[^/]+"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
