"""Bodies of session requests, for both faces; members nobody knows are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tui.sandbox.base.errors import invalid
from tui.sandbox.base.http import LARGEST, flag
from tui.sandbox.db.models import Mode

DEFAULT_MAX_TTL = 28_800


def mode_of(body: Mapping[str, Any], default: Mode | None = None) -> Mode:
    """Raises ApiError 400 when it is missing (and has no default) or unknown."""
    mode = body.get("mode") or default
    if mode is None:
        raise invalid("mode is required")
    if mode not in ("dedicated", "batch"):
        raise invalid("mode must be one of dedicated, batch")
    return cast(Mode, mode)


def backend_of(body: Mapping[str, Any]) -> str:
    """The device's name, "" when the first job decides."""
    name = body.get("backend") or body.get("backend_name") or ""
    if not isinstance(name, str):
        raise invalid("backend must be a string")
    return name


def seconds_of(body: Mapping[str, Any], *names: str) -> int | None:
    """The first of some members that is there, as seconds of at least 1. Raises ApiError 400 otherwise."""
    for name in names:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST:
            raise invalid(f"{name} must be an integer of at least 1")
        return value
    return None


def accepting_of(body: Mapping[str, Any]) -> bool:
    """Raises ApiError 400 when `accepting_jobs` is missing or no boolean."""
    accepting = flag(body.get("accepting_jobs"))
    if accepting is None:
        raise invalid("accepting_jobs must be a boolean")
    return accepting
