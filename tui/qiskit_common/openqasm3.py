"""OpenQASM 3 to Qiskit: the importer of `qiskit-qasm3-import`, mended where jobs depend on it.

- `id` becomes Qiskit's identity gate, which devices have (the importer makes it U(0, 0, 0));
- `bit c;` becomes a register of one bit, since primitives return results by register;
- registers keep the names they have in the program;
- a bit may be compared with 0 and 1 in a condition;
- hardware qubits `$n` exist from the start, so that one first named inside a block is well placed;
- errors have their line and column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from openqasm3 import ast
from openqasm3.parser import QASM3ParsingError, QASMNodeVisitor, qasm3Lexer, qasm3Parser
from qiskit import QuantumCircuit
from qiskit.circuit import CONTROL_FLOW_OP_NAMES, ClassicalRegister, Qubit
from qiskit.circuit.library import IGate
from qiskit_qasm3_import import types
from qiskit_qasm3_import.converter import ConvertVisitor
from qiskit_qasm3_import.data import Scope, Symbol
from qiskit_qasm3_import.exceptions import ConversionError, raise_from_node

MOST_BITS: Final = 20_000
"""Qubits or bits of one declaration: Qiskit makes an object of each."""
_EQUALITIES: Final = (ast.BinaryOperator["=="], ast.BinaryOperator["!="])
MOST_ERRORS: Final = 5
"""After that many syntax errors the rest is most likely their consequence."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in a program.

    Attributes:
        kind: "syntax": of ANTLR's lexer or parser; "import": of the importer, which lacks a feature or misses
            a name; "build": Qiskit raised `cause` while it built the circuit.
        message: the text as the library has it.
        line: from 1; 0 when the place is not known.
        column: from 1; 0 when the place is not known.
        token: the ANTLR token that a syntax error is about.
        statement_end: line and column where a ';' is missing, when the error is seen on a later line only.
        gate: name of the gate that was being applied.
        cause: exception of Qiskit.
    """

    kind: Literal["syntax", "import", "build"]
    message: str
    line: int = 0
    column: int = 0
    token: Any = None
    statement_end: tuple[int, int] | None = None
    gate: str = ""
    cause: Exception | None = None


class OpenQasm3Error(Exception):
    """A program is not accepted. `problems` says why; there is at least one."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


def load(program: str) -> QuantumCircuit:
    """Import an OpenQASM 3 program, as `qiskit.qasm3.loads` does but for what the module says.

    Returns:
        The circuit. One with hardware qubits has a layout, its qubit i is `$i`, and it is as wide as the
        highest number asks for.

    Raises:
        OpenQasm3Error: the program is not accepted.
    """
    return _import(_Importer(), program)


def _import(importer: _Importer, program: str) -> QuantumCircuit:
    try:
        tree, importer.hardware_qubits = _parse(program)
        circuit: QuantumCircuit = importer.convert(tree).circuit
    except ConversionError as error:
        raise OpenQasm3Error(_import_problem(error.message, program)) from error
    except OpenQasm3Error:
        raise
    except Exception as error:
        # The importer leaves checks to Qiskit's gates, which raise TypeError, IndexError and others.
        node = importer.open_statements[-1] if importer.open_statements else None
        span = getattr(node, "span", None)
        line, column = (span.start_line, span.start_column + 1) if span else (0, 0)
        gate = node.name.name if isinstance(node, ast.QuantumGate) else ""
        text = str(getattr(error, "message", error)) or type(error).__name__
        raise OpenQasm3Error(Problem("build", text, line, column, gate=gate, cause=error)) from error
    return circuit


def load_with_lines(program: str) -> tuple[QuantumCircuit, list[tuple[int, ...]]]:
    """Import an OpenQASM 3 program, and tell where its operations come from.

    Returns:
        The circuit as by `load`; for each of its operations in program order, those in blocks included but
        not the blocks, the lines of the statements that it stands in, outermost first, from 1.

    Raises:
        OpenQasm3Error: the program is not accepted.
    """
    importer = _TracingImporter()
    return _import(importer, program), importer.lines


class _Listener(ErrorListener):  # type: ignore[misc]  # the ANTLR runtime has no types
    """Collects the errors of lexer and parser, one a line; by default they are printed."""

    def __init__(self) -> None:
        self.found: dict[int, Problem] = {}

    def syntaxError(
        self, recognizer: Any, offendingSymbol: Any, line: int, column: int, msg: str, e: Any
    ) -> None:
        """Called by ANTLR; `line` counts from 1, `column` from 0."""
        end = _statement_end(recognizer, offendingSymbol, line) if "';'" in msg else None
        if len(self.found) < MOST_ERRORS:
            problem = Problem("syntax", msg, line, column + 1, offendingSymbol, end)
            self.found.setdefault(end[0] if end else line, problem)


def _statement_end(parser: Any, token: Any, line: int) -> tuple[int, int] | None:
    """The end of the token before, when it is on another line, and only a ';' or '=' could follow it."""
    index = getattr(token, "tokenIndex", 0)
    if index <= 0 or len(parser.getExpectedTokens()) > 3:
        return None
    before = parser.getTokenStream().get(index - 1)
    return (before.line, before.column + len(before.text) + 1) if before.line < line else None


def _parse(program: str) -> tuple[ast.Program, int]:
    """`openqasm3.parse`, which gives no place for most errors, with a listener of our own.

    Returns:
        The tree, and one more than the highest number of a hardware qubit: 0 without one.
    """
    listener = _Listener()
    lexer = qasm3Lexer(InputStream(program))
    tokens = CommonTokenStream(lexer)
    parser = qasm3Parser(tokens)
    for source in (lexer, parser):
        source.removeErrorListeners()
        source.addErrorListener(listener)
    tree = parser.program()
    if listener.found:
        raise OpenQasm3Error(*listener.found.values())
    try:
        parsed: ast.Program = QASMNodeVisitor().visitProgram(tree)
    except QASM3ParsingError as error:
        place = re.match(r"L(\d+):C(\d+): (.*)", str(error), re.DOTALL)
        if place is None:
            raise OpenQasm3Error(Problem("import", str(error))) from error
        raise OpenQasm3Error(Problem("import", place[3], int(place[1]), int(place[2]) + 1)) from error
    hardware = (int(token.text[1:]) for token in tokens.tokens if token.type == qasm3Lexer.HardwareQubit)
    return parsed, max(hardware, default=-1) + 1 if "$" in program else 0


class _Importer(ConvertVisitor):  # type: ignore[misc]  # the importer has no types
    """Qiskit's importer, that knows where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.open_statements: list[ast.QASMNode] = []
        self.hardware_qubits = 0

    def visit(self, node: ast.QASMNode, context: Any = None) -> Any:
        """Visit a node; statements are remembered until they are done."""
        statement = isinstance(node, ast.Statement)
        if statement:
            self.open_statements.append(node)
            self._refuse_the_huge(node)
        result = super().visit(node, context)
        if statement:
            self.open_statements.pop()
        return result

    def visit_Program(self, node: ast.Program, context: Any) -> Any:
        """Declare the hardware qubits, then visit all statements."""
        # Declared qubits beside hardware qubits: the importer refuses to mix them.
        declared = any(isinstance(statement, ast.QubitDeclaration) for statement in node.statements)
        if self.hardware_qubits and not declared:
            if self.hardware_qubits > MOST_BITS:
                raise ConversionError(
                    f"there is the hardware qubit ${self.hardware_qubits - 1}; no device has that many qubits"
                )
            context.addressing_mode.set_physical_mode(node)
            qubits = [Qubit() for _ in range(self.hardware_qubits)]
            context.circuit.add_bits(qubits)
            for index, qubit in enumerate(qubits):
                symbol = Symbol(f"${index}", qubit, types.HardwareQubit(), Scope.GLOBAL, None)
                context.symbol_table.insert(symbol)
        return super().visit_Program(node, context)

    def visit_Include(self, node: ast.Include, context: Any) -> Any:
        """Define the standard gates."""
        context = super().visit_Include(node, context)
        if (identity := context.symbol_table.get("id", node)) is not None:
            identity.data = IGate
        return context

    def visit_ClassicalDeclaration(self, node: ast.ClassicalDeclaration, context: Any) -> Any:
        """Declare a register, of one bit for a single bit."""
        if context.scope is not Scope.GLOBAL or not isinstance(node.type, ast.BitType):
            return super().visit_ClassicalDeclaration(node, context)
        name, single = node.identifier.name, node.type.size is None
        size = 1 if single else self._resolve_constant_int(node.type.size, context)
        register = ClassicalRegister(size, name)
        data, kind = (register[0], types.Bit()) if single else (register, types.BitArray(size))
        context.symbol_table.insert(Symbol(name, data, kind, context.scope, node))
        context.circuit.add_register(register)
        if (value := node.init_expression) is not None:
            if not isinstance(value, ast.QuantumMeasurement):
                raise_from_node(value, "initialisation of classical bits is not supported")
            context.circuit.measure(self._resolve_qarg(value.qubit, context), data)
        return context

    def visit_ClassicalAssignment(self, node: ast.ClassicalAssignment, context: Any) -> Any:
        """Refuse the assignment, first for a name that is not declared or is no bit."""
        self._resolve_carg(node.lvalue, context)
        return self.generic_visit(node, context)

    def _resolve_condition(self, node: ast.Expression, context: Any) -> Any:
        """Resolve a condition; a bit may be compared with 0 and 1, too, not with false and true alone."""
        if isinstance(node, ast.BinaryExpression) and node.op in _EQUALITIES:
            for side, number in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
                if isinstance(number, ast.IntegerLiteral) and number.value in (0, 1):
                    value, kind = self._resolve_generic(side, context, strict=True)
                    if isinstance(kind, types.Bit):
                        return value, bool(number.value) is (node.op is ast.BinaryOperator["=="])
        return super()._resolve_condition(node, context)

    def visit_QuantumGate(self, node: ast.QuantumGate, context: Any) -> Any:
        """Apply a gate; its number of parameters is checked, which Qiskit's classes do not all do."""
        gate = context.symbol_table.get(node.name.name, node)
        takes = getattr(gate.type, "n_classical", None) if gate is not None else None
        if isinstance(takes, int) and takes != len(node.arguments):
            parameters = "parameter" if takes == 1 else "parameters"
            raise_from_node(node, f"{node.name.name} takes {takes} {parameters}, not {len(node.arguments)}")
        return super().visit_QuantumGate(node, context)

    def _refuse_the_huge(self, node: ast.QASMNode) -> None:
        kind = getattr(node, "type", None)
        size = node.size if isinstance(node, ast.QubitDeclaration) else getattr(kind, "size", None)
        if isinstance(size, ast.IntegerLiteral) and size.value > MOST_BITS:
            raise_from_node(node, f"a register of more than {MOST_BITS:,} bits is not read")


class _TracingImporter(_Importer):
    """An importer that notes the statements of each operation."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[int, ...]] = []

    def visit_Program(self, node: ast.Program, context: Any) -> Any:
        """Visit all statements; what they append to the circuit is noted."""
        circuit, append = context.circuit, context.circuit.append

        def noting(instruction: Any, *arguments: Any, **named: Any) -> Any:
            appended = append(instruction, *arguments, **named)
            if getattr(instruction, "name", "") not in CONTROL_FLOW_OP_NAMES:
                spans = (getattr(statement, "span", None) for statement in self.open_statements)
                where = tuple(span.start_line if span is not None else 0 for span in spans)
                self.lines.extend([where] * len(appended))
            return appended

        # An attribute of this one circuit: its blocks are appended to by it, too.
        circuit.append = noting
        try:
            return super().visit_Program(node, context)
        finally:
            del circuit.append


def _import_problem(message: str, program: str) -> Problem:
    """The problem of a message of the importer, "3,0: the text"."""
    place = re.match(r"(\d+),(\d+): (.*)$", message, re.DOTALL)
    if place is None:
        return Problem("import", message)
    line, column, text = int(place[1]), int(place[2]), place[3]
    named = re.search(r"'(\w+)'", text)
    start = sum(len(before) + 1 for before in program.split("\n")[: line - 1])
    if named is not None and column >= start and program.startswith(named[1], column):
        # For a name the parser gives its distance from the start of the program.
        column -= start
    return Problem("import", text, line, column + 1)
