"""Every pattern and scanner that meets foreign text takes time in proportion to its length.

Patterns are collected from the source: one that is added is tried without being named here, and one that
cannot be evaluated has to be named in `BUILT`. For each, texts are made of what it is made of itself, longer
until one takes time enough to be measured: then twice the text may take three times the time, not four.
"""

from __future__ import annotations

import ast
import importlib
import math
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import product
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

import tui
from tui.common.safe_text import plain, shorten
from tui.compiler.qiskit import wording
from tui.domain.openqasm import classical_bits, is_blank, version_of
from tui.domain.pubs.expressions import number
from tui.domain.pubs.observables import parse_observables
from tui.domain.pubs.sweep_text import parse_table, parse_values
from tui.ibm.codec.decoding import entries_of_cut
from tui.ibm.results.payload_split import split_payload
from tui.ibm.transport.request import http_date, is_page
from tui.jobquery.filters import parse_filter
from tui.openqasm import fixes
from tui.openqasm.formatter import format_program
from tui.openqasm.highlighter import Highlighter, StaticHighlighter
from tui.openqasm.lexers import LONGEST_LINE, START, Lines2Lexer, Lines3Lexer, compiled_rules, lex_line

TUI: Final = Path(tui.__file__).parent
FUNCTIONS: Final = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
BUILT: Final = {
    # Written on the command line of `qdeck sandbox` by its user, and met by paths of requests.
    ("sandbox/faults/plan.py", "''.join((words.get(part, re.escape(part)) for part in parts))"): [
        "/a/[^/]*/.*",
        "/[^/]*/[^/]*/[^/]*",
    ],
    # Written by the user in the find bar, and tried in a worker process with a deadline.
    ("openqasm/search.py", "pattern"): [r"(?<!\w)(?:q\[0\])(?!\w)"],
    # The grammar of one fault, of the same command line.
    ("sandbox/faults/plan.py", "form"): ["x"],
    ("compiler/qiskit/wording.py", "pattern"): [
        *wording._MISTAKES,
        *wording._UNSUPPORTED,
        *wording._BUILDING,
    ],
    # A name that is declared in the program.
    ("openqasm/analysis/symbols.py", "f'(?<![\\\\w$.]){re.escape(symbol.name)}(?!\\\\w)'"): [
        r"(?<![\w$.])q(?!\w)"
    ],
    # Words of messages of our own.
    ("openqasm/fixes.py", "words"): [pattern.pattern for pattern, _ in fixes._RULES],
    # All rules of a state of a lexer, one after the other.
    ("openqasm/lexers.py", "'|'.join(parts)"): [
        compiled_rules(lexer, state)[0].__self__.pattern  # type: ignore[attr-defined]
        for lexer in (Lines2Lexer(), Lines3Lexer())
        for state in lexer._tokens
    ],
}
"""Patterns that are put together when they are used, with what they become."""
BOUNDED: Final = {
    ("compiler/qiskit/wording.py", "pattern"): wording._LONGEST_MATCHED,
    ("openqasm/lexers.py", "'|'.join(parts)"): LONGEST_LINE,
}
"""Patterns that look at no more than so many characters, which have to be read at once."""
LONGEST: Final = 4096
ENOUGH_SECONDS: Final = 0.004
LIMIT: Final = 3.0
CALL_SECONDS: Final = 1.0
TIMES: Final = 5


class TooSlow(Exception):
    """One call took longer than `CALL_SECONDS` of processor time."""


@contextmanager
def time_limit() -> Iterator[None]:
    def too_slow(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, too_slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, CALL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def seconds(call: Callable[[], object]) -> float:
    """Processor time of a call: the thread's own, and exact, which the user time of `getrusage` is not."""
    before = time.thread_time()
    with time_limit():
        call()
    return time.thread_time() - before


def growth(call: Callable[[str], object], make: Callable[[int], str], longest: int = LONGEST) -> str:
    """Return how time grows when the text doubles, where that is too fast; empty: it does not."""
    length = 64
    try:
        while length <= longest:
            # Most texts are rejected at once: such a call is not looked at twice.
            text, double = make(length), make(2 * length)
            once = seconds(partial(call, text))
            if once >= ENOUGH_SECONDS:
                # In turns, and longer when in doubt: another process may slow the one half down.
                short = long = math.inf
                for _ in range(3 * TIMES):
                    short = min(short, seconds(partial(call, text)))
                    long = min(long, seconds(partial(call, double)))
                    if long <= LIMIT * short and short >= ENOUGH_SECONDS / 2:
                        return ""
                if short >= ENOUGH_SECONDS / 2:
                    return f"{length:,} characters {short:.4f} s, {2 * length:,} {long:.4f} s"
            length *= 8
    except TooSlow:
        return f"{length:,} characters or twice as many take more than {CALL_SECONDS} s"
    return ""


@cache
def found_patterns() -> dict[tuple[str, str], list[tuple[Any, str]]]:
    """Every pattern in the source by file and expression, with the method that is used on it."""
    found: dict[tuple[str, str], list[tuple[Any, str]]] = {}
    for path in sorted(TUI.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = str(path.relative_to(TUI))
        for node in ast.walk(tree):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in FUNCTIONS
                and node.args
            ):
                continue
            expression = ast.unparse(node.args[0])
            method = "search" if node.func.attr == "compile" else node.func.attr
            if node.func.attr == "compile":
                method = _method_of(tree, node)
            try:
                pattern = _evaluated(place, node)
            except (NameError, TypeError, re.error):
                for built in BUILT.get((place, expression), []):
                    found.setdefault((place, expression), []).append((re.compile(built), "fullmatch"))
                found.setdefault((place, expression), [])
                continue
            found.setdefault((place, expression), []).append((pattern, method))
    return found


def _evaluated(place: str, node: ast.Call) -> re.Pattern[Any]:
    module = vars(importlib.import_module("tui." + place.removesuffix(".py").replace("/", ".")))
    flags = [word.value for word in node.keywords if word.arg == "flags"]
    at = {"compile": 1, "match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2}
    assert isinstance(node.func, ast.Attribute)
    flags += node.args[at.get(node.func.attr, 4) :][:1]

    def value(expression: ast.expr) -> Any:
        return eval(compile(ast.Expression(expression), place, "eval"), dict(module))

    pattern = value(node.args[0])
    return re.compile(pattern, value(flags[0]) if flags else 0)


def _method_of(tree: ast.Module, node: ast.Call) -> str:
    """The way a compiled pattern is used in its module: anchored, or searched for."""
    names = {
        target.id
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is node
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(target, ast.Name)
    }
    used = {
        call.attr
        for call in ast.walk(tree)
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id in names
    }
    anchored = used & {"match", "fullmatch"}
    return anchored.pop() if len(anchored) == 1 and used <= {"match", "fullmatch", "pattern"} else "search"


def pieces(pattern: re.Pattern[Any]) -> list[str]:
    """What texts against a pattern are made of: its own characters, those of its classes, and some others."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    literals = re.sub(r"\\[sdwWDSbAZ]|\(\?[a-zA-Z<>!=:+-]*|[\[\]().*+?{}|^$]", " ", source)
    words = [word for word in re.split(r"[\s\\]+", literals) if word and len(word) < 20][:6]
    singles = [char for char in dict.fromkeys(source) if not char.isalnum()][:14]
    return list(
        dict.fromkeys([" ", "\n", "a", "0", *singles, *words, "/**/", "//\n", "a ", "a=", "0.", '"a"'])
    )


def texts(pattern: re.Pattern[Any]) -> Iterator[Callable[[int], str]]:
    """Makers of texts of a length: a beginning, pieces again and again, and an end that does not fit."""
    parts = pieces(pattern)
    starts = ["", *[part for part in parts if len(part) > 1][:2]]
    pumps = [*parts, *("".join(pair) for pair in product(parts[:6], repeat=2) if pair[0] != pair[1])]
    for start, pump, end in product(starts, pumps, ("", "\n\x00")):
        yield lambda length, start=start, pump=pump, end=end: start + pump * (length // len(pump)) + end  # type: ignore[misc]


def _run(run: Callable[[Any], object], binary: bool, text: str) -> object:
    return run(text.encode() if binary else text)


PATTERNS: Final = sorted(found_patterns().items())


@pytest.mark.parametrize(("place", "made"), PATTERNS, ids=[f"{key[0]}-{key[1][:30]}" for key, _ in PATTERNS])
def test_pattern_takes_linear_time(place: tuple[str, str], made: list[tuple[Any, str]]) -> None:
    assert made, f"{place} cannot be evaluated by itself: name in BUILT what it may become"
    for pattern, method in made:
        if method in {"sub", "subn", "split", "findall", "finditer"}:
            method = "search"
        anchored = method if method in {"match", "fullmatch"} else "findall"
        run = getattr(pattern, anchored)
        binary = isinstance(pattern.pattern, bytes)
        for make in texts(pattern):
            if place in BOUNDED:
                text = make(BOUNDED[place])[: BOUNDED[place]]
                assert seconds(partial(run, text)) < 0.05, f"{place} {pattern.pattern}"
                continue
            wrong = growth(partial(_run, run, binary), make)
            assert not wrong, f"{place} {anchored} on {make(40)!r}: {wrong}"


def test_exponential_and_quadratic_patterns_are_noticed() -> None:
    for bad in (r"\s*(?:(?://[^\n]*\n|/\*.*?\*/)\s*)*OPENQASM", r"(?:\s+|//[^\n]*)*x", r"a+a+b", r"\s+$"):
        pattern = re.compile(bad, re.DOTALL)
        assert any(growth(pattern.search, make) for make in texts(pattern)), bad  # stops at the first
    good = re.compile(r"(?>\s+|//[^\n]*|/\*.*?\*/)*+OPENQASM", re.DOTALL)
    assert not any(growth(good.match, make) for make in texts(good))


PUMPS: Final = (
    *(" ", "\n", "a", '"', "\\", "(", "{", "[", "]", "/*", "*/", "//\n", "/**/", "a=1 ", "a:", ",", "-"),
    *("\x1b[", "\u202e", "bit[", "creg a[", "include ", "gate a { ", "OPENQASM ", '{"samples":['),
    *('"jobs":[{', "0e", "cal {", "$1 "),
)


def highlighted(text: str) -> None:
    lines = [text[start : start + 60] for start in range(0, len(text), 60)]
    highlighter = Highlighter(lambda line: lines[line], lambda: len(lines))
    for line in range(len(lines)):
        highlighter.spans(line)


def shown_end(text: str) -> None:
    lines = [text[start : start + 60] for start in range(0, len(text), 60)]
    StaticHighlighter(lines).spans(len(lines) - 1)


def refusing(read: Callable[[str], object]) -> Callable[[str], None]:
    """Call a reader that refuses most of these texts."""

    def call(text: str) -> None:
        try:
            read(text)
        except ValueError:
            return

    return call


def _repeated(pump: str, end: str, length: int) -> str:
    return pump * (length // len(pump)) + end


SCANNERS: Final[dict[str, Callable[[str], object]]] = {
    "version_of": version_of,
    "is_blank": is_blank,
    "classical_bits": classical_bits,
    "plain": plain,
    "plain with lines": lambda text: plain(text, limit=len(text), lines=True),
    "shorten": lambda text: shorten(text, 40),
    "split_payload": lambda text: split_payload(text.encode()),
    "entries_of_cut": lambda text: entries_of_cut(b'{"jobs":[' + text.encode(), "jobs"),
    "is_page": lambda text: is_page(text.encode(), ""),
    "http_date": lambda text: http_date(text[:1000]),
    "highlighter, line by line": highlighted,
    "highlighter, the last line": shown_end,
    "filter of jobs": refusing(parse_filter),
    "number or expression": refusing(number),
    "formatter": format_program,
    "values of a parameter": refusing(parse_values),
    "file of parameters": refusing(parse_table),
    "observables": refusing(parse_observables),
}


@pytest.mark.parametrize("name", SCANNERS)
def test_scanner_takes_linear_time(name: str) -> None:
    for pump, end in product(PUMPS, ("", "!\n")):
        for make in (partial(_repeated, pump, end), partial(_repeated, pump + "\n", end)):
            wrong = growth(SCANNERS[name], make)
            assert not wrong, f"{name} on {make(40)!r}: {wrong}"


def test_braces_of_calibrations_nested_for_thousands_of_lines_are_lexed_in_linear_time() -> None:
    assert not growth(highlighted, partial(_repeated, "cal {\n", ""), longest=8 * LONGEST)


@pytest.mark.parametrize("lexer", [Lines2Lexer, Lines3Lexer])
def test_lexer_reads_the_longest_line_that_is_looked_at_at_once(lexer: type[Lines3Lexer]) -> None:
    build: Any = lexer
    made = build()
    states = [START, *(START.push(name) for name in made._tokens if name != "root")]
    for state, pump, end in product(states, (*PUMPS, "a1", "0b1_", "1.", "'", "@a "), ("",)):
        line = (pump * LONGEST_LINE)[: LONGEST_LINE - 1] + end
        took = seconds(partial(lex_line, made, line, state))
        if took >= 0.05:
            took = min(seconds(partial(lex_line, made, line, state)) for _ in range(TIMES))
        assert took < 0.05, f"{state.name} on {line[:40]!r}: {took:.3f} s"


def test_program_that_begins_and_ends_with_a_comment_is_not_empty() -> None:
    program = '/* a */ OPENQASM 3.0; include "stdgates.inc"; qubit q; h q; /* z */'
    assert not is_blank(program) and version_of(program) == 3
    assert not is_blank("/* a */ x /* b */") and is_blank("/* a */ // x\n /* b */\n")
    bell = "\n" * 5000 + "OPENQASM 2.0; qreg q[2]; creg c[2];"
    assert version_of(bell) == 2 and not is_blank(bell) and classical_bits(bell) == 2
