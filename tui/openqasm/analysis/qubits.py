"""The qubits that the lines of a program name, by number: as its registers count them, or of the device."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from tui.openqasm.analysis.declarations import SymbolKind
from tui.openqasm.analysis.symbols import SymbolTable

LONGEST: Final = 200_000
"""Characters of a program whose registers are read."""
_WIDEST: Final = 200
"""Qubits of a register that may be named as a whole."""
_MOST_LINES: Final = 2_000
"""Lines in which qubits are looked for."""
_PHYSICAL: Final = re.compile(r"\$(\d{1,6}+)")
_PLACE: Final = re.compile(r"([^\W\d]\w*+)(?:\s*+\[\s*+(\d{1,6}+)\s*+\])?+")


class QubitUse:
    """Looks up the qubits of a line, and the lines of a qubit.

    A physical qubit `$14` has number 14; `b[1]` after `qubit[3] a; qubit[2] b;` has number 4, as in Qiskit. A
    line that names a whole register is on all of its qubits. Of a program longer than `LONGEST`, physical
    qubits alone are found; a whole register is of at most 200 qubits.

    Args:
        text: the program.
    """

    def __init__(self, text: str) -> None:
        self._rows = text.split("\n")
        self._registers: dict[str, range] = {}
        self._declarations: set[int] = set()
        if len(text) > LONGEST or not any(word in text for word in ("qubit", "qreg")):
            return
        table, count, line, place = SymbolTable.of(text), 0, 1, 0
        self._rows = table.bare.split("\n")
        for symbol in table.symbols:
            if symbol.kind is SymbolKind.QUBITS and symbol.scope == 0:
                size = 1 if symbol.size is None else symbol.size
                self._registers[symbol.name] = range(count, count + size)
                line, place = line + table.bare.count("\n", place, symbol.start), symbol.start
                self._declarations.add(line)
                count += size

    def of_line(self, line: int) -> tuple[int, ...]:
        """Return the qubits of a line in the order in which it names them, each once.

        Args:
            line: its number, from 1.

        Returns:
            Their numbers; none for a declaration, and for a line that is not there.
        """
        if not 0 < line <= len(self._rows) or line in self._declarations:
            return ()
        row = self._rows[line - 1]
        found = [int(number) for number in _PHYSICAL.findall(row)]
        for name, place in _PLACE.findall(row) if self._registers else ():
            register = self._registers.get(name, range(0))
            if not place:
                found += register if len(register) <= _WIDEST else ()
            elif int(place) < len(register):
                found.append(register[int(place)])
        return tuple(dict.fromkeys(found))

    def lines_on(self, qubits: Collection[int]) -> tuple[int, ...]:
        """Return the lines that name all of these qubits, ascending, of the first 2,000."""
        wanted = frozenset(qubits)
        lines = range(1, min(len(self._rows), _MOST_LINES) + 1) if wanted else ()
        return tuple(line for line in lines if wanted <= set(self.of_line(line)))
