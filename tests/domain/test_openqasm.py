"""What the text of a program tells."""

from __future__ import annotations

import pytest

from tui.domain.openqasm import classical_bits


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
