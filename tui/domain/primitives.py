"""How a primitive is submitted, and its error suppression and mitigation (contract 5.16)."""

from __future__ import annotations

from enum import StrEnum

from tui.common.values import Value


class JobProgram(StrEnum):
    """How a primitive is submitted (contract 5.16)."""

    EXECUTOR = "executor"
    """As a quantum program that was prepared here, as IBM's client does since 0.50."""
    LEGACY = "legacy"
    """As the service's own primitive, which IBM deprecates; the classic service has nothing else."""


class Decoupling(StrEnum):
    """Pulses of dynamical decoupling on qubits that wait."""

    NONE = ""
    XX = "XX"
    XPXM = "XpXm"
    XY4 = "XY4"


class PrimitiveOptions(Value, frozen=True):
    """Error suppression and mitigation; `None` and empty: the default of IBM's client.

    Attributes:
        twirl_gates, twirl_measures: whether gates, measurements are twirled.
        decoupling: pulses on qubits that wait.
        resilience: level of the estimator: 0 no mitigation, 1 readout errors (TREX), 2 also ZNE.
    """

    twirl_gates: bool | None = None
    twirl_measures: bool | None = None
    decoupling: Decoupling = Decoupling.NONE
    resilience: int | None = None

    @property
    def twirls_gates(self) -> bool:
        """True when gates are twirled: asked for, or part of the level of resilience."""
        return bool(self.twirl_gates) or (self.twirl_gates is None and (self.resilience or 0) > 1)

    @property
    def words(self) -> str:
        """The options that were chosen, in words; empty for none."""
        twirled = [
            name for name, on in (("gates", self.twirl_gates), ("measurements", self.twirl_measures)) if on
        ]
        return ", ".join(
            part
            for part, said in (
                (f"{' and '.join(twirled)} twirled", bool(twirled)),
                (f"decoupling {self.decoupling}", bool(self.decoupling)),
                (f"resilience {self.resilience}", self.resilience is not None),
            )
            if said
        )
