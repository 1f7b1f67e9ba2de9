"""The fast analysis for the app: a worker process of its own kind; and Qiskit's word put together with it."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from tui.common.environment import worker_environment
from tui.common.errors import ErrorKind, QdeckError
from tui.common.worker_process import WorkerDied
from tui.common.worker_queue import WorkerClosed, WorkerQueue
from tui.domain.circuits import Analysis, CheckReport, Diagnostic
from tui.domain.devices.backends import DeviceLimits
from tui.openqasm.analysis.declarations import Scope, Symbol
from tui.openqasm.analysis.statements import common_ends

T = TypeVar("T")
WORKER: Final = "tui.openqasm.analysis.worker_main"
SECONDS: Final = 20.0
"""Time an analysis may take; 100,000 lines take about one second."""
FORMAT_SECONDS: Final = 60.0
"""Time that formatting may take; 100,000 lines take about six seconds."""
IDLE_SECONDS: Final = 600.0
"""Time without a request after which the worker is ended: it takes 40 MB, and 0.3 s to come again."""


_SHORT: Final = 200_000
"""Characters that are encoded at once."""
VALID: Final = "This is valid OpenQASM 3, but Qiskit"
"""Begins what is said of a program that is right, and that Qiskit cannot read."""


class TextEdit(msgspec.Struct, frozen=True):
    """A program as the worker gets it: what has changed since it got one.

    Attributes:
        text: what is new of it.
        number: of the program.
        base: number of the program that was changed; 0: `text` is the whole.
        unchanged: characters at its beginning and at its end that are as they were.
    """

    text: str
    number: int = 0
    base: int = 0
    unchanged: tuple[int, int] = (0, 0)


class NamesRequest(msgspec.Struct, frozen=True, tag="names"):
    """Read the declarations of a program.

    Reply: symbols and scopes of its `SymbolTable`; `None` when the worker has not what was changed.
    """

    edit: TextEdit


class FormatRequest(msgspec.Struct, frozen=True, tag="format"):
    """Format a program. Reply: the program, and the offsets of its `places` then."""

    qasm: str
    places: tuple[int, ...] = ()


class AnalysisRequest(msgspec.Struct, frozen=True, tag="analysis"):
    """Analyse a program.

    `device`: with hints for it; `own`: without QDK. Reply: `Analysis`; `None` when the worker has not what
    was changed.
    """

    edit: TextEdit
    device: DeviceLimits | None = None
    own: bool = False


class Analyzer:
    """The fast analysis behind a process boundary.

    The worker is started by `start` or the first request, and ended when nothing was asked for a while.

    Args:
        environment: variables for the worker beside those that every worker gets.
        idle_seconds: time without a request after which it is ended.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        # QDK sends figures of use to Microsoft unless it is told not to.
        silent = {"QDK_PYTHON_TELEMETRY": "none", "PYTHONUTF8": "1"}
        variables = worker_environment(os.environ) | dict(environment or {}) | silent
        self._queue = WorkerQueue(WORKER, environment=variables, idle_seconds=idle_seconds)
        self._sent = TextEdit("")
        """The whole program that was sent last, with its number."""

    @property
    def pid(self) -> int | None:
        """The worker's process id; `None` while there is no worker."""
        return self._queue.pid

    def start(self) -> None:
        """Start the worker in the background."""
        self._queue.start()

    async def analyse(self, qasm: str, device: DeviceLimits | None = None, *, own: bool = False) -> Analysis:
        """Analyse a program; what is wrong with it is not raised.

        Args:
            qasm: the program, in any state.
            device: a backend to give hints for.
            own: leave out QDK, which takes nearly all of the time for a long program that is edited.

        Raises:
            QdeckError: `UNAVAILABLE` when the worker cannot be had or ended.
        """
        return await self._ask_of(qasm, lambda edit: AnalysisRequest(edit, device, own), Analysis)

    async def names(self, qasm: str) -> tuple[tuple[Symbol, ...], tuple[Scope, ...]]:
        """Read the declarations of a program, for a long one that must not be read in the app's process.

        Returns:
            Symbols and scopes, for a `SymbolTable`.

        Raises:
            QdeckError: as by `analyse`.
        """
        return await self._ask_of(qasm, NamesRequest, tuple[tuple[Symbol, ...], tuple[Scope, ...]])

    async def format(self, qasm: str, places: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
        """Format a program, of which a long one takes seconds.

        Args:
            qasm: the program.
            places: offsets in it.

        Returns:
            The program, and where the places are then.

        Raises:
            QdeckError: as by `analyse`.
        """
        formatted: tuple[str, tuple[int, ...]] = await self._ask(
            FormatRequest(qasm, places), tuple[str, tuple[int, ...]], FORMAT_SECONDS
        )
        return formatted

    async def _ask_of(
        self, qasm: str, asking: Callable[[TextEdit], AnalysisRequest | NamesRequest], kind: type[T]
    ) -> T:
        """Ask for a program: what has changed is sent, and the whole where the worker has not the rest."""
        answer: T | None = await self._ask(asking(self._edit(qasm)), kind | None)
        if answer is None:
            whole: T = await self._ask(asking(self._whole(qasm)), kind)
            return whole
        return answer

    def _edit(self, qasm: str) -> TextEdit:
        before = self._sent
        if not before.number:
            return self._whole(qasm)
        first, last = common_ends(before.text, qasm)
        self._sent = TextEdit(qasm, before.number + (qasm != before.text))
        changed = qasm[first : len(qasm) - last]
        return TextEdit(changed, self._sent.number, before.number, (first, last))

    def _whole(self, qasm: str) -> TextEdit:
        self._sent = TextEdit(qasm, self._sent.number + 1)
        return self._sent

    async def _ask(
        self, asked: AnalysisRequest | NamesRequest | FormatRequest, kind: Any, seconds: float = SECONDS
    ) -> Any:
        # Encoding a long text takes milliseconds that a key would wait for.
        short = len(asked.qasm if isinstance(asked, FormatRequest) else asked.edit.text) < _SHORT
        body = msgspec.json.encode(asked) if short else await asyncio.to_thread(msgspec.json.encode, asked)
        try:
            return msgspec.json.decode(await self._queue.request(body, timeout=seconds), type=kind)
        except (WorkerDied, WorkerClosed, TimeoutError, OSError, msgspec.DecodeError) as error:
            message = f"The fast analysis did not answer: {str(error) or type(error).__name__}."
            raise QdeckError(ErrorKind.UNAVAILABLE, message) from error

    async def aclose(self) -> None:
        """End the worker."""
        await self._queue.aclose()


def combined(analysis: Analysis | None, report: CheckReport | None) -> tuple[Diagnostic, ...]:
    """Put the fast analysis and Qiskit's word together.

    Args:
        analysis: of the same text; `None`: there is none.
        report: Qiskit's word; `None`: there is none yet.

    Returns:
        Errors by their place, then warnings. Errors that Qiskit does not see, since it ends at its first
        ones, remain; when it sees none there are none. On a line of which both speak, the fast analysis has
        the better place and words, unless Qiskit calls the line valid and nothing else was probably meant.
        Behind a missing end or bracket Qiskit misreads what follows: that is left out.
    """
    errors: Sequence[Diagnostic] = analysis.errors if analysis is not None else ()
    if report is not None:
        errors = _with_qiskit(errors, report.diagnostics)
    return (*errors, *(analysis.warnings if analysis is not None else ()))


def _with_qiskit(fast: Sequence[Diagnostic], last: Sequence[Diagnostic]) -> list[Diagnostic]:
    if not last:
        return []
    certain = {one.line for one in fast if one.suggestion}
    lacking = {one.line for one in last if one.message.startswith(VALID)} - certain
    own = {one.line for one in fast}
    spoiled = min((one.line for one in fast if one.spoils_more), default=math.inf)
    kept = [one for one in fast if one.line not in lacking]
    more = (one for one in last if one.line in lacking or (one.line not in own and one.line < spoiled))
    return _by_place([*kept, *more])


def _by_place(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return sorted(diagnostics, key=lambda one: (one.line, one.column))
