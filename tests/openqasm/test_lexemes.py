"""Lexemes: nothing of a text is lost, and they are those of the language's own lexer."""

from __future__ import annotations

from typing import Any

import pytest
from antlr4 import InputStream
from hypothesis import given
from hypothesis import strategies as st
from openqasm3.parser import qasm3Lexer

from tui.openqasm.examples import Example, examples
from tui.openqasm.lexemes import LexemeKind, lexemes

_TEXT = """
    qubit [2] q ; c = measure cx q[0] , pi /2 2* - -> "01" 1.5e-3 100ns 2im .5 1. { } ( ) $3 if == 0x1F 0b10
    0o7 gate @ **= ** << >>= && || ++ += ! != ~ ^ : 1_000 δ #dim 3e5 µ
"""
WORDS = _TEXT.split()
COMMENTS = ["// x\n", "/* y */", "/* z\n"]
OWN_LANGUAGE = ["#pragma a;b // c\n", "@note {d\n", "cal {a{b}c}", "defcal x $0 {p}", "cal ", "pragma "]


def official(text: str) -> list[str]:
    """The tokens of the language's own lexer."""
    lexer: Any = qasm3Lexer(InputStream(text))
    lexer.removeErrorListeners()
    return [token.text for token in lexer.getAllTokens()]


def kinds(text: str, version: int = 3) -> list[tuple[str, LexemeKind]]:
    return [(one.text, one.kind) for one in lexemes(text, version)]


@given(
    st.lists(st.sampled_from([*WORDS, " ", "\n", *COMMENTS, *OWN_LANGUAGE]), max_size=30).map("".join)
    | st.text()
)
def test_lexemes_leave_out_whitespace_alone(text: str) -> None:
    end = 0
    for one in lexemes(text):
        assert text[end : one.start].strip() == ""
        assert text[one.start : one.end] == one.text != ""
        end = one.end
    assert text[end:].strip() == ""


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_lexemes_are_those_of_the_languages_own_lexer(text: str) -> None:
    assert [one.text for one in lexemes(text, 3)] == official(text)


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_lexemes_of_an_example_are_those_of_the_languages_own_lexer(example: Example) -> None:
    code = [one.text for one in lexemes(example.text) if one.kind is not LexemeKind.COMMENT]
    assert code == official(example.text)


def test_lexemes_keep_together_what_is_read_as_one() -> None:
    assert kinds("pragma a; b\n@note c; d\nx $3;") == [
        ("pragma a; b", LexemeKind.DIRECTIVE),
        ("@note c; d", LexemeKind.DIRECTIVE),
        ("x", LexemeKind.WORD),
        ("$3", LexemeKind.QUBIT),
        (";", LexemeKind.PUNCTUATION),
    ]
    assert kinds("defcal x $0 { a {b}; } y") == [
        ("defcal x $0 { a {b}; }", LexemeKind.CALIBRATION),
        ("y", LexemeKind.WORD),
    ]
    assert kinds("cal; {") == [
        ("cal", LexemeKind.WORD),
        (";", LexemeKind.PUNCTUATION),
        ("{", LexemeKind.PUNCTUATION),
    ]
    assert kinds("100 ns /* a") == [("100 ns", LexemeKind.NUMBER), ("/* a", LexemeKind.BLOCK_COMMENT)]


def test_lexemes_of_openqasm_2_know_no_calibrations() -> None:
    assert kinds("cal {", 2) == [("cal", LexemeKind.WORD), ("{", LexemeKind.PUNCTUATION)]
