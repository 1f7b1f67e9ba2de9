"""A name changed everywhere it is used, or the reason why that would change what the program means."""

from __future__ import annotations

import re
from typing import Final

from tui.openqasm.analysis.declarations import Symbol
from tui.openqasm.analysis.standard import (
    BUILT_IN_2,
    BUILT_IN_3,
    CONSTANTS,
    FUNCTIONS_2,
    FUNCTIONS_3,
    KEYWORDS_2,
    KEYWORDS_3,
    MODIFIERS,
    TYPES,
)
from tui.openqasm.analysis.symbols import SymbolTable

_NAME: Final = re.compile(r"[^\W\d]\w*")
_LONGEST: Final = 100


def rename_trouble(table: SymbolTable, symbol: Symbol, name: str) -> str:
    """Say why a symbol cannot get a name.

    Args:
        table: the declarations of the program.
        symbol: what is to be renamed.
        name: the new name.

    Returns:
        A sentence; empty: it can.
    """
    old = table.version == 2
    if name == symbol.name:
        return f"It is called {name} already."
    if _NAME.fullmatch(name) is None or len(name) > _LONGEST:
        return "A name is made of letters, digits and _, and begins with none of the digits."
    if old and not (name.isascii() and (name[0].islower())):
        return "In OpenQASM 2 a name begins with a small letter, and has no letters but a to z."
    taken = (KEYWORDS_2 | FUNCTIONS_2) if old else (KEYWORDS_3 | FUNCTIONS_3 | TYPES | MODIFIERS)
    if name in taken or name in CONSTANTS or name in (BUILT_IN_2 if old else BUILT_IN_3):
        return f"{name} is a word of the language."
    if table.signature(name, len(table.text)) is not None and table.resolve(name, 0, later=True) is None:
        return f"{name} is a gate of {' and '.join(table.includes) or 'the language'}."
    for other in table.symbols:
        if other.name == name and _meet(table, symbol, other):
            line = table.location(other.start)[0] + 1
            return f"{name} is declared on line {line} already."
    return ""


def renamed(table: SymbolTable, symbol: Symbol, name: str) -> tuple[str, list[tuple[int, int]]]:
    """Rename a symbol.

    Args:
        table: the declarations of the program.
        symbol: one of them.
        name: the new name, with which there is no trouble.

    Returns:
        The program, and where the name was used before: start and end of each place, in order.
    """
    places = table.uses(symbol)
    parts: list[str] = []
    end = 0
    for start, stop in places:
        parts += [table.text[end:start], name]
        end = stop
    return "".join([*parts, table.text[end:]]), places


def _meet(table: SymbolTable, one: Symbol, other: Symbol) -> bool:
    """True when a scope of the one is within a scope of the other: a name of both would hide one of them."""
    return one.scope in _around(table, other.scope) or other.scope in _around(table, one.scope)


def _around(table: SymbolTable, scope: int) -> list[int]:
    found = []
    while scope >= 0:
        found.append(scope)
        scope = table.scopes[scope].parent
    return found
