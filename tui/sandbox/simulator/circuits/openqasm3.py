"""OpenQASM 3 to Qiskit: the importer of `qiskit-qasm3-import`, mended where jobs depend on it.

- `id` becomes the device's own gate (the importer makes it U(0,0,0), which no device has);
- `bit c;` becomes a register of one bit, since results are told by register;
- registers keep the names they have in the program;
- hardware qubits `$n` exist from the start, so that one first named inside a block is well placed;
- errors say the line and column.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import openqasm3
from openqasm3 import ast
from openqasm3.parser import QASM3ParsingError
from qiskit.circuit import ClassicalRegister, QuantumCircuit, Qubit
from qiskit.circuit.library import standard_gates
from qiskit_qasm3_import import types
from qiskit_qasm3_import.converter import ConvertVisitor
from qiskit_qasm3_import.data import Scope, Symbol
from qiskit_qasm3_import.exceptions import ConversionError
from qiskit_qasm3_import.state import State, physical_qubit_index

from tui.sandbox.simulator.base.errors import Failure

# A circuit cannot be wider than any device; the importer would make a qubit for each number below.
_MOST_QUBITS = 1000
_TAKEN = re.compile(r"Symbol '([^']+)' already inserted .*")


def load(program: str) -> tuple[QuantumCircuit, bool]:
    """The circuit of an OpenQASM 3 program, and whether it names hardware qubits.

    Qubit i of a circuit with hardware qubits is `$i`; it is as wide as the highest number asks for.
    Raises `Failure` with the position of the error.
    """
    try:
        tree = openqasm3.parse(program)
    except QASM3ParsingError as error:
        _syntax_error(program, error)
    except (AttributeError, RecursionError) as error:
        # The parser trips over an empty program and over thousands of nested brackets.
        text = "it is nested too deeply" if isinstance(error, RecursionError) else "it is empty"
        _fail(program, None, None, text)
    state = State(program)
    highest = _highest_hardware_qubit(tree)
    if highest is not None:
        _declare_hardware_qubits(state, highest + 1)
    visitor = _Importer()
    try:
        visitor.visit(tree, state)
    except ConversionError as error:
        _conversion_error(program, str(error.message))
    except Exception as error:
        # Qiskit's own errors come through bare: an index out of range, a qubit used twice.
        _fail(program, visitor.line, None, str(getattr(error, "message", error)) or type(error).__name__)
    return state.circuit, highest is not None


class _Importer(ConvertVisitor):  # type: ignore[misc] # the package is untyped
    line: int | None = None

    def visit_Program(self, node: Any, context: Any) -> Any:
        for statement in node.statements:
            # Kept for errors that Qiskit raises itself and that carry no position.
            self.line = statement.span.start_line if statement.span is not None else None
            context = self.visit(statement, context)
        return context

    def visit_Include(self, node: Any, context: Any) -> Any:
        context = super().visit_Include(node, context)
        symbol = context.symbol_table.get("id", node)
        symbol.data = standard_gates.IGate
        return context

    def visit_ClassicalDeclaration(self, node: Any, context: Any) -> Any:
        if context.scope is not Scope.GLOBAL or not isinstance(node.type, ast.BitType):
            return super().visit_ClassicalDeclaration(node, context)
        name = node.identifier.name
        size = 1 if node.type.size is None else self._resolve_constant_int(node.type.size, context)
        register = ClassicalRegister(size, name)
        context.circuit.add_register(register)
        symbol = (
            Symbol(name, register[0], types.Bit(), context.scope, node)
            if node.type.size is None
            else Symbol(name, register, types.BitArray(size), context.scope, node)
        )
        context.symbol_table.insert(symbol)
        if node.init_expression is not None:
            if not isinstance(node.init_expression, ast.QuantumMeasurement):
                raise ConversionError("initialisation of classical bits is not supported", node)
            context.circuit.measure(self._resolve_qarg(node.init_expression.qubit, context), symbol.data)
        return context


def _declare_hardware_qubits(state: Any, count: int) -> None:
    if count > _MOST_QUBITS:
        raise Failure(f"The program names the hardware qubit ${count - 1}; no device has that many qubits.")
    bits = [Qubit() for _ in range(count)]
    state.circuit.add_bits(bits)
    for index, bit in enumerate(bits):
        state.symbol_table.insert(Symbol(f"${index}", bit, types.HardwareQubit(), Scope.GLOBAL, None))


def _highest_hardware_qubit(node: Any) -> int | None:
    highest: int | None = None
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Identifier):
            index = physical_qubit_index(item.name)
            if index is not None and (highest is None or index > highest):
                highest = index
        elif isinstance(item, ast.QASMNode):
            waiting.extend(value for key, value in vars(item).items() if key != "span")
        elif isinstance(item, list | tuple):
            waiting.extend(item)
    return highest


def _syntax_error(program: str, error: BaseException) -> NoReturn:
    cause = error.__cause__
    while cause is not None and cause.args and isinstance(cause.args[0], BaseException):
        cause = cause.args[0]
    token = getattr(cause, "offendingToken", None)
    if token is not None:
        text = "the end of the program" if token.text == "<EOF>" else repr(token.text)
        _fail(program, token.line, token.column, f"unexpected {text}")
    _fail(program, None, None, str(error) or "the program is not valid OpenQASM 3")


def _conversion_error(program: str, message: str) -> NoReturn:
    place, _, text = message.partition(": ")
    if taken := _TAKEN.fullmatch(text):
        # Most often a gate of stdgates.inc with the name of somebody's parameter: t, s, p.
        text = f"the name {taken[1]} is already taken, by an earlier line or a gate of stdgates.inc"
    line, _, column = place.partition(",")
    if text and line.isdecimal() and column.isdecimal():
        _fail(program, int(line), int(column), text)
    _fail(program, None, None, message)


def _fail(program: str, line: int | None, column: int | None, text: str) -> NoReturn:
    """Columns from 0, as the parser counts; people count from 1."""
    where = "" if line is None else f" on line {line}"
    where += "" if line is None or column is None else f", column {column + 1}"
    raise Failure(
        f"The OpenQASM 3 program has an error{where}: {text}",
        1002,
        "Correct the program and submit it again.",
    )
