"""Read OpenQASM 3 into a circuit, with the place of what is wrong."""

from __future__ import annotations

import re
from typing import Any, Final

from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from openqasm3 import ast
from openqasm3.parser import QASM3ParsingError, QASMNodeVisitor, qasm3Lexer, qasm3Parser
from qiskit import QuantumCircuit
from qiskit.circuit import ClassicalRegister, Clbit
from qiskit.circuit.library import IGate
from qiskit_qasm3_import.converter import ConvertVisitor
from qiskit_qasm3_import.exceptions import ConversionError

from tui.compiler.qiskit.diagnostics import Unreadable, unreadable
from tui.compiler.qiskit.openqasm2 import MOST_BITS
from tui.compiler.qiskit.wording import building, importing, syntax
from tui.domain.circuits import Diagnostic

MOST_ERRORS: Final = 5
"""After that many syntax errors the rest is most likely their consequence."""


def read(text: str) -> QuantumCircuit:
    """The circuit of an OpenQASM 3 program, as `qiskit.qasm3.loads` makes it, but for three things.

    Single bits (`bit c;`) become registers of one bit with their name, because a primitive returns
    registers only; `id` is Qiskit's identity gate and no rotation by nothing; errors have a place.

    Raises:
        Unreadable: Qiskit does not accept it.
    """
    program = _parse(text)
    importer = _Importer()
    try:
        circuit: QuantumCircuit = importer.convert(program).circuit
    except ConversionError as error:
        raise _from_importer(error, text) from error
    except Exception as error:
        # The importer leaves checks to Qiskit's gates, which raise TypeError, IndexError and others.
        node = importer.place()
        span = getattr(node, "span", None)
        message = building(error, node.name.name if isinstance(node, ast.QuantumGate) else "")
        raise unreadable(
            message, span.start_line if span else 0, span.start_column + 1 if span else 0
        ) from error
    _name_single_bits(circuit, importer.single_bits)
    return circuit


class _Listener(ErrorListener):  # type: ignore[misc]  # the ANTLR runtime has no types
    """Collects what lexer and parser complain of; by default they print it."""

    def __init__(self, text: str) -> None:
        self.found: list[Diagnostic] = []
        self._text = text

    def syntaxError(
        self, recognizer: Any, offendingSymbol: Any, line: int, column: int, msg: str, e: Any
    ) -> None:
        """Called by ANTLR; `line` counts from 1, `column` from 0."""
        message = syntax(msg, getattr(offendingSymbol, "text", None))
        if self._text.startswith("/*", getattr(offendingSymbol, "start", len(self._text))):
            message = "This comment does not end: */ is missing."
        elif "';'" in msg and (before := _token_before(recognizer, offendingSymbol, line)) is not None:
            # What lacks is seen only at the next token; the line to mend is the one before it.
            line, column = before.line, before.column + len(before.text)
            message = "';' is missing at the end of this line."
        if len(self.found) < MOST_ERRORS and all(known.line != line for known in self.found):
            self.found.append(Diagnostic(line, column + 1, message))


def _token_before(parser: Any, token: Any, line: int) -> Any:
    """The token before `token` when it is on another line, and only a ';' or '=' could follow it."""
    index = getattr(token, "tokenIndex", 0)
    if index <= 0 or len(parser.getExpectedTokens()) > 3:
        return None
    before = parser.getTokenStream().get(index - 1)
    return before if before.line < line else None


def _parse(text: str) -> ast.Program:
    """`openqasm3.parse`, which gives no place for most errors, with a listener of our own."""
    listener = _Listener(text)
    lexer = qasm3Lexer(InputStream(text))
    parser = qasm3Parser(CommonTokenStream(lexer))
    for source in (lexer, parser):
        source.removeErrorListeners()
        source.addErrorListener(listener)
    try:
        tree = parser.program()
        if listener.found:
            raise Unreadable(tuple(listener.found))
        program: ast.Program = QASMNodeVisitor().visitProgram(tree)
    except QASM3ParsingError as error:
        place = re.match(r"L(\d+):C(\d+): (.*)", str(error), re.DOTALL)
        if place is None:
            raise unreadable(str(error)) from error
        raise unreadable(importing(place[3]), int(place[1]), int(place[2]) + 1) from error
    except RecursionError as error:
        raise unreadable(building(error, "")) from error
    return program


class _Importer(ConvertVisitor):  # type: ignore[misc]  # the importer has no types
    """Qiskit's importer, that knows where it is."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[ast.QASMNode] = []
        self.single_bits: dict[str, Clbit] = {}

    def place(self) -> ast.QASMNode | None:
        """The innermost statement that was not finished."""
        return self._open[-1] if self._open else None

    def visit(self, node: ast.QASMNode, context: Any = None) -> Any:
        """Visit a node; statements are remembered until they are done."""
        statement = isinstance(node, ast.Statement)
        if statement:
            self._open.append(node)
            self._refuse_the_huge(node)
        result = super().visit(node, context)
        if statement:
            self._open.pop()
        return result

    def visit_Include(self, node: ast.Include, context: Any) -> Any:
        """Define the standard gates."""
        context = super().visit_Include(node, context)
        if (identity := context.symbol_table.get("id", node)) is not None:
            identity.data = IGate
        return context

    def visit_ClassicalDeclaration(self, node: ast.ClassicalDeclaration, context: Any) -> Any:
        """Declare a bit or a register of bits."""
        context = super().visit_ClassicalDeclaration(node, context)
        bit = context.symbol_table.get(node.identifier.name, node).data
        if isinstance(bit, Clbit):
            self.single_bits[node.identifier.name] = bit
        return context

    def visit_QuantumGate(self, node: ast.QuantumGate, context: Any) -> Any:
        """Apply a gate; its number of parameters is checked, which Qiskit's classes do not all do."""
        gate = context.symbol_table.get(node.name.name, node)
        takes = getattr(gate.type, "n_classical", None) if gate is not None else None
        if isinstance(takes, int) and takes != len(node.arguments):
            plural = "" if takes == 1 else "s"
            raise ConversionError(
                f"{node.name.name} takes {takes} parameter{plural}, not {len(node.arguments)}", node
            )
        return super().visit_QuantumGate(node, context)

    def _refuse_the_huge(self, node: ast.QASMNode) -> None:
        kind = getattr(node, "type", None)
        size = node.size if isinstance(node, ast.QubitDeclaration) else getattr(kind, "size", None)
        if isinstance(size, ast.IntegerLiteral) and size.value > MOST_BITS:
            raise ConversionError(f"a register of more than {MOST_BITS:,} bits is not read", node)


def _name_single_bits(circuit: QuantumCircuit, bits: dict[str, Clbit]) -> None:
    taken = {register.name for register in circuit.cregs}
    for name, bit in bits.items():
        if name not in taken:
            circuit.add_register(ClassicalRegister(name=name, bits=[bit]))


def _from_importer(error: ConversionError, text: str) -> Unreadable:
    place = re.match(r"(\d+),(\d+): (.*)$", error.message, re.DOTALL)
    if place is None:
        return unreadable(importing(error.message))
    line, column, said = int(place[1]), int(place[2]), place[3]
    named = re.search(r"'(\w+)'", said)
    start = sum(len(before) + 1 for before in text.split("\n")[: line - 1])
    if named is not None and column >= start and text.startswith(named[1], column):
        # For a name the parser gives its distance from the start of the program.
        column -= start
    message = importing(said)
    if message.startswith("There is no gate") and "stdgates.inc" not in text:
        message += ' The standard gates need: include "stdgates.inc";'
    return unreadable(message, line, column + 1)
