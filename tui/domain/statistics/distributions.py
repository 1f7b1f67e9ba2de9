"""Distributions that a simulator foretells: by bit string, over one register or all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tui.common.values import Value


class Distribution(Value, frozen=True):
    """Probabilities of the outcomes of one shot of a circuit, simulated.

    Attributes:
        probabilities: by the bits of all registers, the first register rightmost, as everywhere in Qiskit
            (`SamplerPubResult.join_data`), in each bit 0 rightmost.
        registers: names and sizes of the classical registers, in the circuit's order.
        qubits: number of qubits that were simulated, those without operations left out.
        method: of the simulator, in words.
        shots: of which the probabilities are shares; `None`: they are exact.
        rest: probability of the outcomes that are left out, where there are too many.
        waiting: for a noisy simulation: with the decay of waiting qubits.
        measured: False for a circuit that measures nothing: all of its qubits are read out instead.
    """

    probabilities: Mapping[str, float]
    registers: tuple[tuple[str, int], ...]
    qubits: int
    method: str
    shots: int | None = None
    rest: float = 0.0
    waiting: bool = False
    measured: bool = True

    @property
    def whole(self) -> bool:
        """True when no outcome that matters is left out."""
        return self.rest < 1e-6

    @property
    def counts(self) -> dict[str, int]:
        """Times seen by bit string of a sampled distribution; empty for an exact one."""
        if self.shots is None:
            return {}
        return {bits: round(share * self.shots) for bits, share in self.probabilities.items()}

    def of_register(self, name: str) -> Distribution | None:
        """Return the distribution of one register alone; `None`: the circuit has none of this name."""
        place = next((at for at, (one, _) in enumerate(self.registers) if one == name), None)
        if place is None:
            return None
        if len(self.registers) == 1:
            return self
        start = sum(size for _, size in self.registers[place + 1 :])
        end = start + self.registers[place][1]
        found: dict[str, list[float]] = {}
        for bits, share in self.probabilities.items():
            found.setdefault(bits[start:end], []).append(share)
        shares = {bits: math.fsum(parts) for bits, parts in found.items()}
        return Distribution(
            shares,
            (self.registers[place],),
            self.qubits,
            self.method,
            self.shots,
            self.rest,
            self.waiting,
            self.measured,
        )
