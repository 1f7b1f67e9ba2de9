"""How a primitive is submitted, and its error suppression and mitigation (contract 5.16)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from tui.common.values import Value

JobOptions = tuple[tuple[str, str], ...]
"""Options of a job by dotted name in IBM's words, values as JSON: `("twirling.enable_gates", "true")`."""
MOST_OPTIONS: Final = 40
_LONGEST_VALUE: Final = 120
_DEEPEST: Final = 4
_GROUPS: Final = (
    "precision",
    "default_precision",
    "default_shots",
    "resilience_level",
    "resilience",
    "dynamical_decoupling",
    "twirling",
    "execution",
    "max_execution_time",
    "seed_estimator",
    "experimental",
    "resilience_settings",
    "run_options",
    "transpilation_settings",
)
"""What is kept, in this order; options of the simulator and of the environment mean nothing for a result."""
_SWITCHED: Final = {
    "dynamical_decoupling.": ("dynamical_decoupling.enable",),
    "twirling.": ("twirling.enable_gates", "twirling.enable_measure"),
    "resilience.zne.": ("resilience.zne_mitigation",),
    "resilience.pec.": ("resilience.pec_mitigation",),
    "resilience.measure_noise_learning.": ("resilience.measure_mitigation",),
}
"""Options that mean something where one of others is true."""
_USUAL: Final = {"execution.scheduler_timing": "false", "execution.stretch_values": "false"}


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


def kept_options(given: Mapping[str, object]) -> JobOptions:
    """Return what is kept of a job's options.

    Args:
        given: options as IBM's client writes them, nested.

    Returns:
        At most `MOST_OPTIONS`. What is off is there by its switch alone; what has no value, and options of
        the simulator and the environment, are not.
    """
    flat: dict[str, str] = {}
    for group in _GROUPS:
        if group in given:
            flat.update(_flat(group, given[group], _DEEPEST))
    if "precision" in flat:
        flat.pop("default_precision", None)
    off = [
        (prefix, switches)
        for prefix, switches in _SWITCHED.items()
        if any(switch in flat for switch in switches) and not any(flat.get(one) == "true" for one in switches)
    ]
    kept = [
        (name, value)
        for name, value in flat.items()
        if _USUAL.get(name) != value
        and not any(name.startswith(prefix) and name not in switches for prefix, switches in off)
    ]
    return tuple(kept[:MOST_OPTIONS])


def _flat(name: str, value: object, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and depth:
        for inner in list(value)[:MOST_OPTIONS]:
            yield from _flat(f"{name}.{str(inner)[:_LONGEST_VALUE]}", value[inner], depth - 1)
    elif value is not None:
        try:
            text = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            return
        if len(text) > _LONGEST_VALUE:
            text = json.dumps(text[: _LONGEST_VALUE - 1] + "…", ensure_ascii=False)
        yield name, text


def nested_options(options: JobOptions) -> dict[str, object]:
    """Return options as IBM's client takes them: nested, with their values."""
    nested: dict[str, object] = {}
    for name, text in options:
        *groups, last = name.split(".")
        inner = nested
        for group in groups:
            found = inner.setdefault(group, {})
            inner = found if isinstance(found, dict) else {}
        with contextlib.suppress(ValueError):
            # A history may have been written by another hand.
            inner[last] = json.loads(text)
    return nested
