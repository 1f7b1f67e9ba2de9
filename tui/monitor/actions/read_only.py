"""A services that was started read-only refuses every command that changes something on the service."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from tui.common.errors import ErrorKind, QdeckError

P = ParamSpec("P")
R = TypeVar("R")


class MayBeReadOnly(Protocol):
    """What knows whether it was started read-only."""

    @property
    def read_only(self) -> bool:
        """Whether nothing is changed."""
        ...


D = TypeVar("D", bound=MayBeReadOnly)


def changes(
    command: Callable[Concatenate[D, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[D, P], Coroutine[Any, Any, R]]:
    """Mark a command as one that changes something: read-only services raise a `QdeckError`."""

    @functools.wraps(command)
    async def refused_or_done(services: D, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if services.read_only:
            raise QdeckError(
                ErrorKind.SETTINGS,
                "qdeck was started read-only: nothing is submitted, cancelled or changed.",
                "Start it without --readonly, and with a settings.toml that can be read and does not say so.",
            )
        return await command(services, *args, **kwargs)

    return refused_or_done
