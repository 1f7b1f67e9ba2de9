"""Qiskit for the app: the `Compiler`, whose work is done by worker processes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, Final, TypeVar

import msgspec

from tui.common.environment import worker_environment
from tui.common.errors import ErrorKind, QdeckError
from tui.common.worker_process import WorkerDied
from tui.common.worker_queue import WorkerClosed, WorkerQueue
from tui.compiler import messages
from tui.compiler.messages import REPLY_DECODER, Failed, PreparedProgram, Request, TargetData
from tui.domain.backends import BackendData
from tui.domain.circuits import DEFAULT_REP_DELAY_US, Candidate, CheckReport, TranspileOptions
from tui.domain.jobs import Submission
from tui.domain.results import ExpectationValue

CHECK_SECONDS: Final = 60.0
"""Time a check or a drawing may take; 10,000 lines of OpenQASM 3 take about 3 seconds."""
TRANSPILE_SECONDS: Final = 300.0
"""Time a transpile run may take; a Fourier transform of 127 qubits takes about 20 seconds at level 3."""
CANCELLED_SECONDS: Final = 1.5
"""Time a cancelled check may still run: about what starting a new worker takes."""
IDLE_SECONDS: Final = 600.0
"""Time without a request after which a worker is ended: it takes 186 MB, and two seconds to come again."""
_GAVE_UP: Final = (
    "Qiskit's process gave up on this circuit: it is broken, or too large for the memory Qiskit may use."
)

T = TypeVar("T")


class Compiler:
    """Qiskit behind a process boundary. Cancelling the awaiting task stops the work.

    One worker process does everything, started by `start` or the first request, and ended when nothing was
    asked for a while. A check or a drawing that finds it busy goes to a second one, which is started then: an
    editor is not to wait for a transpiler. The app's process never imports Qiskit.

    All methods but `start` and `aclose` raise `QdeckError`: `UNAVAILABLE` when Qiskit is not installed or its
    process ended, `CIRCUIT` when the program cannot be read or transpiled.

    Args:
        environment: variables for the workers beside those that every worker gets.
        idle_seconds: time without a request after which a worker is ended.
        transpile_seconds: time a transpile run may take.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        idle_seconds: float = IDLE_SECONDS,
        transpile_seconds: float = TRANSPILE_SECONDS,
    ) -> None:
        self._transpile_seconds = transpile_seconds
        variables = _environment() | dict(environment or {})
        self._main, self._second = (
            WorkerQueue("tui.compiler.qiskit.worker_main", environment=variables, idle_seconds=idle_seconds)
            for _ in range(2)
        )

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run."""
        return tuple(pid for pid in (self._main.pid, self._second.pid) if pid is not None)

    async def start(self) -> None:
        """Start the worker and let it warm up in the background; returns at once."""
        self._main.start()

    async def version(self) -> str:
        """Return the version of Qiskit, once the worker is warm."""
        return await _request(self._main, messages.Version(), str)

    async def check(self, qasm: str) -> CheckReport:
        """Check an OpenQASM 2 or 3 program.

        Returns:
            The report, with the program's errors as diagnostics; they are not raised.
        """
        return await self._request_soon(messages.Check(qasm), CheckReport)

    async def draw(self, qasm: str, *, width: int = 100) -> str:
        """Draw the circuit as text, folded at `width` columns, idle qubits left out.

        Returns:
            The drawing; empty for a circuit without operations.
        """
        return await self._request_soon(messages.Draw(qasm, width), str)

    async def decode_qpy(self, payload: str) -> tuple[str, ...]:
        """Translate circuits in Qiskit's binary form, as other programs submit them, to OpenQASM 3.

        Args:
            payload: base64 of QPY, zlib-packed or not.

        Returns:
            One program a circuit, in order, at least the first one; it ends before a circuit that cannot be
            written, or when the programs grow too long.
        """
        return await self._request_soon(messages.DecodeQpy(payload), tuple[str, ...])

    async def estimator_values(self, body: bytes) -> tuple[tuple[ExpectationValue, ...], ...]:
        """Work out the values of an estimator that ran as a program of the executor.

        Args:
            body: the result as the service sent it.

        Returns:
            The values of each PUB, in C order of the PUB's shape.

        Raises:
            QdeckError: also `PROTOCOL`, when they cannot be worked out from it.
        """
        kind = tuple[tuple[ExpectationValue, ...], ...]
        return await self._request_soon(messages.EstimatorValues(body), kind)

    async def transpile(self, qasm: str, target: BackendData, options: TranspileOptions) -> Candidate:
        """Transpile for the backend's real target, built from its configuration and properties."""
        candidate = await self._with_target(
            target, lambda data: messages.Transpile(qasm, data, options), Candidate
        )
        return replace(candidate, rep_delay_us=rep_delay_us(target.configuration))

    async def review(
        self,
        source: str,
        isa: str,
        target: BackendData,
        options: TranspileOptions,
        layouts: tuple[tuple[int, ...], tuple[int, ...]],
        seconds: float,
    ) -> Candidate:
        """Measure a circuit that was transpiled elsewhere (the cloud) and make it a `Candidate`.

        Args:
            source: the original program.
            isa: the transpiled program.
            target: the backend it was made for.
            options: how it was asked for.
            layouts: initial and final layout, one physical qubit per device qubit, the circuit's own first.
            seconds: how long it took.
        """
        candidate = await self._with_target(
            target,
            lambda data: messages.Review(source, isa, data, options, layouts, seconds),
            Candidate,
            fractional=options.asked.fractional_gates,
        )
        return replace(candidate, rep_delay_us=rep_delay_us(target.configuration))

    async def prepare(self, submission: Submission, target: BackendData) -> PreparedProgram:
        """Prepare a submission as a quantum program, as IBM's client does.

        Args:
            submission: the PUBs and their options.
            target: the backend it is for.

        Returns:
            The job's params, and the work that they are.
        """
        asked = messages.PrepareProgram(
            submission.primitive,
            tuple(messages.ProgramPub(pub.qasm, pub.sweep, pub.observables) for pub in submission.pubs),
            _facts(target.configuration).n_qubits,
            submission.shots,
            submission.precision,
            submission.options,
        )
        return await self._with_target(
            target,
            lambda data: msgspec.structs.replace(asked, target=data),
            PreparedProgram,
            grace=CANCELLED_SECONDS,
        )

    async def aclose(self) -> None:
        """End the workers."""
        await self._main.aclose()
        await self._second.aclose()

    async def _request_soon(self, request: Request, kind: type[T]) -> T:
        queue = self._second if self._main.busy else self._main
        return await _request(queue, request, kind, timeout=CHECK_SECONDS, grace=CANCELLED_SECONDS)

    async def _with_target(
        self,
        target: BackendData,
        request: Callable[[TargetData], Request],
        kind: type[T],
        *,
        fractional: bool = False,
        grace: float = 0.0,
    ) -> T:
        """Ask about a target, sending its data only to a worker that has not got it."""
        data = TargetData(target.name, _key(target), fractional)
        # mypy takes no union for a type.
        either: Any = kind | None
        ask = partial(_request, self._main, timeout=self._transpile_seconds, grace=grace)
        answer: T | None = await ask(request(data), either)
        if answer is None:
            whole = msgspec.structs.replace(
                data, configuration=target.configuration, properties=target.properties
            )
            answer = await ask(request(whole), kind)
        return answer


@lru_cache(maxsize=8)
def _key(target: BackendData) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in (target.name.encode(), target.configuration, target.properties):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


async def _request(
    queue: WorkerQueue, request: Request, kind: type[T], *, timeout: float | None = None, grace: float = 0.0
) -> T:
    try:
        body = await queue.request(msgspec.json.encode(request), timeout=timeout, grace=grace)
        reply = REPLY_DECODER.decode(body)
        if isinstance(reply, Failed):
            raise QdeckError(ErrorKind(reply.kind), reply.message, reply.advice)
        return msgspec.json.decode(reply.result, type=kind)
    except WorkerClosed as error:
        raise _unavailable("The compiler has been shut down.") from error
    except WorkerDied as error:
        if error.signal == "SIGABRT":
            # So ends Qiskit's Rust when it gets no more memory, or no more stack.
            raise QdeckError(ErrorKind.CIRCUIT, _GAVE_UP, "Try a smaller circuit.") from error
        raise _unavailable(f"Qiskit's process ended: {error}.", "Trying again starts another one.") from error
    except msgspec.DecodeError as error:
        raise _unavailable(f"The answer of Qiskit's process is not understood: {error}.") from error
    except TimeoutError as error:
        message = f"Qiskit took longer than {timeout or 0:g} s for this and was stopped."
        longer = ", or allow more time by `transpile_seconds` in settings.toml"
        advice = f"Try a smaller circuit{longer if timeout != CHECK_SECONDS else ''}."
        raise QdeckError(ErrorKind.CIRCUIT, message, advice) from error
    except OSError as error:
        raise _unavailable(f"Qiskit's process cannot be started: {error.strerror}.") from error


def _unavailable(message: str, advice: str = "") -> QdeckError:
    return QdeckError(ErrorKind.UNAVAILABLE, message, advice)


def _environment() -> dict[str, str]:
    """Return a worker's environment, with Qiskit's threads kept off one core, which the interface needs."""
    return {
        "QISKIT_PARALLEL": "FALSE",
        "RAYON_NUM_THREADS": str(max(1, (os.cpu_count() or 2) - 1)),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
    } | worker_environment(os.environ)


class _Facts(msgspec.Struct, frozen=True):
    n_qubits: int = 0
    default_rep_delay: float | None = None
    dt: float | None = None


def _facts(configuration: bytes) -> _Facts:
    try:
        return msgspec.json.decode(configuration, type=_Facts)
    except msgspec.DecodeError:
        return _Facts()


def rep_delay_us(configuration: bytes) -> float:
    """Read the default pause between two shots from a backend's `/configuration` body.

    Returns:
        Microseconds; `DEFAULT_REP_DELAY_US` when the body does not say.
    """
    delay = _facts(configuration).default_rep_delay
    return DEFAULT_REP_DELAY_US if delay is None else delay


def dt_seconds(configuration: bytes) -> float | None:
    """Read the length of a `dt` from a backend's `/configuration` body, which has it in nanoseconds.

    Returns:
        Seconds; `None` when the body does not say.
    """
    dt = _facts(configuration).dt
    return None if dt is None else dt * 1e-9
