"""The diagram of a program: its operations in rows and columns, each with its line of the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from qiskit import QuantumCircuit
from qiskit.circuit import ControlledGate
from qiskit.circuit.tools import pi_check

from tui.compiler.qiskit.parser import read, read_with_lines
from tui.domain.openqasm import version_of
from tui.domain.views.diagram import CircuitDiagram, LayerSummary, Symbol, Wire
from tui.openqasm.analysis.declarations import SymbolKind
from tui.openqasm.analysis.symbols import SymbolTable
from tui.qiskit_common.traversal import Numbers, block_numbers

MOST_DRAWN: Final = 5_000
"""Operations of a circuit that is drawn; a larger one gets a summary."""
SUMMARY_LINES: Final = 40
"""Lines of a summary, at most."""
LONGEST_LABEL: Final = 24
_CONTROL, _OPEN_CONTROL, _BARRIER = "●", "○", "░"
_LABELS: Final = {
    "cx": (_CONTROL, "⊕"),
    "ccx": (_CONTROL, _CONTROL, "⊕"),
    "cz": (_CONTROL, _CONTROL),
    "ccz": (_CONTROL, _CONTROL, _CONTROL),
    "swap": ("×", "×"),
    "cswap": (_CONTROL, "×", "×"),
    "reset": ("|0⟩",),
    "sdg": ("S†",),
    "tdg": ("T†",),
    "sx": ("√X",),
    "sxdg": ("√X†",),
    "id": ("I",),
}
_STANDARD: Final = frozenset(
    ["h", "x", "y", "z", "s", "t", "p", "u", "rx", "ry", "rz", "rxx", "ryy", "rzz", "rzx", "u1", "u2", "u3"]
)
_COMMENT: Final = re.compile(r"//[^\n]*")
_END: Final = re.compile(r"[;{}]")
_CONDITION: Final = re.compile(r"if\s*+\([^()]*+\)\s*+")
_REGISTER: Final = re.compile(r"[qc]reg\s++(\w++)\s*+\[\s*+(\d{1,9})\s*+\]")
_NAME: Final = re.compile(r"\w++")
_NO_OPERATION: Final = frozenset(["OPENQASM", "include", "qreg", "creg", "gate", "opaque"])


def diagram(text: str, layout: Sequence[int] = ()) -> CircuitDiagram:
    """Lay out the operations of an OpenQASM program, each in the first column where its qubits are free.

    Blocks of control flow are written in line: a symbol where one begins, its operations, one where it ends.

    Args:
        text: the program.
        layout: of an ISA program, physical qubit by virtual qubit: both numbers name a row.

    Returns:
        The diagram. A circuit of more than `MOST_DRAWN` operations has a summary of its columns instead.

    Raises:
        Unreadable: it is no program.
    """
    if version_of(text) == 3:
        circuit, places = read_with_lines(text)
        lines: Sequence[tuple[int, ...]] = places
    else:
        circuit = read(text)
        lines = [(line,) for line in openqasm2_lines(text)]
    virtual = {physical: number for number, physical in enumerate(layout)}
    return _Layout(circuit, lines, virtual, _names(text, circuit)).diagram()


def _names(text: str, circuit: QuantumCircuit) -> Mapping[int, str]:
    """Names of the qubits that are declared one by one, by their number: Qiskit does not keep them."""
    alone = [number for number, qubit in enumerate(circuit.qubits) if not circuit.find_bit(qubit).registers]
    if not alone or circuit.layout is not None:
        return {}
    declared = [
        symbol.name
        for symbol in SymbolTable.of(text).symbols
        if symbol.kind is SymbolKind.QUBITS and symbol.scope == 0 and "[" not in symbol.detail
    ]
    return dict(zip(alone, declared, strict=False))


class _Layout:
    """Puts the operations of a circuit into columns."""

    def __init__(
        self,
        circuit: QuantumCircuit,
        lines: Sequence[tuple[int, ...]],
        virtual: Mapping[int, int],
        names: Mapping[int, str],
    ) -> None:
        self._circuit, self._virtual, self._names = circuit, virtual, names
        numbers = {qubit: number for number, qubit in enumerate(circuit.qubits)}
        self._size = sum(1 for _ in _leaves(circuit))
        known = len(lines) == self._size
        self._lines = iter(lines) if known else iter([()] * self._size)
        self._numbers: Numbers = numbers
        used = {numbers[qubit] for entry in circuit.data for qubit in entry.qubits}
        self._rows = {number: row for row, number in enumerate(sorted(used))}
        self._free = [0] * len(used)
        self._inside: tuple[int, ...] = ()
        """Lines of the statements that the operation placed last stands in."""

    def diagram(self) -> CircuitDiagram:
        wires = tuple(self._wire(number) for number in sorted(self._rows))
        symbols = self._symbols(self._circuit, self._numbers, 0)
        if self._size > MOST_DRAWN:
            summary = _summary(symbols)
            return CircuitDiagram(wires, max(self._free, default=0), (), tuple(summary))
        drawn = sorted(symbols, key=lambda symbol: symbol.column)
        return CircuitDiagram(wires, max(self._free, default=0), tuple(drawn))

    def _wire(self, number: int) -> Wire:
        registers = self._circuit.find_bit(self._circuit.qubits[number]).registers
        if not registers and number in self._names:
            return Wire(self._names[number], qubit=number)
        if not registers:
            virtual = self._virtual.get(number)
            return Wire(f"${number}" if virtual is None else f"{virtual}→{number}", qubit=number)
        register, place = registers[0]
        name = f"{register.name}[{place}]" if register.size > 1 else register.name
        return Wire(name, register.name, number)

    def _symbols(self, circuit: QuantumCircuit, numbers: Numbers, depth: int) -> Iterator[Symbol]:
        for entry in circuit.data:
            rows = [self._rows[numbers[qubit]] for qubit in entry.qubits]
            if entry.is_control_flow():
                yield from self._block(entry, sorted(rows), numbers, depth)
            else:
                lines = self._inside = next(self._lines, ())
                if rows:
                    labels = _labels(self._circuit, entry, len(rows))
                    joined = entry.name != "barrier"
                    yield self._place(rows, labels, lines[-1] if lines else 0, joined=joined)

    def _block(self, entry: Any, rows: list[int], numbers: Numbers, depth: int) -> Iterator[Symbol]:
        inner: list[Symbol] = []
        begins = _opening(self._circuit, entry)
        for place, block in enumerate(entry.operation.blocks):
            begin = self._place(rows, _bracket(begins if not place else "else", len(rows)), 0, joined=True)
            body = list(self._symbols(block, block_numbers(block, entry, numbers), depth + 1))
            inner += [begin, *body]
        line = self._inside[depth] if depth < len(self._inside) else 0
        for symbol in inner:
            yield symbol if symbol.line else _at_line(symbol, line)
        yield self._place(rows, _bracket("end", len(rows)), line, joined=True)

    def _place(self, rows: list[int], labels: Sequence[str], line: int, *, joined: bool) -> Symbol:
        low, high = min(rows), max(rows)
        across = range(low, high + 1) if joined else rows
        column = max(self._free[row] for row in across)
        for row in across:
            self._free[row] = column + 1
        order = sorted(range(len(rows)), key=rows.__getitem__)
        return Symbol(
            column,
            tuple(rows[place] for place in order),
            tuple(labels[place] for place in order),
            line,
            joined,
        )


def _at_line(symbol: Symbol, line: int) -> Symbol:
    return Symbol(symbol.column, symbol.rows, symbol.labels, line, symbol.joined)


def _leaves(circuit: QuantumCircuit) -> Iterator[Any]:
    for entry in circuit.data:
        if entry.is_control_flow():
            for block in entry.operation.blocks:
                yield from _leaves(block)
        else:
            yield entry


def _labels(circuit: QuantumCircuit, entry: Any, count: int) -> Sequence[str]:
    name = entry.name
    if name == "barrier":
        return [_BARRIER] * count
    if name == "measure":
        return [f"M→{_bit(circuit, entry.clbits[0])}"]
    if (known := _LABELS.get(name)) is not None and len(known) == count:
        return known
    operation = entry.operation
    if isinstance(operation, ControlledGate) and operation.num_ctrl_qubits < count:
        state = f"{operation.ctrl_state:0{operation.num_ctrl_qubits}b}"[::-1]
        controls = [_CONTROL if bit == "1" else _OPEN_CONTROL for bit in state]
        base = operation.base_gate
        target = _label(base.name, base.params, "")
        return [*controls, *_numbered(target, count - len(controls))]
    return _numbered(_label(name, entry.params, getattr(operation, "unit", "")), count)


def _numbered(label: str, count: int) -> list[str]:
    return [label] if count == 1 else [f"{label}:{place}" for place in range(count)]


def _label(name: str, parameters: Sequence[Any], unit: str) -> str:
    if len(known := _LABELS.get(name, ())) == 1:
        return known[0]
    shown = name[:1].upper() + name[1:] if name in _STANDARD else name
    values = ",".join(
        _number(value) for value in parameters if isinstance(value, (int, float)) or _is_free(value)
    )
    text = f"{shown}({values}{unit if name == 'delay' else ''})" if values else shown
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def _is_free(value: Any) -> bool:
    return hasattr(value, "parameters")


def _number(value: Any) -> str:
    return _angle(value) if isinstance(value, (int, float)) else str(pi_check(value, output="text"))


@lru_cache(maxsize=4096)
def _angle(value: float) -> str:
    return str(pi_check(value, output="text", ndigits=3))


def _bit(circuit: QuantumCircuit, bit: Any) -> str:
    try:
        found = circuit.find_bit(bit)
    except Exception:
        return "?"
    if not found.registers:
        return str(found.index)
    register, place = found.registers[0]
    return f"{register.name}{place}" if register.size > 1 else str(register.name)


def _opening(circuit: QuantumCircuit, entry: Any) -> str:
    """How a block of control flow is called: `if c0=1`."""
    words = {"if_else": "if", "while_loop": "while", "for_loop": "for", "switch_case": "switch", "box": "box"}
    word = words.get(entry.name, str(entry.name))
    condition = getattr(entry.operation, "condition", None)
    if isinstance(condition, tuple):
        subject, value = condition
        subject_name = getattr(subject, "name", None) or _bit(circuit, subject)
        opening: str = f"{word} {subject_name}={int(value)}"
        return opening[:LONGEST_LABEL]
    if entry.name == "for_loop":
        turns: Any = entry.operation.params[0]
        return f"for ×{len(turns)}" if hasattr(turns, "__len__") else word
    return word


def _bracket(label: str, count: int) -> list[str]:
    return [label, *["┆"] * (count - 1)]


def _summary(symbols: Iterator[Symbol]) -> list[LayerSummary]:
    gates: dict[int, Counter[str]] = {}
    lines: dict[int, int] = {}
    for symbol in symbols:
        gates.setdefault(symbol.column, Counter())[_kind(symbol)] += 1
        if symbol.line:
            lines[symbol.column] = min(symbol.line, lines.get(symbol.column, symbol.line))
    columns = max(gates, default=-1) + 1
    step = max(1, -(-columns // SUMMARY_LINES))
    found = []
    for first in range(0, columns, step):
        last = min(first + step, columns) - 1
        total = sum((gates.get(column, Counter()) for column in range(first, last + 1)), Counter[str]())
        line = min((lines[column] for column in range(first, last + 1) if column in lines), default=0)
        found.append(LayerSummary(first, last, tuple(total.most_common(8)), line))
    return found


def _kind(symbol: Symbol) -> str:
    """What an operation is called in a summary: its labels without values, those of controls first."""
    parts = [label.partition("(")[0].partition("→")[0].partition(":")[0] for label in symbol.labels[:3]]
    return "".join(
        sorted(dict.fromkeys(parts) if _CONTROL not in parts else parts, key=lambda part: part != _CONTROL)
    )


def openqasm2_lines(text: str) -> list[int]:
    """Return the line of each operation of an OpenQASM 2 program at its top level, from 1.

    A statement on whole registers counts once for each of their qubits.
    """
    bare = _COMMENT.sub(lambda comment: " " * len(comment[0]), text)
    found: list[int] = []
    sizes: dict[str, int] = {}
    depth = start = 0
    line, counted = 1, 0
    for end in _END.finditer(bare):
        if end[0] == "{":
            depth += 1
            continue
        if end[0] == "}":
            depth -= 1
        elif not depth:
            statement = bare[start : end.start()]
            body = statement.lstrip()
            begin = start + len(statement) - len(body)
            line += bare.count("\n", counted, begin)
            counted = begin
            if (register := _REGISTER.match(body)) is not None:
                sizes[register[1]] = int(register[2])
            condition = _CONDITION.match(body)
            found += [line] * _operations(body[condition.end() :] if condition else body, sizes)
        if not depth:
            start = end.end()
    return found


def _operations(statement: str, sizes: dict[str, int]) -> int:
    name = _NAME.match(statement)
    if name is None or name[0] in _NO_OPERATION:
        return 0
    if name[0] == "barrier":
        return 1
    operands = statement[max(name.end(), statement.rfind(")") + 1) :].partition("->")[0]
    return max((sizes.get(part.strip(), 1) for part in operands.split(",")), default=1)
