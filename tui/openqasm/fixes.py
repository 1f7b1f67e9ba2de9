"""Corrections: what a diagnostic says would be right, as a change of the text; only where that is certain."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from tui.common.values import Value
from tui.domain.circuits import Diagnostic
from tui.domain.openqasm import version_of
from tui.openqasm.lexemes import NAME, OPERAND, OPERANDS

_LONGEST: Final = 1_000
"""Characters of a line that is corrected."""
_HEADER_LINES: Final = 200
"""Lines in which the header is looked for."""
_INDEXED: Final = rf"(?:{NAME}\[\d++\]|\$\d++)"
_AFTER_ARGUMENTS: Final = re.compile(rf"(?<=[\w)])\s++{_INDEXED}(?:\s*+,\s*+{_INDEXED})*+\s*+;?+\s*+\Z")
_CALLED: Final = re.compile(rf"({NAME})\s*+\(\s*+((?:[^()]++|\([^()]*+\))*+)\)\s*+")
_OLD_WORDS: Final = re.compile(r"\s*+(?:[qc]reg\b|include\s*+\"qelib1)")
_VERSION_ONLY: Final = re.compile(r"\A\s*+(?:OPENQASM\b[^;]*+;[ \t]*+)++")
_HEADER: Final = re.compile(r"\A\s*+(?:(?:OPENQASM|include|input)\b[^;]*+;[ \t]*+)++")
_HEADS: Final = re.compile(r"\s*+(?:if|else|for|while|switch|gate|def|box)\b[^;{}]*+\Z")
_DECLARED: Final = re.compile(rf"(qubit|bit)\s*+(?:\[([^]]*+)\])?+\s*+({NAME})\s*+;")
_BY_DEVICES: Final = re.compile(
    rf"(measure_2|measure_reset|store)\s++({OPERAND})\s*+(?:,\s*+({OPERAND})\s*+)?+;"
)


class Fix(Value, frozen=True):
    """A change of the text.

    Attributes:
        row: the line, from 0.
        start, end: its characters from `start` on, before `end`, are replaced.
        text: what takes their place; lines end by a newline.
    """

    row: int
    start: int
    end: int
    text: str


class _At(NamedTuple):
    """Where a diagnostic is: the lines, the number of its own, that from the column on, and the column."""

    lines: Sequence[str]
    row: int
    rest: str
    column: int
    length: int

    @property
    def line(self) -> str:
        return self.lines[self.row]

    def put(self, start: int, end: int, text: str) -> Fix:
        """A change of the line, by characters behind the column."""
        return Fix(self.row, self.column + start, self.column + end, text)


def fix_of(diagnostic: Diagnostic, lines: Sequence[str], beside: Sequence[Diagnostic] = ()) -> Fix | None:
    """Return the change that makes right what a diagnostic tells of.

    Args:
        diagnostic: of these very lines.
        lines: of the program.
        beside: all diagnostics of the same line.

    Returns:
        The change; `None` where more than one would do.
    """
    row, column = diagnostic.line - 1, diagnostic.column - 1
    if not 0 <= row < len(lines) or not 0 <= column <= len(lines[row]) <= _LONGEST:
        return None
    at = _At(lines, row, lines[row][column:], column, diagnostic.length)
    if diagnostic.suggestion:
        return _suggested(at, diagnostic, beside)
    for words, made in _RULES:
        if (said := words.search(diagnostic.message)) is not None:
            return made(at, said)
    return None


def _suggested(at: _At, diagnostic: Diagnostic, beside: Sequence[Diagnostic]) -> Fix:
    """What was meant; all strange characters of a line together."""
    if diagnostic.suggestion == ";":
        return at.put(0, 0, ";")
    if "is not a character" not in diagnostic.message:
        wanted = f"include {diagnostic.suggestion}"
        if at.line.startswith("include") and any(
            line.startswith(wanted) for line in at.lines[:_HEADER_LINES]
        ):
            return Fix(at.row, 0, _end(at.line), "")  # it is included already
        return at.put(0, diagnostic.length, diagnostic.suggestion)
    strange = sorted(
        {one.column - 1: one.suggestion for one in (diagnostic, *beside) if _is_strange(one)}.items()
    )
    first, last = strange[0][0], strange[-1][0] + 1
    text = at.line[first:last]
    for place, meant in reversed(strange):
        text = text[: place - first] + meant + text[place - first + 1 :]
    return Fix(at.row, first, last, text)


def _is_strange(one: Diagnostic) -> bool:
    return bool(one.suggestion) and "is not a character" in one.message


def _declare(at: _At, said: re.Match[str], header: re.Pattern[str] = _HEADER) -> Fix:
    """The line that is told, behind the header and what else stands there."""
    place, in_comment = None, False
    first = 0
    for row, line in enumerate(at.lines[:_HEADER_LINES]):
        bare = line.strip()
        in_comment = (in_comment or bare.startswith("/*")) and "*/" not in bare
        if in_comment or not bare or bare.startswith(("//", "/*")) or bare.endswith("*/"):
            continue
        if (found := header.match(line)) is None:
            first = row
            break
        place = row, found.end()
    if place is None:
        return Fix(first, 0, 0, f"{said[1]}\n")
    row, end = place
    behind = at.lines[row][end:].strip()
    if behind and not behind.startswith("//"):
        end = len(at.lines[row][:end].rstrip())
        return Fix(row, end, end, f" {said[1]}")
    end = _end(at.lines[row])
    return Fix(row, end, end, f"\n{said[1]}")


def _include(at: _At, said: re.Match[str]) -> Fix:
    return _declare(at, said, _VERSION_ONLY)


def _closing_brace(at: _At, said: re.Match[str]) -> Fix | None:
    head = int(said[1]) - 1
    if not 0 <= head <= at.row:
        return None
    begins = at.lines[head]
    indent = begins[: len(begins) - len(begins.lstrip())]
    return Fix(at.row, _end(at.line), _end(at.line), f"\n{indent}}}")


def _opening_brace(at: _At, _said: re.Match[str]) -> Fix | None:
    row = next((row for row in range(at.row - 1, -1, -1) if at.lines[row].strip()), -1)
    code = at.lines[row].partition("//")[0].rstrip() if row >= 0 else ""
    return Fix(row, len(code), len(code), " {") if len(code) < _LONGEST and _HEADS.match(code) else None


def _version(at: _At, _said: re.Match[str]) -> Fix:
    old = any(_OLD_WORDS.match(line) for line in at.lines[:_HEADER_LINES])
    return at.put(0, at.length, "2.0" if old else "3.0")


def _no_version(at: _At, _said: re.Match[str]) -> Fix:
    return at.put(len("OPENQASM"), len(at.rest[: at.length].rstrip()), " 3.0")


def _register(at: _At, _said: re.Match[str]) -> Fix | None:
    """A declaration of OpenQASM 3 as one of OpenQASM 2."""
    found = _DECLARED.match(at.rest)
    if found is None:
        return None
    word = "qreg" if found[1] == "qubit" else "creg"
    return at.put(0, found.end(), f"{word} {found[3]}[{found[2] or 1}];")


def _as_told(at: _At, said: re.Match[str]) -> Fix | None:
    return at.put(0, at.length, said[1]) if at.length <= len(at.rest) else None


def _by_device(at: _At, said: re.Match[str]) -> Fix | None:
    """An instruction of devices as OpenQASM has it."""
    found = _BY_DEVICES.match(at.rest)
    if found is None:
        return None
    name, first, second = found.groups()
    if name == "store":
        return at.put(0, found.end(), f"{first} = {second};") if second else None
    then = f" reset {first};" if name == "measure_reset" else ""
    if at.line[: at.column].rstrip().endswith("=") and not second:
        return at.put(0, found.end(), f"measure {first};{then}")
    if not second:
        return None
    old = version_of("\n".join(at.lines[:_HEADER_LINES])) == 2
    measured = f"measure {first} -> {second};" if old else f"{second} = measure {first};"
    return at.put(0, found.end(), measured + then)


def _parentheses(at: _At, said: re.Match[str]) -> Fix | None:
    """A gate without parentheses: around its qubits, or around a parameter that it does not take."""
    found = _CALLED.match(at.rest)
    if found is None:
        return None
    if at.rest[found.end() :].startswith(";"):
        inside = found[2].strip()
        qubits = re.fullmatch(OPERANDS, inside) is not None
        return at.put(0, found.end(), f"{found[1]} {inside}") if qubits else None
    return at.put(0, found.end(), f"{found[1]} ") if "no parameter" in said[0] else None


def _without_index(at: _At, _said: re.Match[str]) -> Fix | None:
    start, end = at.line.rfind("[", 0, at.column + 1), at.line.find("]", at.column)
    return Fix(at.row, start, end + 1, "") if 0 <= start < end else None


def _included_name(at: _At, _said: re.Match[str]) -> Fix | None:
    found = re.match(r'"(stdgates\.inc|qelib1\.inc)\s*+;?+\s*+\Z', at.rest)
    return at.put(0, _end(at.rest), f'"{found[1]}";') if found is not None else None


def _closing_bracket(at: _At, _said: re.Match[str]) -> Fix | None:
    """The end of an index or a size that is a number."""
    found = re.match(r"\[\d++(?=\s*+(?:[,;)=]|->|\Z|[^\W\d]))", at.rest)
    return at.put(found.end(), found.end(), "]") if found is not None else None


def _closing_parenthesis(at: _At, _said: re.Match[str]) -> Fix | None:
    """The end of a gate's arguments, of a condition, of a value: where nothing else can stand behind it."""
    before, code = at.line[: at.column].rstrip(), at.rest.partition("//")[0].rstrip()
    place = None
    if before.endswith(("if", "while", "switch")):
        place = len(code[:-1].rstrip()) if code.endswith("{") else None
    elif (qubits := _AFTER_ARGUMENTS.search(code, 1)) is not None:
        place = qubits.start()
    elif "=" in before and code.endswith(";"):
        place = len(code) - 1
    if place is None or place < 2 or code[1:place].count("(") != code[1:place].count(")"):
        return None
    return at.put(place, place, ")")


def _superfluous(at: _At, _said: re.Match[str]) -> Fix | None:
    return at.put(0, 1, "") if at.rest.startswith(";") else None


def _end(line: str) -> int:
    # Where the lines of a text end in different ways, the character before the newline is part of the line.
    return len(line.rstrip("\r"))


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[_At, re.Match[str]], Fix | None]], ...]] = tuple(
    (re.compile(words), made)
    for words, made in (
        (r'\A(include "[\w.]+";) is missing here', _include),
        (r"\AThe block of line (\d+) does not end: a '\}' is missing after this line", _closing_brace),
        (r"\AA '\{' is missing before this line", _opening_brace),
        (r"\AThere is no OpenQASM \S+: write", _version),
        (r"\AThe version is missing", _no_version),
        (r"\A`(?:qubit|bit)` is OpenQASM 3, and", _register),
        (r"\AOpenQASM 2 measures with an arrow: (measure [^;]+);\Z", _as_told),
        (r" Define it: (gate .+)\Z", _declare),
        (r" A parameter is declared by: (input float \w+;)\Z", _declare),
        (r"\A(?:measure_2|measure_reset|store) is ", _by_device),
        (r"takes no parameter: |not on 0\b|without parentheses around", _parentheses),
        (r"is a single qubit of the gate: it has no index", _without_index),
        (r"\AThis text does not end", _included_name),
        (r"\AThis '\[' is not closed", _closing_bracket),
        (r"\AThis '\(' is not closed", _closing_parenthesis),
        (r"\AThis ';' is one too many", _superfluous),
    )
)
"""Words of a message, and the correction that it tells of."""
