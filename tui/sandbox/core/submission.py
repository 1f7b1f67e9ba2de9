"""A `POST /jobs` body, checked member by member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.sandbox.base.errors import ApiError, invalid
from tui.sandbox.base.http import flag
from tui.sandbox.simulator.primitives.validation import validate_params

MAX_TAGS = 8
MAX_TAG_LENGTH = 86
MAX_COST = 10_800
LOG_LEVELS = frozenset({"critical", "error", "warning", "info", "debug"})
_START_SESSION = (
    "Starting a session using the /jobs endpoint is no longer supported. Use the /sessions endpoint instead."
)


@dataclass(frozen=True, slots=True)
class Submission:
    """What a client asks to run. `cost` is in QPU seconds, None for the instance's own default."""

    program_id: str
    backend: str
    params: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    log_level: str = "warning"
    cost: int | None = None
    session_id: str = ""
    calibration_id: str = ""
    private: bool = False
    runtime: str = ""


def submission(body: Mapping[str, Any]) -> Submission:
    """Read a body; members nobody knows are ignored, but not inside `params`.

    Raises:
        ApiError: 400 with code 1208 (or 1204, 1205 for tags).
    """
    program = _text(body, "program_id", 10_000, required=True)
    backend = _text(body, "backend", 255, required=True)
    params = body.get("params")
    if not isinstance(params, Mapping):
        raise invalid("body.params must be an object")
    if flag(body.get("start_session")):
        raise invalid(_START_SESSION)
    level = str(body.get("log_level") or "warning").lower()
    if level not in LOG_LEVELS:
        raise invalid(f"body.log_level must be one of {', '.join(sorted(LOG_LEVELS))}")
    problem = validate_params(program, dict(params))
    if problem is not None:
        raise invalid(problem)
    return Submission(
        program_id=program,
        backend=backend,
        params=params,
        tags=tag_list(body.get("tags")),
        log_level=level,
        cost=_cost(body.get("cost")),
        session_id=_text(body, "session_id", 36),
        calibration_id=_text(body, "calibration_id", 100),
        private=bool(flag(body.get("private"), False)),
        runtime=_text(body, "runtime", 1000),
    )


def tag_list(value: object) -> tuple[str, ...]:
    """Tags of a body: at most 8, of at most 86 characters each.

    Raises:
        ApiError: 400 with code 1204 (too many), 1205 (too long) or 1208 (not strings).
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise invalid("body.tags must be an array of strings")
    if len(value) > MAX_TAGS:
        message = f"Exceeds the maximum number of tags a job can have ({len(value)} > {MAX_TAGS})."
        raise ApiError(400, 1204, message)
    longest = max(map(len, value), default=0)
    if longest > MAX_TAG_LENGTH:
        message = f"Exceeds the maximum length of a tag ({longest} > {MAX_TAG_LENGTH})."
        raise ApiError(400, 1205, message)
    return tuple(value)


def _text(body: Mapping[str, Any], name: str, longest: int, *, required: bool = False) -> str:
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise invalid(f"body.{name} must be a string")
    if len(value) > longest or (required and not value):
        raise invalid(f"body.{name} must be 1 to {longest} characters long")
    return value


def _cost(value: object) -> int | None:
    """Maximum execution time; above the service's own maximum it is capped, not refused."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise invalid("body.cost must be an integer of at least 0")
    return min(value, MAX_COST)
