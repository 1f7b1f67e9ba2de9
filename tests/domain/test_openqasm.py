"""What the text of a program tells."""

from __future__ import annotations

import pytest

from tui.domain.openqasm import classical_bits, is_blank, version_of


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("OPENQASM 3.0; bit[5] c; x $0;", 5),
        ('bit c;\nbit [ 2 ] d = "01";', 3),
        ("OPENQASM 2.0;\nqreg q[5];\ncreg c[5];\ncreg d[1];", 6),
        ("// bit[9] old;\n/* bit[9] older; */ bit[2] c;", 2),
        ("qubit[5] q;", None),
        ("const uint n = 4; bit[n] c;", None),
        ("def f(bit[4] c) { }", None),
        ("bit[99999] c;", None),
        ("", None),
    ],
)
def test_classical_bits_counts_all_registers(text: str, bits: int | None) -> None:
    assert classical_bits(text) == bits


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("\n // a comment\n /* another */ OPENQASM 2.0;", 2),
        ("OPENQASM 3.1;", 3),
        ("qubit q;", 3),
        ('include "qelib1.inc"; qreg q[1];', 2),
        ("/* OPENQASM 2.0; */ qubit q;", 3),
        ("/* not closed OPENQASM 2.0;", 3),
    ],
)
def test_version_of_reads_the_header_behind_blanks_and_comments(text: str, version: int) -> None:
    assert version_of(text) == version


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("", True),
        (" \n// only a comment", True),
        ("/* one */ // two\n\t/* three\n */", True),
        ("/* one */ x q; /* two */", False),
        ("/* not closed", False),
    ],
)
def test_is_blank_passes_over_whitespace_and_comments_alone(text: str, blank: bool) -> None:
    assert is_blank(text) is blank


@pytest.mark.parametrize("piece", ["\n", " \n", "//\n", "/**/", "/**/ ", "//", "/*", "*/"])
def test_version_of_reads_a_long_beginning_in_linear_time(piece: str) -> None:
    # With a nested quantifier 30 of them took minutes.
    text = piece * 100_000
    assert version_of(text + "x") == 3
    assert is_blank(text + "x") is (piece == "//")
