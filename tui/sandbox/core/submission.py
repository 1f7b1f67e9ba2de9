"""Submissions: the body of `POST /jobs`, validated member by member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.sandbox.base.errors import ApiError, invalid_body
from tui.sandbox.base.http import parse_bool
from tui.sandbox.simulator.primitives.validation import validate_params

_MAX_TAGS = 8
_MAX_TAG_LENGTH = 86
_MAX_COST = 10_800
_LOG_LEVELS = frozenset({"critical", "error", "warning", "info", "debug"})
_START_SESSION = (
    "Starting a session using the /jobs endpoint is no longer supported. Use the /sessions endpoint instead."
)


@dataclass(frozen=True, slots=True)
class Submission:
    """A validated submission.

    Attributes:
        cost: maximum execution time in QPU seconds, None for the instance's own default.
    """

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


def parse_submission(body: Mapping[str, Any]) -> Submission:
    """Validate the body of a submission; unknown members are ignored, but not inside `params`.

    Raises:
        ApiError: 400 with code 1208 (or 1204, 1205 for tags).
    """
    program = _text(body, "program_id", 10_000, required=True)
    backend = _text(body, "backend", 255, required=True)
    params = body.get("params")
    if not isinstance(params, Mapping):
        raise invalid_body("body.params must be an object")
    if parse_bool(body.get("start_session")):
        raise invalid_body(_START_SESSION)
    level = str(body.get("log_level") or "warning").lower()
    if level not in _LOG_LEVELS:
        raise invalid_body(f"body.log_level must be one of {', '.join(sorted(_LOG_LEVELS))}")
    problem = validate_params(program, dict(params))
    if problem is not None:
        raise invalid_body(problem)
    return Submission(
        program_id=program,
        backend=backend,
        params=params,
        tags=parse_tags(body.get("tags")),
        log_level=level,
        cost=_cost(body.get("cost")),
        session_id=_text(body, "session_id", 36),
        calibration_id=_text(body, "calibration_id", 100),
        private=bool(parse_bool(body.get("private"), False)),
        runtime=_text(body, "runtime", 1000),
    )


def parse_tags(value: object) -> tuple[str, ...]:
    """Validate the tags of a body: at most 8, of at most 86 characters each.

    Raises:
        ApiError: 400 with code 1204 (too many), 1205 (too long) or 1208 (not strings).
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise invalid_body("body.tags must be an array of strings")
    if len(value) > _MAX_TAGS:
        message = f"Exceeds the maximum number of tags a job can have ({len(value)} > {_MAX_TAGS})."
        raise ApiError(400, 1204, message)
    longest = max(map(len, value), default=0)
    if longest > _MAX_TAG_LENGTH:
        message = f"Exceeds the maximum length of a tag ({longest} > {_MAX_TAG_LENGTH})."
        raise ApiError(400, 1205, message)
    return tuple(value)


def _text(body: Mapping[str, Any], name: str, longest: int, *, required: bool = False) -> str:
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise invalid_body(f"body.{name} must be a string")
    if len(value) > longest or (required and not value):
        raise invalid_body(f"body.{name} must be 1 to {longest} characters long")
    return value


def _cost(value: object) -> int | None:
    """Maximum execution time; above the service's own maximum it is capped, not refused."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise invalid_body("body.cost must be an integer of at least 0")
    return min(value, _MAX_COST)
