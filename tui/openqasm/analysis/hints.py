"""Warnings about what a valid program asks of the hardware that it has not, with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tui.domain.circuits import Diagnostic
from tui.domain.devices.backends import DeviceLimits
from tui.openqasm.analysis.declarations import SymbolKind
from tui.openqasm.analysis.statements import Statement
from tui.openqasm.analysis.symbols import SymbolTable

MOST: Final = 50
"""Warnings that are told."""
_WORD: Final = re.compile(r"[^\W\d]\w*+")
_PHYSICAL: Final = re.compile(r"(?<![\w$])\$(\d{1,9})")
_CONTROL_FLOW: Final = {
    "if": "if_else",
    "switch": "switch_case",
    "for": "for_loop",
    "while": "while_loop",
}
"""Names of devices' instructions by the words for them."""
_INSTEAD: Final = {
    "while": "write the block as often as it may be needed, each in an `if`, or a `for` with a fixed range",
    "for": "write its block as often as it turns",
    "switch": "write an `if` for each case",
    "if": "measure at the end, and choose among the results",
}


def hints(table: SymbolTable, statements: Iterable[Statement], device: DeviceLimits) -> list[Diagnostic]:
    """Return warnings for a device, each thing once.

    Args:
        table: of the program.
        statements: its statements.
        device: the backend chosen.
    """
    found = [*_too_many_qubits(table, device), *_control_flow(table, statements, device)]
    return sorted(found, key=lambda one: (one.line, one.column))[:MOST]


def _too_many_qubits(table: SymbolTable, device: DeviceLimits) -> Iterator[Diagnostic]:
    if device.qubits is None:
        return
    for physical in _PHYSICAL.finditer(table.bare) if "$" in table.bare else ():
        if int(physical[1]) >= device.qubits:
            message = f"{device.name} has no qubit {physical[0]}: its qubits are $0 to ${device.qubits - 1}."
            yield _warning(table, physical.start(), len(physical[0]), message)
            return
    count = 0
    for symbol in table.symbols:
        if symbol.kind is SymbolKind.QUBITS and symbol.scope == 0:
            count += 1 if symbol.size is None else symbol.size
            if count > device.qubits:
                message = f"The circuit has more qubits than {device.name}, which has {device.qubits}."
                yield _warning(table, symbol.start, symbol.end - symbol.start, message)
                return


def _control_flow(
    table: SymbolTable, statements: Iterable[Statement], device: DeviceLimits
) -> Iterator[Diagnostic]:
    lacking = {word for word, name in _CONTROL_FLOW.items() if name not in device.instructions}
    if not device.instructions or not any(word in table.bare for word in lacking):
        return
    for start, text, _, _ in statements:
        word = _WORD.match(text)
        if word is not None and word[0] in lacking:
            lacking.discard(word[0])
            message = f"{device.name} does not run `{word[0]}`: {_INSTEAD[word[0]]}."
            yield _warning(table, start, len(word[0]), message)


def _warning(table: SymbolTable, offset: int, length: int, message: str) -> Diagnostic:
    row, column = table.location(offset)
    return Diagnostic(row + 1, column + 1, message, length, warning=True)
