"""Loads the circuits of a job: OpenQASM 2 and 3 text, and QPY in base64."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from qiskit import qasm2
from qiskit.circuit import QuantumCircuit

from tui.qiskit_common import standard_gates
from tui.qiskit_common.openqasm3 import OpenQasm3Error, Problem, load
from tui.qiskit_common.qpy_reader import QpyError, read_qpy, unpack
from tui.sandbox.simulator.base.values import MOST_SECONDS, JobFailure, TooLarge, duration

Language = Literal["qasm2", "qasm3", "qpy"]

_BASE64 = re.compile(r"[A-Za-z0-9+/=\s_-]+")
# Possessive and atomic: what was passed over is never tried in another way, so matching is linear.
_VERSION = re.compile(r"(?>\s+|//[^\n]*|/\*.*?\*/)*+OPENQASM\s+(\d)", re.DOTALL)
_QASM2_PLACE = re.compile(r"(?:<input>|[^:\s]+):(\d+),(\d+): (.*)", re.DOTALL)
_TAKEN = re.compile(r"Symbol '([^']+)' already inserted ")
# Measured: 305 to 335 us of a core of 2024, whatever the length, nearly all of it in ANTLR's parser.
_STATEMENT_SECONDS = 3.2e-4
# A compressed bomb must not take the machine's memory.
_MOST_QPY_BYTES = 256 * 1024 * 1024
_MOST_QPY_MEMORY = 2 << 30


@dataclass(frozen=True)
class LoadedCircuit:
    """A circuit, the language it came in, and whether its qubits are the device's own (`$n`)."""

    circuit: QuantumCircuit
    language: Language
    physical: bool = False


def load_circuit(value: Any) -> LoadedCircuit:
    """Load the circuit of a pub.

    Args:
        value: OpenQASM text, base64 of compressed QPY, or `{"__type__": "QuantumCircuit"}` of the latter.

    Returns:
        The circuit, in which gates that the program defines under the name of a standard gate have become
        that gate.

    Raises:
        JobFailure: It is no circuit, has an error (with its line and column), or a gate of its own does
            something else than the standard gate of the same name.
        TooLarge: It takes longer to read than a circuit may take to simulate.
    """
    if isinstance(value, Mapping):
        if value.get("__type__") != "QuantumCircuit" or not isinstance(value.get("__value__"), str):
            raise JobFailure("A circuit must be an OpenQASM program or a QuantumCircuit.")
        return LoadedCircuit(_one_qpy_circuit(value["__value__"]), "qpy")
    if not isinstance(value, str):
        raise JobFailure("A circuit must be an OpenQASM program or a QuantumCircuit.")
    version = _VERSION.match(value)
    if version is None and _BASE64.fullmatch(value):
        return LoadedCircuit(_one_qpy_circuit(value), "qpy")
    if (version is not None and version[1] == "2") or (version is None and "qelib1.inc" in value):
        return LoadedCircuit(with_standard_gates(_load_qasm2(value)), "qasm2")
    if version is not None and version[1] != "3":
        raise JobFailure(f"OpenQASM {version[1]} is not known here; versions 2 and 3 are.")
    circuit = _load_qasm3(value)
    physical = circuit.layout is not None
    # Transpiling starts anew, also from hardware qubits.
    circuit._layout = None
    return LoadedCircuit(with_standard_gates(circuit), "qasm3", physical)


def load_qpy(text: str) -> list[QuantumCircuit]:
    """Load all circuits of base64 QPY, which holds data only; nothing of it is unpickled.

    Args:
        text: Base64 of QPY, which may be compressed by zlib.

    Raises:
        JobFailure: It is damaged, of a version that could hold code, too large, or holds no circuit.
    """
    try:
        return read_qpy(unpack(text, _MOST_QPY_BYTES), _MOST_QPY_MEMORY)
    except QpyError as error:
        raise JobFailure(f"The circuit is neither OpenQASM nor QPY that is read here. {error}") from error
    except MemoryError:
        raise JobFailure("The QPY data takes too much memory to read.") from None


def with_standard_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with Qiskit's gates in place of its own definitions of them.

    Raises:
        JobFailure: A gate does something else under the name of a standard gate.
    """
    try:
        return standard_gates.with_standard_gates(circuit)
    except standard_gates.RedefinedGate as error:
        raise JobFailure(str(error)) from error


def _one_qpy_circuit(text: str) -> QuantumCircuit:
    circuits = load_qpy(text)
    if len(circuits) != 1:
        raise JobFailure(f"A pub holds one circuit; this QPY holds {len(circuits)}.")
    return circuits[0]


def _load_qasm2(program: str) -> QuantumCircuit:
    try:
        return qasm2.loads(program, include_path=(), custom_instructions=_qasm2_instructions(program))
    except qasm2.QASM2ParseError as error:
        text = str(error.message)
        if place := _QASM2_PLACE.fullmatch(text):
            text = f" on line {place[1]}, column {int(place[2]) + 1}: {place[3]}"
        else:
            text = f": {text}"
        raise JobFailure(
            f"The OpenQASM 2 program has an error{text}", 1002, "Correct the program and submit it again."
        ) from error
    except Exception as error:
        # Qiskit's parser lets errors of gate constructors through, such as a missing angle.
        raise JobFailure(f"The OpenQASM 2 program has an error: {error}") from error


def _load_qasm3(program: str) -> QuantumCircuit:
    _check_length(program)
    try:
        return load(program)
    except OpenQasm3Error as error:
        raise JobFailure(
            f"The OpenQASM 3 program has an error{_qasm3_error(error.problems[0])}",
            1002,
            "Correct the program and submit it again.",
        ) from error


def _check_length(program: str) -> None:
    """Refuse a program that takes longer to read than any may take to simulate, before it is read."""
    statements = program.count(";")
    seconds = statements * _STATEMENT_SECONDS
    if seconds > MOST_SECONDS:
        most = round(MOST_SECONDS / _STATEMENT_SECONDS)
        raise TooLarge(
            f"The circuit is too large to simulate: the program has {statements:,} statements, which alone to"
            f" read would take {duration(seconds)}; the sandbox stops at a minute, which is {most:,}.",
            seconds,
        )


def _qasm3_error(problem: Problem) -> str:
    text = problem.message
    if isinstance(problem.cause, RecursionError):
        text = "it is nested too deeply"
    elif isinstance(problem.cause, AttributeError) and not problem.line:
        # The parser trips over an empty program.
        text = "it is empty"
    elif problem.kind == "syntax" and problem.token is not None:
        seen = problem.token.text
        text = f"unexpected {'the end of the program' if seen == '<EOF>' else repr(seen)}"
    elif taken := _TAKEN.match(text):
        # Most often a gate of stdgates.inc with the name of somebody's parameter: t, s, p.
        text = f"the name {taken[1]} is already taken, by an earlier line or a gate of stdgates.inc"
    if not problem.line:
        return f": {text}"
    # Qiskit's own errors have the place of the statement: an index out of range, a qubit used twice.
    column = "" if problem.kind == "build" else f", column {problem.column}"
    return f" on line {problem.line}{column}: {text}"


def _qasm2_instructions(program: str) -> list[Any]:
    """Qiskit's additions to qelib1.inc; `delay` counts as known only in a program that declares it."""
    legacy = list(qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    if re.search(r"\bopaque\s+delay\b", program):
        return legacy
    return [item for item in legacy if item.name != "delay"]
