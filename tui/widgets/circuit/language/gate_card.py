"""The card of a gate: what it means, its matrix, what it is made of, what becomes of it on the backend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.common.safe_text import plain
from tui.compiler.messages import GateFacts
from tui.openqasm.analysis.standard import INCLUDES
from tui.openqasm.gates import MEANINGS, GateAtCursor, greek
from tui.widgets.text.format import percent_error
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, line, wrapped

_MARGIN = 12
_MOST_ROWS = 4
"""Rows of a matrix that is shown whole."""


@dataclass(frozen=True, slots=True)
class GateCard:
    """What is known of a gate.

    Attributes:
        gate: the gate.
        backend: the backend chosen; empty: none.
        facts: what Qiskit says of it; `None`: nothing yet, or nothing at all.
        trouble: why there is nothing more.
    """

    gate: GateAtCursor
    backend: str = ""
    facts: GateFacts | None = None
    trouble: str = ""


def gate_card_lines(card: GateCard, width: int) -> list[StyledLine]:
    """Return the lines of a card.

    Args:
        card: what is known.
        width: cells of a line.
    """
    gate = card.gate
    parameters = f"({', '.join(gate.signature.parameters)})" if gate.signature.parameters else ""
    head = f"{gate.name}{parameters} {', '.join(gate.signature.qubits)}"
    lines = [line(("Gate ", TextStyle.MUTED), (plain(head, limit=200), TextStyle.STRONG))]
    meaning = MEANINGS.get(gate.name) if not gate.line else None
    if meaning is not None:
        lines += wrapped(meaning.summary, width)
        files = " and ".join(name for name, gates in INCLUDES.items() if gate.name in gates)
        lines.append(line((f"Of {files or 'the language itself'}.", TextStyle.MUTED)))
    else:
        lines.append(line(f"Declared on line {gate.line} of this program."))
    if rows := list(_matrix(card)):
        lines += [BLANK, *rows]
    lines.append(BLANK)
    if card.trouble:
        return [*lines, *wrapped(card.trouble, width, TextStyle.MUTED)]
    if card.facts is None:
        return [*lines, line(("Qiskit is asked what it is made of…", TextStyle.MUTED))]
    if card.facts.definition:
        lines += _statements("made of", card.facts.definition, width)
    return [*lines, *_device(card, card.facts, width)]


def short_card(gate: GateAtCursor) -> str:
    """Return signature and meaning of a gate in two lines."""
    parameters = f"({', '.join(gate.signature.parameters)})" if gate.signature.parameters else ""
    meaning = MEANINGS.get(gate.name) if not gate.line else None
    told = meaning.summary if meaning is not None else f"Declared on line {gate.line}."
    return plain(f"{gate.name}{parameters} {', '.join(gate.signature.qubits)}", limit=100) + "\n" + told


def _matrix(card: GateCard) -> Iterator[StyledLine]:
    meaning = MEANINGS.get(card.gate.name) if not card.gate.line else None
    rows: Sequence[Sequence[str]] = meaning.matrix if meaning is not None else ()
    if meaning is None and card.facts is not None:
        rows = card.facts.matrix
    if not rows:
        return
    controls = meaning.controls if meaning is not None else 0
    if controls and len(rows) << controls <= _MOST_ROWS:
        rows, controls = _controlled(rows, len(rows) << controls), 0
    if controls:
        names = ", ".join(card.gate.signature.qubits[:controls])
        last = ", ".join(card.gate.signature.qubits[controls:])
        yield line((f"on {last}, where {names} {'is' if controls == 1 else 'are'} 1:", TextStyle.MUTED))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    bits = (len(rows) - 1).bit_length()
    for number, row in enumerate(rows):
        entries = "  ".join(f"{entry:<{width}}" for entry, width in zip(row, widths, strict=True))
        yield line((f"  {number:0{bits}b}  " if bits else "  ", TextStyle.MUTED), entries.rstrip())


def _controlled(rows: Sequence[Sequence[str]], size: int) -> list[list[str]]:
    """The matrix of all qubits: nothing is done where not all controls are 1."""
    first = size - len(rows)
    whole = [["1" if row == column else "0" for column in range(size)] for row in range(size)]
    for number, row in enumerate(rows):
        whole[first + number][first:] = row
    return whole


def _device(card: GateCard, facts: GateFacts, width: int) -> list[StyledLine]:
    if not card.backend:
        return [line(("F4 or F6 chooses a backend: then this says what it becomes there.", TextStyle.MUTED))]
    where = ", ".join(f"${number}" for number in card.gate.qubits)
    on = f"{card.backend}{f', {where}' if where else ''}"
    if not facts.coupled:
        return wrapped(f"{on}: not coupled; swaps would be added.", width, TextStyle.WARNING)
    if facts.native:
        lines = [_fact("on", f"{on}: a gate of the device")]
    elif not facts.becomes:
        lines = [_fact("on", f"{on}: nothing is left of it")]
    else:
        pairs = facts.two_qubit_gates
        count = f"{pairs} two-qubit gate{'' if pairs == 1 else 's'}, " if pairs else ""
        lines = [_fact("on", f"{on}: {count}{len(facts.becomes)} gates")]
        lines += _statements("becomes", facts.becomes, width)
    if facts.error is not None:
        figures = f"error {percent_error(facts.error)} %"
        if facts.duration_s is not None:
            figures += f", {facts.duration_s * 1e9:.0f} ns"
        lines.append(_fact("", figures + ("" if card.gate.qubits else "  (medians of the device)")))
    if not facts.symbolic:
        angles = ", ".join(f"{greek(name)} = 1" for name in card.gate.signature.parameters)
        lines.append(_fact("", f"here with {angles}"))
    return lines


def _fact(name: str, text: str) -> StyledLine:
    return line((f"{name:<{_MARGIN}}", TextStyle.MUTED), plain(text, limit=400))


def _statements(name: str, statements: Sequence[str], width: int) -> list[StyledLine]:
    text = wrapped(plain(" ".join(statements), limit=1_000), max(20, width - _MARGIN), TextStyle.QASM_GATE)
    names = [name, *[""] * (len(text) - 1)]
    return [
        (*line((f"{one:<{_MARGIN}}", TextStyle.MUTED)), *pieces)
        for one, pieces in zip(names, text, strict=True)
    ]
