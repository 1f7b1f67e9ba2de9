"""What may be asked of the cloud transpiler besides the level (contract section 2.2)."""

from __future__ import annotations

import json
from enum import StrEnum

from tui.common.values import Value


class Ai(StrEnum):
    """Whether the transpiler uses its AI passes."""

    AUTO = "auto"
    """The service picks what makes the better circuit: the reference's default."""
    ON = "true"
    OFF = "false"

    @property
    def word(self) -> str:
        """`auto`, `on` or `off`, for people."""
        return {"true": "on", "false": "off"}.get(self.value, self.value)


class LayoutMode(StrEnum):
    """What the AI passes do with the layout they are given."""

    KEEP = "keep"
    OPTIMIZE = "optimize"
    """The reference's default."""
    IMPROVE = "improve"


class Preference(StrEnum):
    """What the AI passes make small."""

    N_CNOTS = "n_cnots"
    N_GATES = "n_gates"
    CNOT_LAYERS = "cnot_layers"
    LAYERS = "layers"
    NOISE = "noise"


Couplings = tuple[tuple[int, int], ...]
QiskitOptions = tuple[tuple[str, str], ...]
"""Arguments of `qiskit.transpile` by name, each value as JSON text."""
MOST_COUPLINGS = 100_000
_ELSEWHERE = {
    "optimization_level": "the service discards it there; choose the level",
    "backend": "choose the backend",
    "coupling_map": "give it as the coupling map",
}


class CloudOptions(Value, frozen=True):
    """How the cloud transpiler is asked. The defaults are the reference's.

    Attributes:
        ai: whether it uses its AI passes.
        layout_mode: what they do with the layout.
        preferences: what they make small, the most important first; empty: the service's choice.
        fractional_gates: it may use `rx` and `rzz` of any angle where the backend has them.
        coupling_map: pairs of qubits to use instead of the backend's own; empty: the backend's.
        qiskit_options: further arguments of `qiskit.transpile`.

    Raises:
        ValueError: what cannot be meant, in words for the user.
    """

    ai: Ai = Ai.AUTO
    layout_mode: LayoutMode = LayoutMode.OPTIMIZE
    preferences: tuple[Preference, ...] = ()
    fractional_gates: bool = False
    coupling_map: Couplings = ()
    qiskit_options: QiskitOptions = ()

    def __post_init__(self) -> None:
        if self.ai is Ai.OFF and (self.preferences or self.layout_mode is not LayoutMode.OPTIMIZE):
            raise ValueError("The AI's layout mode and preferences mean nothing with the AI passes off.")
        if len(set(self.preferences)) != len(self.preferences):
            raise ValueError("Preferences: each one once.")
        if any(first == second or first < 0 or second < 0 for first, second in self.coupling_map):
            raise ValueError("Coupling map: pairs of two different qubits, numbered from 0.")
        for name, value in self.qiskit_options:
            if not name.isidentifier():
                raise ValueError(f"Qiskit options: {name[:40]!r} is no name of an option.")
            if name in _ELSEWHERE:
                raise ValueError(f"Qiskit options: not {name}: {_ELSEWHERE[name]}.")
            _json(value, f"Qiskit options: the value of {name}")

    @property
    def refinements(self) -> int:
        """Number of Qiskit options, plus one for a coupling map."""
        return len(self.qiskit_options) + bool(self.coupling_map)

    @property
    def words(self) -> str:
        """Summary of the options in a few words: `AI on, keep, n_cnots, fractional gates, +1 more`."""
        text = [f"AI {self.ai.word}"]
        if self.layout_mode is not LayoutMode.OPTIMIZE:
            text.append(self.layout_mode.value)
        text += [preference.value for preference in self.preferences]
        if self.fractional_gates:
            text.append("fractional gates")
        if self.refinements:
            text.append(f"+{self.refinements} more")
        return ", ".join(text)


NOTHING_ASKED = CloudOptions()
"""All defaults."""


def parse_preferences(text: str) -> tuple[Preference, ...]:
    """Parse preferences with commas between, such as `n_cnots,noise`.

    Returns:
        The preferences in the order given; none for an empty text.

    Raises:
        ValueError: one is not known.
    """
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    known = {preference.value for preference in Preference}
    for word in words:
        if word not in known:
            raise ValueError(f"Preferences: some of {', '.join(Preference)}; not {word[:40]!r}.")
    return tuple(Preference(word) for word in words)


def parse_couplings(text: str) -> Couplings:
    """Parse a coupling map given as JSON: `[[0, 1], [1, 2]]`.

    Returns:
        Pairs of qubits; none for an empty text.

    Raises:
        ValueError: it is not an array of pairs of whole numbers.
    """
    if not text.strip():
        return ()
    pairs = _json(text, "Coupling map")
    if (
        not isinstance(pairs, list)
        or not pairs
        or len(pairs) > MOST_COUPLINGS
        or not all(map(_is_pair, pairs))
    ):
        raise ValueError("Coupling map: pairs of qubits as JSON, for example [[0, 1], [1, 2]].")
    return tuple((first, second) for first, second in pairs)


def parse_qiskit_options(text: str) -> QiskitOptions:
    """Parse arguments of `qiskit.transpile` given as a JSON object: `{"layout_method": "sabre"}`.

    Returns:
        Pairs of a name and its value as JSON; none for an empty text.

    Raises:
        ValueError: it is not an object.
    """
    if not text.strip():
        return ()
    words = _json(text, "Qiskit options")
    if not isinstance(words, dict):
        raise ValueError('Qiskit options: a JSON object, for example {"layout_method": "sabre"}.')
    return tuple((name, json.dumps(value)) for name, value in words.items())


def parse_qiskit_option(text: str) -> tuple[str, str]:
    """One argument of `qiskit.transpile` as `KEY=JSON`; a value that is not JSON is taken as a word.

    Raises:
        ValueError: there is no `=`.
    """
    name, equals, value = text.partition("=")
    if not equals or not value.strip():
        raise ValueError(f"{text[:80]!r} is not KEY=JSON, for example seed_transpiler=7.")
    name, value = name.strip(), value.strip()
    if value.isidentifier() and value not in {"true", "false", "null"}:
        value = json.dumps(value)
    return name, value


def couplings_text(couplings: Couplings) -> str:
    """Write couplings as JSON that `parse_couplings` reads; empty for none."""
    return json.dumps([list(pair) for pair in couplings]) if couplings else ""


def qiskit_options_text(options: QiskitOptions) -> str:
    """Write options as JSON that `parse_qiskit_options` reads; empty for none."""
    return json.dumps(qiskit_arguments(options)) if options else ""


def qiskit_arguments(options: QiskitOptions) -> dict[str, object]:
    """The arguments with their values read."""
    return {name: json.loads(value) for name, value in options}


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(qubit) is int for qubit in value)


def _json(text: str, what: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError(f"{what} is not JSON: {text.strip()[:60]}") from None


def _no_number(word: str) -> object:
    """Python reads `NaN` and `Infinity`, which JSON does not have."""
    raise ValueError(word)
