"""Gates, measurements and their operands: what does not fit what was declared."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from tui.openqasm.analysis.brackets import unpaired_bracket
from tui.openqasm.analysis.declarations import Symbol, SymbolKind
from tui.openqasm.analysis.standard import (
    CONSTANTS,
    FUNCTIONS_2,
    FUNCTIONS_3,
    HARDWARE_INSTRUCTIONS,
    INCLUDES,
    KEYWORDS_3,
    TYPES,
    Signature,
    built_in,
)
from tui.openqasm.analysis.suggestions import nearest

_OPERAND: Final = re.compile(r"\s*+(?:([^\W\d]\w*+)(?:\s*+\[([^][]*+)\]\s*+)?+|(\$\d++))\s*+\Z")
_NAME: Final = re.compile(r"(?<![\w.$])[^\W\d]\w*+")
_OPENING: Final = re.compile(r"[\[({]")
_MARK: Final = re.compile(r"[\[\](){},]")
_INTEGER: Final = re.compile(r"\s*+-?\d{1,9}\s*+\Z")
_MOST_COMPARED: Final = 500
"""Symbols of which it is compared whether they are the same."""
_UNITS: Final = frozenset({"ns", "us", "µs", "ms", "s", "dt", "im"})
_ALWAYS_KNOWN: Final = CONSTANTS | TYPES | KEYWORDS_3 | _UNITS
QUBITS: Final = frozenset({SymbolKind.QUBITS, SymbolKind.OPERAND, SymbolKind.ALIAS, SymbolKind.ARGUMENT})
"""Kinds of symbols that are, or may be, qubits."""
_BITS: Final = frozenset(
    {SymbolKind.BITS, SymbolKind.OUTPUT, SymbolKind.ALIAS, SymbolKind.ARGUMENT, SymbolKind.VARIABLE}
)
_ANY: Final = frozenset(SymbolKind)
_KIND_WORDS: Final = {
    SymbolKind.QUBITS: "a register of qubits",
    SymbolKind.BITS: "a register of bits",
    SymbolKind.GATE: "a gate",
    SymbolKind.SUBROUTINE: "a subroutine",
    SymbolKind.PARAMETER: "a parameter of the gate",
    SymbolKind.OPERAND: "a qubit of the gate",
    SymbolKind.INPUT: "an input",
    SymbolKind.CONSTANT: "a constant",
    SymbolKind.LOOP: "the loop's variable",
}
DEFINITIONS: Final[Mapping[str, str]] = {
    "rzz": "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; }",
    "rxx": "gate rxx(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }",
    "ryy": (
        "gate ryy(t) a, b { rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b; }"
    ),
    "sxdg": "gate sxdg a { inv @ sx a; }",
    "csx": "gate csx a, b { ctrl @ sx a, b; }",
    "iswap": "gate iswap a, b { s a; s b; h a; cx a, b; cx b, a; h b; }",
    "ecr": "gate ecr a, b { s a; sx b; cx a, b; x a; }",
    "xslow": "gate xslow a { x a; }",
}
"""What to write for gates that no included file of OpenQASM 3 defines."""
INSTEAD: Final[Mapping[str, str]] = {"cu1": "cp", "cu3": "cu", "u": "U", "u0": "id"}
"""Gates of `qelib1.inc` that have another name in `stdgates.inc`."""


class Found(NamedTuple):
    """A mistake: where, relative to a text, how many characters of it, what, and what was probably meant."""

    start: int
    length: int
    message: str
    suggestion: str = ""


class Operand(NamedTuple):
    """An operand: what it is, and how many bits or qubits; `None` where that is not known."""

    key: str
    width: int | None
    symbol: Symbol | None


class Names:
    """What may be used at a place, and what is wrong with a use.

    Args:
        version: of OpenQASM, 2 or 3.
        includes: names of the included files.
        declared_at: gives the line on which a name is declared at all; 0: nowhere.
    """

    def __init__(self, version: int, includes: Iterable[str], declared_at: Callable[[str], int]) -> None:
        self.version = version
        self.symbols: dict[str, Symbol] = {}
        self.gates: dict[str, Signature] = dict(built_in(version))
        self._includes = tuple(includes)
        for name in self._includes:
            self.gates |= INCLUDES.get(name, {})
        self._declared_at = declared_at
        self._functions = FUNCTIONS_2 if version == 2 else FUNCTIONS_3
        self._declared: Hashable | None = None
        self._operands: dict[str, tuple[Operand, Found | None]] = {}
        self._calls: dict[tuple[str, int, str, int], list[Found]] = {}

    def changed(self) -> None:
        """Forget what was found by other declarations."""
        self._operands.clear()
        self._calls.clear()
        self._declared = None

    def declared(self) -> Hashable | None:
        """Return all that decides whether a use is right; `None`: too much to be compared."""
        if len(self.symbols) > _MOST_COMPARED:
            return None
        if self._declared is None:
            symbols = (
                (name, one.kind, one.detail, one.scope == 0, one.size, one.parameters, one.operands)
                for name, one in self.symbols.items()
            )
            self._declared = (self.version, self._includes, *symbols)
        return self._declared

    def call(self, gate: str, arguments: int, operands: str, controls: int = 0) -> list[Found]:
        """Find what is wrong with a gate and its qubits.

        Args:
            gate: its name, declared or not.
            arguments: how many parameters it is given.
            operands: its operands as written.
            controls: qubits that modifiers add to it; -1: their number is not known.

        Returns:
            Mistakes; places in the operands count from their start, -1 is the gate's name. The message is the
            name of a file where that is not included.
        """
        key = gate, arguments, operands, controls
        known = self._calls.get(key)
        if known is None:
            known = self._calls[key] = self._call(*key)
        return known

    def _call(self, gate: str, arguments: int, text: str, controls: int) -> list[Found]:
        signature = self._signature(gate)
        if signature is None:
            symbol = self.symbols.get(gate)
            if symbol is None:
                operands, found = self.operands(text, QUBITS, "")
                return [Found(-1, len(gate), *self._no_such_gate(gate, arguments, len(operands))), *found]
            return [] if symbol.kind is SymbolKind.SUBROUTINE else [_no_gate(gate, symbol)]
        operands, found = self.operands(text, QUBITS, "a gate acts on qubits")
        if arguments != len(signature.parameters):
            found.insert(0, Found(-1, len(gate), _wrong_arguments(gate, signature, arguments)))
        if controls >= 0 and len(operands) != len(signature.qubits) + controls:
            message = _wrong_qubits(gate, signature, len(operands), controls)
            found.insert(0, Found(-1, len(gate), message))
        return found or _between(gate, operands, text)

    def operands(
        self, text: str, kinds: frozenset[SymbolKind], needs: str
    ) -> tuple[list[Operand], list[Found]]:
        """Read operands separated by commas, with what is wrong with them, by their place in the text."""
        operands: list[Operand] = []
        mistakes: list[Found] = []
        start = 0
        for part in split_list(text):
            operand, found = self.operand(part, kinds, needs)
            operands.append(operand)
            if found is not None:
                mistakes.append(found._replace(start=found.start + start))
            start += len(part) + 1
        return operands, mistakes

    def qubit(self, text: str) -> tuple[Operand, Found | None]:
        """Read an operand that has to be qubits."""
        return self.operand(text, QUBITS, "only qubits can be measured")

    def bit(self, text: str) -> tuple[Operand, Found | None]:
        """Read an operand that has to be bits."""
        return self.operand(text, _BITS, "the result of a measurement goes into bits")

    def operand(self, text: str, kinds: frozenset[SymbolKind], needs: str) -> tuple[Operand, Found | None]:
        """Read an operand.

        Args:
            text: as written.
            kinds: what it may be.
            needs: says so.
        """
        key = f"{needs}|{text}"
        known = self._operands.get(key)
        if known is None:
            known = self._operands[key] = self._operand(text, kinds, needs)
        return known

    def _operand(self, text: str, kinds: frozenset[SymbolKind], needs: str) -> tuple[Operand, Found | None]:
        written = _OPERAND.match(text)
        if written is None:
            if (bracket := unpaired_bracket(text)) is not None:
                return Operand(text, None, None), Found(bracket[0], 1, bracket[1])
            mistakes = self.expression(text)
            return Operand(text, None, None), mistakes[0] if mistakes else None
        name, index, physical = written.groups()
        if physical is not None:
            return Operand(physical, 1, None), None
        symbol = self.symbols.get(name)
        place = written.start(1)
        if symbol is None:
            return Operand(text, None, None), self.undeclared(name, place, kinds)
        if symbol.kind not in kinds and needs:
            what = _KIND_WORDS.get(symbol.kind, f"a variable of type {symbol.detail}")
            return Operand(text, None, symbol), Found(place, len(name), f"{name} is {what}: {needs}.")
        if index is None:
            single = symbol.size is None and (symbol.kind is SymbolKind.OPERAND or "[" not in symbol.detail)
            return Operand(name, 1 if single else symbol.size, symbol), None
        if not _INTEGER.match(index):
            mistakes = self.expression(index)
            shift = written.start(2)
            return (
                Operand(text, None, symbol),
                mistakes[0]._replace(start=mistakes[0].start + shift) if mistakes else None,
            )
        return Operand(f"{name}[{int(index)}]", 1, symbol), _index(symbol, int(index), written)

    def expression(self, text: str) -> list[Found]:
        """Find names in an expression that are not declared."""
        found: list[Found] = []
        for name in _NAME.finditer(text):
            word = name[0]
            if word not in self.symbols and word not in _ALWAYS_KNOWN and word not in self._functions:
                found.append(self.undeclared(word, name.start(), _ANY))
        return found

    def undeclared(self, name: str, start: int, kinds: frozenset[SymbolKind]) -> Found:
        """Say that a name is not declared, and what was probably meant."""
        if name in HARDWARE_INSTRUCTIONS:
            return Found(start, len(name), f"{name} is {HARDWARE_INSTRUCTIONS[name]}")
        known = [one for one, symbol in self.symbols.items() if symbol.kind in kinds]
        line = self._declared_at(name)
        if line:
            return Found(start, len(name), f"{name} is used before it is declared, on line {line}.")
        other = nearest(name, known)
        alone = [one for one in known if self.symbols[one].kind is SymbolKind.QUBITS]
        if not other and len(alone) == 1 and kinds is QUBITS:
            other = alone[0]
        how = f" A parameter is declared by: input float {name};" if not other and kinds is _ANY else ""
        how = "" if self.version == 2 else how
        return Found(start, len(name), f"There is no {name}: it is not declared.{_meant(other)}{how}", other)

    def _no_such_gate(self, gate: str, arguments: int, qubits: int) -> tuple[str, str]:
        """Say that there is no such gate, and what to write or what was meant; the file that has it alone."""
        if line := self._declared_at(gate):
            return f"The gate {gate} is used before it is defined, on line {line}.", ""
        if gate in HARDWARE_INSTRUCTIONS:
            return f"{gate} is {HARDWARE_INSTRUCTIONS[gate]}", ""
        for file, gates in INCLUDES.items():
            if gate in gates and file not in self._includes and self._fits(file):
                return file, ""
        if self.version == 3 and gate in INSTEAD:
            return f"There is no gate {gate} in OpenQASM 3: {INSTEAD[gate]} is like it.", INSTEAD[gate]
        if gate in DEFINITIONS:
            return f"There is no gate {gate} in the included file. Define it: {DEFINITIONS[gate]}", ""
        size = arguments, qubits
        of_its_size = [name for name, one in self.gates.items() if tuple(map(len, one)) == size]
        words = _statement_words(self.version)
        other = nearest(gate, of_its_size) or nearest(gate, [*self.gates, *self._declared_gates(), *words])
        return f"There is no gate {gate}.{_meant(other)}", other

    def _declared_gates(self) -> list[str]:
        return [name for name, symbol in self.symbols.items() if symbol.kind is SymbolKind.GATE]

    def _fits(self, file: str) -> bool:
        return (file == "qelib1.inc") == (self.version == 2)

    def _signature(self, gate: str) -> Signature | None:
        symbol = self.symbols.get(gate)
        if symbol is not None and symbol.kind is SymbolKind.GATE:
            return Signature(symbol.parameters, symbol.operands)
        return self.gates.get(gate) if symbol is None or symbol.scope == 0 else None


def _statement_words(version: int) -> tuple[str, ...]:
    words = ("measure", "reset", "barrier", "include", "gate", "creg", "qreg", "opaque")
    return words if version == 2 else (*words[:5], "delay", "qubit", "bit", "input", "while")


def _meant(other: str) -> str:
    return f" Did you mean `{other}`?" if other else ""


def _no_gate(name: str, symbol: Symbol) -> Found:
    what = _KIND_WORDS.get(symbol.kind, f"a variable of type {symbol.detail}")
    return Found(-1, len(name), f"{name} is {what}, not a gate.")


def _wrong_arguments(gate: str, signature: Signature, given: int) -> str:
    names = signature.parameters
    if not names:
        return f"{gate} takes no parameter: leave out what stands in parentheses."
    wanted = f"{len(names)} parameter{'' if len(names) == 1 else 's'}"
    return f"{gate} takes {wanted}, not {given}: {gate}({', '.join(names)})."


def _wrong_qubits(gate: str, signature: Signature, given: int, controls: int) -> str:
    names = signature.qubits
    count = len(names) + controls
    wanted = f"{count} qubit{'' if count == 1 else 's'}{' with its controls' if controls else ''}"
    shown = f": {gate} {', '.join(names)}" if names and not controls else ""
    return f"{gate} acts on {wanted}, not on {given}{shown}."


def _between(gate: str, operands: Sequence[Operand], text: str) -> list[Found]:
    """What is wrong with operands together: one twice, or registers of different sizes."""
    keys = [one.key for one in operands]
    for number, key in enumerate(keys):
        whole = key.partition("[")[0]
        if key in keys[:number] or (whole != key and whole in keys[:number]):
            return [Found(len(text) - len(text.lstrip()), len(text.strip()), f"{gate} uses {key} twice.")]
    widths = {one.width for one in operands if one.width is not None and one.width != 1}
    if len(widths) > 1:
        sizes = " and ".join(str(width) for width in sorted(widths))
        return [Found(0, len(text.strip()), f"The registers of this gate have different sizes: {sizes}.")]
    return []


def _index(symbol: Symbol, index: int, written: re.Match[str]) -> Found | None:
    start, length = written.start(2), len(written[2])
    if symbol.kind is SymbolKind.OPERAND:
        return Found(start, length, f"{symbol.name} is a single qubit of the gate: it has no index.")
    size = symbol.size
    if size is None or -size <= index < size:
        return None
    last = f"{symbol.name}[0] to {symbol.name}[{size - 1}]" if size > 1 else f"{symbol.name}[0] alone"
    kind = "qubits" if symbol.kind is SymbolKind.QUBITS else "bits"
    return Found(
        start, length, f"{symbol.name}[{index}] does not exist: {symbol.name} has the {kind} {last}."
    )


def split_list(text: str) -> list[str]:
    """Return the parts of a list: what stands between commas outside of brackets; none of a blank text."""
    if "," not in text or not _OPENING.search(text):
        return text.split(",") if text.strip() else []
    parts: list[str] = []
    depth = start = 0
    for mark in _MARK.finditer(text):
        if mark[0] in "[{(":
            depth += 1
        elif mark[0] in "]})":
            depth -= 1
        elif depth <= 0:
            parts.append(text[start : mark.start()])
            start = mark.end()
    return [*parts, text[start:]]
