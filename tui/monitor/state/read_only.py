"""Refuse commands that change something on the service, in an app that was started read-only."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from tui.common.errors import ErrorKind, QdeckError
from tui.monitor.state.app_state import AppState

P = ParamSpec("P")
R = TypeVar("R")


class _Part(Protocol):
    _app_state: AppState


D = TypeVar("D", bound=_Part)


def changes_service(
    command: Callable[Concatenate[D, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[D, P], Coroutine[Any, Any, R]]:
    """Mark a method as one that changes something: in a read-only app it raises a `SETTINGS` error."""

    @functools.wraps(command)
    async def refused_or_done(part: D, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if part._app_state.read_only:
            raise QdeckError(
                ErrorKind.SETTINGS,
                "qdeck was started read-only: nothing is submitted, cancelled or changed.",
                "Start it without --readonly, and with a settings.toml that can be read and does not say so.",
            )
        return await command(part, *args, **kwargs)

    return refused_or_done
