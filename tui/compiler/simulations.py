"""Simulations in the worker processes: without noise, and with that of a device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from tui.common.worker_queue import WorkerQueue
from tui.compiler import messages
from tui.compiler.requests import CANCELLED_SECONDS, CHECK_SECONDS, request, request_with_target
from tui.domain.devices.backends import BackendData
from tui.domain.jobs import DEFAULT_SHOTS
from tui.domain.statistics.distributions import Distribution
from tui.domain.statistics.predictions import ForetoldValues

T = TypeVar("T")
Values = Sequence[tuple[str, float]]
"""Values of a program's parameters, by name."""


class Simulations:
    """Has programs simulated. Cancelling the awaiting task stops the work.

    All methods raise `QdeckError`: `UNAVAILABLE` as the compiler's do, `CIRCUIT` where the program cannot be
    read, is too wide or too deep, or a parameter has no value.

    Args:
        queue: chooses the worker for a request.
    """

    def __init__(self, queue: Callable[[], WorkerQueue]) -> None:
        self._queue = queue

    async def ideal(self, qasm: str, *, values: Values = (), shots: int = DEFAULT_SHOTS) -> Distribution:
        """Simulate a program without noise: exactly where its used qubits are few, else by shots.

        Args:
            qasm: any program; one that measures nothing is measured at its end.
            values: of its parameters.
            shots: of a simulation that is not exact.

        Returns:
            The distribution over all registers.
        """
        return await self._ask(messages.SimulateIdeal(qasm, tuple(values), shots), Distribution)

    async def noisy(
        self, isa: str, target: BackendData, *, values: Values = (), shots: int = DEFAULT_SHOTS
    ) -> Distribution:
        """Simulate an ISA program with the noise of its device, by Aer's noise model of the calibration.

        Args:
            isa: the program.
            target: the backend, with the calibration to foretell for.
            values: of its parameters.
            shots: how many are simulated, fewer where that takes too long.
        """
        data = messages.TargetData(target.name, "")
        asked = messages.SimulateNoisy(isa, data, tuple(values), shots)
        return await self._ask(asked, Distribution, target)

    async def sweep(
        self,
        qasm: str,
        sets: Sequence[Values],
        *,
        target: BackendData | None = None,
        of: int = 1,
        shots: int = DEFAULT_SHOTS,
    ) -> tuple[Distribution, ...]:
        """Simulate a program with each of some sets of values.

        Args:
            qasm: the program.
            sets: the values of its parameters.
            target: the backend whose noise is in it, of an ISA program; `None`: no noise.
            of: sets in all, of which these are some: there is to be time for all of them.
            shots: of each, where it is not exact.

        Returns:
            A distribution a set, in order.
        """
        asked = messages.SimulateSweep(qasm, tuple(map(tuple, sets)), None, of, shots)
        return await self._ask(asked, tuple[Distribution, ...], target)

    async def values(
        self,
        qasm: str,
        observables: Sequence[str],
        sets: Sequence[Values],
        *,
        target: BackendData | None = None,
        of: int = 1,
    ) -> ForetoldValues:
        """Work out expectation values of the state that a program leaves.

        Args:
            qasm: the program; measurements at its end are left out.
            observables: sums of Pauli strings over its qubits, as text.
            sets, target, of: as of `sweep`.

        Returns:
            A value each observable and set.
        """
        asked = messages.SimulateValues(qasm, tuple(observables), tuple(map(tuple, sets)), None, of)
        return await self._ask(asked, ForetoldValues, target)

    async def _ask(self, asked: Any, kind: type[T], target: BackendData | None = None) -> T:
        if target is None:
            return await request(self._queue(), asked, kind, timeout=CHECK_SECONDS, grace=CANCELLED_SECONDS)
        return await request_with_target(
            self._queue(),
            lambda data: msgspec.structs.replace(asked, target=data),
            target,
            kind,
            timeout=CHECK_SECONDS,
            grace=CANCELLED_SECONDS,
            # The program has what gates it has; a device without fractional ones gets none by this.
            fractional=True,
        )
