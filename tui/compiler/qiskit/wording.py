"""Messages of Qiskit's readers of OpenQASM in plain words; what is valid but not for Qiskit is told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NODES: Final = {
    "BreakStatement": "`break` here; put what follows into an `if`",
    "CalibrationDefinition": "`defcal` calibrations; devices use their own, leave it out",
    "CalibrationGrammarDeclaration": "`defcalgrammar`; leave it out",
    "CalibrationStatement": "`cal` blocks; devices take no pulses, leave it out",
    "ClassicalAssignment": "assignments other than `= measure`",
    "CompoundStatement": "bare `{ ... }` blocks; leave the braces out",
    "ConstantDeclaration": "`const` declarations; write the value itself where it is used",
    "ContinueStatement": "`continue` here; put what follows into an `if`",
    "EndStatement": "`end`; leave it out, or put what follows into an `if`",
    "ExternDeclaration": "`extern` functions; work their values out beforehand, or on the results",
    "Pragma": "pragmas; remove the line",
    "QuantumPhase": "`gphase` here; leave it out where the gate is not controlled",
    "ReturnStatement": "`return`; write the block where it is called",
    "SubroutineDefinition": "`def` subroutines; a `gate` definition may do",
    "SwitchStatement": "`switch`; use `if`",
    "Box": "`box`; write its block with a barrier before and behind it",
}
"""Nodes of the syntax tree for which the importer has no code."""
_EXPRESSIONS: Final = {
    "ArrayLiteral": "lists of values in braces",
    "BitstringLiteral": "bit strings here; write a number",
    "Cast": "conversions between types, such as int(c); compare the register itself, as in c == 3",
    "Concatenation": "joined registers, such as a ++ b, here; name them one after the other",
    "DurationOf": "`durationof`; write the time, such as 100ns",
    "FunctionCall": "calls of functions in expressions; write the number, or `input float` a parameter",
    "ImaginaryLiteral": "imaginary numbers",
    "QuantumMeasurement": "measurements in expressions; measure into a bit first",
    "SizeOf": "`sizeof`; write the number",
}
"""Nodes in expressions, likewise."""
_UNSUPPORTED: Final = {
    r"declarations of type '(stretch|duration)' are not supported": (
        "variables of type {0}; write the time itself, as in delay[100ns]"
    ),
    r"declarations of type '(\w+)' are not supported": (
        "variables of type {0}; write the value itself, or a parameter, as in input float turn"
    ),
    r"only global declarations": "declarations in a block; declare at the top of the program",
    r"the 'output' keyword": "`output`; leave the word out",
    r"only 'float' and 'angle' inputs": "`input` of other types than float and angle; write input float",
    r"only integer loop variables": "loop variables of other types than int and uint; write uint",
    r"only ranges and discrete integer sets": "loops over other things than ranges and sets of numbers",
    r"can only handle constant ranges": "ranges that are not of plain numbers; write the numbers",
    r"gates with durations": "gates with durations",
    r"non-stdgates": (
        'this file: it reads no included file but "stdgates.inc" ("qelib1.inc" belongs to OpenQASM 2)'
    ),
    r"initialisation": "a bit that starts with a value; it starts with 0, or with a measurement",
    r"measurements must": "a measurement without a bit for its result, as in c[0] = measure q[0]",
    r"no registered handler could load annotation: '(@\S+)": "the annotation {0}; remove the line",
    r"unsupported binary operation|unhandled binary operator|unhandled unary operator": (
        "this operator here; it calculates with + - * / only and compares with == only"
    ),
    r"only '==' is supported": "other comparisons of a register than with ==",
    r"conditions": "conditions other than `bit`, `!bit`, `bit == 1` or `register == number`",
    r"only indexing|only 1D indexers": "an index of anything but qubits and bits, or of more than one",
    r"(?:Physical|Virtual) qubit": "physical qubits ($0) and declared ones in one program",
    r"aliases must": "`let` of anything but registers of qubits or bits",
}
"""Beginnings of messages of `qiskit_qasm3_import` on valid programs, and what Qiskit cannot import."""
_MISTAKES: Final = {
    r"Symbol '(.+)' already": "The name {0} is taken: a gate, register or variable has it already.",
    r"gate '(.+)' is not defined": "There is no gate {0}.",
    r"Undefined symbol '(.+)'": "There is no {0}: it is not declared above.",
    r"Symbol (\S+) is not visible": "{0} cannot be used in a gate: a gate knows its own qubits only.",
    r"'(.+)' is an? '(.+)', not a gate": "{0} is no gate: it was declared as {1}.",
    r"required (an? [\w -]+?)(?:-like value)?$": "{0} is needed here.",
    r"type error": "These values do not fit together in one expression.",
    r"gates can only be declared globally": "A gate is defined in a block: move it to the top.",
    r"unsupported index type: '(.+)'": "An index is a whole number or a range of them, not of type {0}.",
    r"only const \(u\)int can be indices, not '(.+)'": "Indices are whole numbers, not of type {0}.",
    r"node of type ExpressionStatement": (
        "An expression alone is valid OpenQASM 3 only to call a subroutine, which Qiskit cannot import;"
        " a gate needs its qubits."
    ),
    r"for-loop ranges must": "The range of a loop needs a start and an end, such as [0:3].",
    r"mismatched lengths": "The registers of this gate have different sizes.",
}
"""Beginnings of messages of the importer on mistakes, and their wording."""
_TOKENS: Final = {
    "<EOF>": "the end of the program",
    "Identifier": "a name",
    "StringLiteral": 'a file name in quotes, such as "stdgates.inc"',
    "BitstringLiteral": "a bit string",
    "CalibrationBlock": "a calibration block",
    "HardwareQubit": "a physical qubit, such as $0",
    "DecimalIntegerLiteral": "a whole number",
    "FloatLiteral": "a number",
    "VersionSpecifier": "a version, such as 3.0",
}
_BUILDING: Final = {
    r".*positional argument.*given": "{gate} was given too many parameters.",
    r".*qubit\((\d+)\)/clbit.*expectation \((\d+)\)": "{gate} acts on {1} qubits, not on {0}.",
    r".*duplicate (?:bit|qubit) arguments": "{gate} uses the same qubit twice.",
    r".*register size error": "The two sides have different numbers of qubits and bits.",
    r".*index must be int": (
        "This is valid OpenQASM 3, but Qiskit reads only a number as an index, not a loop variable."
    ),
}
"""Messages of Qiskit's errors while it builds a circuit, and their wording."""
_LONGEST_MATCHED: Final = 600
"""Characters of a message that are looked at: it may repeat a name of any length."""
_RAISED: Final[Mapping[type[BaseException], str]] = {
    AttributeError: "Qiskit's reader of OpenQASM fails on this; another way to write it may do.",
    IndexError: "The index is outside the register.",
    ZeroDivisionError: "This divides by zero.",
    RecursionError: "The program is nested too deeply.",
    MemoryError: "The program is too large for the memory it may use.",
}


def syntax(message: str, offending: str | None) -> str:
    """Word an ANTLR message (`extraneous input 'q' expecting ';'`).

    ANTLR lists all that could stand there, up to sixty kinds of token; more than three are left out.

    Args:
        message: the message as given to an `ErrorListener`.
        offending: the text of the token it is about, when there is one.
    """
    if (unknown := re.match(r"token recognition error at: '(.*)'$", message, re.DOTALL)) is not None:
        text = unknown[1].strip()[:1] or " "
        if text in {'"', "'"}:
            return f"The text that starts with {text} does not end, or may not stand here."
        return f"{text!r} cannot stand here."
    if (missing := re.match(r"missing (.+) at '(.*)'$", message, re.DOTALL)) is not None:
        return _sentence(f"{_token(missing[1])} is missing before {_token(missing[2])}")
    seen = _token(offending) if offending is not None else "this"
    expected = re.search(r"expecting (.+)$", message, re.DOTALL)
    wanted = re.findall(r"'[^']*'|<EOF>|\w+", expected[1].strip("{}")) if expected is not None else []
    if offending == "<EOF>" and (len(wanted) > 3 or "'}'" in wanted):
        return "The program ends in the middle of a block: a '}' is missing."
    if 0 < len(wanted) <= 3:
        return _sentence(f"{' or '.join(_token(name) for name in wanted)} was expected here, not {seen}")
    if "'bool'" in wanted and "'int'" in wanted and len(wanted) < 12:
        return f"A type, such as int or bit, was expected here, not {seen}."
    if offending == ";":
        return "This ';' is one too many, or something is missing before it."
    return _sentence(f"{seen} cannot stand here")


def importing(message: str) -> str:
    """Word a message of `qiskit_qasm3_import`: what Qiskit lacks is named as it is written."""
    if mistake := _worded(_MISTAKES, message):
        return _sentence(mistake)
    if lacking := _lacking(message):
        return f"This is valid OpenQASM 3, but Qiskit cannot import {lacking}."
    return _sentence(message)


def _lacking(message: str) -> str:
    """What Qiskit cannot import of a valid program; empty when the message is of a mistake."""
    if (node := re.match(r"node of type (\w+) is not supported", message)) is not None:
        return _NODES.get(node[1], node[1])
    if (node := re.match(r"'(\w+)' cannot be resolved into a Qiskit value", message)) is not None:
        return _EXPRESSIONS.get(node[1], "this expression")
    return _worded(_UNSUPPORTED, message)


def building(error: BaseException, gate: str) -> str:
    """Word an error that Qiskit's Python raises while it builds the circuit.

    Args:
        error: the exception.
        gate: the gate that was being applied; empty when it was something else.
    """
    text = str(error).strip("'\"")
    gate = gate or "The gate"
    if (lacking := re.search(r"missing \d+ required positional arguments?: (.+)$", text)) is not None:
        names = lacking[1].replace("'", "")
        return f"{gate} needs more parameters: {names}."
    if wording := _worded(_BUILDING, text, gate=gate):
        return wording
    raised = (wording for kind, wording in _RAISED.items() if isinstance(error, kind))
    return next(raised, "") or _sentence(text or type(error).__name__)


def _worded(rules: Mapping[str, str], message: str, **names: str) -> str:
    """The wording of the first pattern that a message starts with; empty when there is none."""
    for pattern, wording in rules.items():
        if (found := re.match(pattern, message[:_LONGEST_MATCHED], re.DOTALL)) is not None:
            return wording.format(*found.groups(), **names)
    return ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _token(name: str) -> str:
    bare = name.strip("'")
    return _TOKENS.get(bare, f"'{bare}'")
