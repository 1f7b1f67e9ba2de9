"""Brackets without a partner, told where one is missing: braces by the indentation beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tui.domain.circuits import Diagnostic

OPENING: Final = {"}": "{", ")": "(", "]": "["}
"""The opening bracket of each closing one."""
_BRACKET: Final = re.compile(r"[][(){}]")


@dataclass(slots=True)
class _Block:
    """A block of a program: where its '{' is, and the indentation of that line and of the first inside."""

    line: int
    indent: int
    column: int
    inner: int | None = None


def misplaced_closing(before: str, closing: str) -> str:
    """Say what is wrong with a closing bracket.

    Args:
        before: the program before it.
        closing: the bracket.

    Returns:
        A sentence; empty when nothing is wrong with it.
    """
    opening = OPENING[closing]
    if not (opened := open_brackets(before)) or before[opened[-1]] != opening:
        return f"'{closing}' closes nothing: there is no '{opening}' for it."
    if before.rstrip().endswith(opening):
        missing = "An index" if closing == "]" else "Something"
        return f"{missing} is missing between '{opening}' and '{closing}'."
    return ""


def open_brackets(bare: str) -> list[int]:
    """Return the offsets of the brackets that are not closed."""
    opened: list[int] = []
    for bracket in _BRACKET.finditer(bare):
        if bracket[0] not in OPENING:
            opened.append(bracket.start())
        elif opened and bare[opened[-1]] == OPENING[bracket[0]]:
            opened.pop()
    return opened


def unpaired_bracket(text: str) -> tuple[int, str] | None:
    """Find a bracket of a statement that has no partner.

    Returns:
        Its offset, and what is wrong in a sentence; `None` when all have one.
    """
    if text.count("(") == text.count(")") and text.count("[") == text.count("]"):
        return None
    opened: list[int] = []
    for bracket in _BRACKET.finditer(text):
        if bracket[0] not in OPENING:
            opened.append(bracket.start())
        elif opened and text[opened[-1]] == OPENING[bracket[0]]:
            opened.pop()
        elif not opened:
            opening = OPENING[bracket[0]]
            return bracket.start(), f"'{bracket[0]}' closes nothing: there is no '{opening}' for it."
    return (opened[-1], f"This '{text[opened[-1]]}' is not closed.") if opened else None


def unpaired_brace(bare: str) -> Diagnostic | None:
    """Find where a brace is missing: where braces and indentation begin to disagree.

    Returns:
        The diagnostic at the line beside which the brace is missing; without indentation at the brace that
        has no partner. None when all have one.
    """
    lines = bare.split("\n")
    opened: list[_Block] = []
    before_opening: Diagnostic | None = None
    before_closing: Diagnostic | None = None
    last = 1
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip())
        closes = line.startswith("}", indent)
        if opened and line.strip() and not closes and before_closing is None:
            if opened[-1].inner is None:
                opened[-1].inner = indent
            elif opened[-1].inner > opened[-1].indent >= indent:
                before_closing = _after(last, lines, opened[-1].line)
        for brace in re.finditer(r"[{}]", line):
            if brace[0] == "{":
                opened.append(_Block(number, indent, brace.start() + 1))
                continue
            if not opened:
                return before_opening or _without_opening(number, brace.start() + 1, indent, lines)
            block = opened.pop()
            if closes and brace.start() == indent and block.line < number:
                if indent > block.indent and before_opening is None:
                    before_opening = _without_opening(number, indent + 1, indent, lines)
                elif indent < block.indent and before_closing is None:
                    before_closing = _after(last, lines, block.line)
        last = number if line.strip() else last
    if not opened:
        return None
    block = opened[-1]
    if before_closing is None and block.inner is not None and block.inner > block.indent:
        before_closing = _after(last, lines, block.line)
    return before_closing or Diagnostic(
        block.line, block.column, "The block that starts here does not end: a '}' is missing."
    )


def _after(line: int, lines: Sequence[str], start: int) -> Diagnostic:
    """The diagnostic of a block from line `start` on that should end behind a line."""
    column = len(lines[line - 1].rstrip()) + 1
    message = f"The block of line {start} does not end: a '}}' is missing after this line."
    return Diagnostic(line, column, message)


def _without_opening(line: int, column: int, indent: int, lines: Sequence[str]) -> Diagnostic:
    """The diagnostic of a '}' without partner: at the first of the lines above that are indented further."""
    first = line
    for number in range(line - 1, 0, -1):
        content = lines[number - 1]
        if content.strip():
            if len(content) - len(content.lstrip()) <= indent:
                break
            first = number
    if first == line:
        return Diagnostic(line, column, "'}' closes nothing: there is no '{' for it.")
    start = len(lines[first - 1]) - len(lines[first - 1].lstrip()) + 1
    return Diagnostic(
        first, start, f"A '{{' is missing before this line: the '}}' of line {line} closes nothing."
    )
