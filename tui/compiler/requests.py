"""Requests to the worker processes of the compiler: sent, answered, and their errors in words."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from tui.common.environment import worker_environment
from tui.common.errors import ErrorKind, QdeckError
from tui.common.worker_process import WorkerDied
from tui.common.worker_queue import WorkerClosed, WorkerQueue
from tui.compiler.messages import REPLY_DECODER, Failed, Request, TargetData
from tui.domain.devices.backends import BackendData

CHECK_SECONDS: Final = 60.0
"""Time a check or a drawing may take; 10,000 lines of OpenQASM 3 take about 3 seconds."""
CANCELLED_SECONDS: Final = 1.5
"""Time a cancelled request may still run: about what starting a new worker takes."""
WORKER: Final = "tui.compiler.qiskit.worker_main"
"""The module of the worker processes."""
_GAVE_UP: Final = (
    "Qiskit's process gave up on this circuit: it is broken, or too large for the memory Qiskit may use."
)

T = TypeVar("T")
MakeRequest = Callable[[TargetData], Request]
"""Makes the request about a target that it is given."""


class LostWorker(QdeckError):
    """A worker process ended in the middle of its work, not by the circuit: another one may do it."""


async def request(
    queue: WorkerQueue, asked: Request, kind: type[T], *, timeout: float | None = None, grace: float = 0.0
) -> T:
    """Have a request answered.

    Args:
        queue: of the worker.
        asked: the request.
        kind: of its result.
        timeout, grace: as of `WorkerQueue.request`.

    Raises:
        QdeckError: `UNAVAILABLE` when Qiskit is not installed or its process ended (`LostWorker`), `CIRCUIT`
            when the request cannot be done or takes too long.
    """
    try:
        body = await queue.request(msgspec.json.encode(asked), timeout=timeout, grace=grace)
        return result(body, kind)
    except WorkerClosed as error:
        raise unavailable("The compiler has been shut down.") from error
    except WorkerDied as error:
        if error.signal == "SIGABRT":
            # So ends Qiskit's Rust when it gets no more memory, or no more stack.
            raise QdeckError(ErrorKind.CIRCUIT, _GAVE_UP, "Try a smaller circuit.") from error
        raise LostWorker(
            ErrorKind.UNAVAILABLE, f"Qiskit's process ended: {error}.", "Trying again starts another one."
        ) from error
    except TimeoutError as error:
        message = f"Qiskit took longer than {timeout or 0:g} s for this and was stopped."
        longer = ", or allow more time by `transpile_seconds` in settings.toml"
        advice = f"Try a smaller circuit{longer if timeout != CHECK_SECONDS else ''}."
        raise QdeckError(ErrorKind.CIRCUIT, message, advice) from error
    except OSError as error:
        raise unavailable(f"Qiskit's process cannot be started: {error.strerror}.") from error


def result(body: bytes, kind: type[T]) -> T:
    """Decode a reply.

    Raises:
        QdeckError: the one that the reply is, or `UNAVAILABLE` when it is not understood.
    """
    try:
        reply = REPLY_DECODER.decode(body)
        if isinstance(reply, Failed):
            raise QdeckError(ErrorKind(reply.kind), reply.message, reply.advice)
        return msgspec.json.decode(reply.result, type=kind)
    except msgspec.DecodeError as error:
        raise unavailable(f"The answer of Qiskit's process is not understood: {error}.") from error


async def request_with_target(
    queue: WorkerQueue,
    make: MakeRequest,
    target: BackendData,
    kind: type[T],
    *,
    timeout: float | None = None,
    grace: float = 0.0,
    fractional: bool = False,
) -> T:
    """Have a request about a target answered, sending its data only to a worker that has not got it.

    Args:
        queue: of the worker.
        make: makes the request.
        target: the backend's data.
        kind: of the result.
        timeout, grace: as of `WorkerQueue.request`.
        fractional: with the fractional gates.

    Raises:
        QdeckError: as by `request`.
    """
    data = TargetData(target.name, target_key(target), fractional)
    # mypy takes no union for a type.
    either: Any = kind | None
    answer: T | None = await request(queue, make(data), either, timeout=timeout, grace=grace)
    if answer is not None:
        return answer
    whole = msgspec.structs.replace(data, configuration=target.configuration, properties=target.properties)
    return await request(queue, make(whole), kind, timeout=timeout, grace=grace)


@lru_cache(maxsize=8)
def target_key(target: BackendData) -> str:
    """Return a hash of a backend's name, configuration and calibration."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (target.name.encode(), target.configuration, target.properties):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def unavailable(message: str, advice: str = "") -> QdeckError:
    """Return an error that says that Qiskit is not to be had."""
    return QdeckError(ErrorKind.UNAVAILABLE, message, advice)


def qiskit_environment(threads: int) -> dict[str, str]:
    """Return a worker's environment, in which Qiskit takes so many threads."""
    return {
        "QISKIT_PARALLEL": "FALSE",
        "RAYON_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
    } | worker_environment(os.environ)
