"""The example circuits: there, titled, and found both in a checkout and in a wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tui.domain.openqasm import version_of
from tui.openqasm.examples import examples
from tui.openqasm.highlighter import Highlighter
from tui.openqasm.lexers import TokenKind

CHECKOUT = Path(__file__).parents[2]
WALKTHROUGH = (
    'OPENQASM 3; include "stdgates.inc"; qreg q[1]; creg c[1]; x q[0]; c[0] = measure q[0];'  # one line
)


def test_examples_have_own_titles_and_end_with_a_line_end() -> None:
    found = examples()
    assert len(found) >= 8
    assert len({example.title for example in found}) == len(found)
    for example in found:
        assert 10 < len(example.title) <= 76, example.name
        assert example.text.endswith("\n") and max(map(len, example.text.splitlines())) <= 90, example.name


def test_examples_have_both_languages_and_begin_with_the_simplest() -> None:
    assert examples()[0].name == "x-gate"
    assert WALKTHROUGH in examples()[0].text.splitlines()
    assert {version_of(example.text) for example in examples()} == {2, 3}


def test_examples_highlight_without_unknown_characters() -> None:
    for example in examples():
        lines = example.text.split("\n")
        highlighter = Highlighter(lines.__getitem__, lines.__len__)
        kinds = {kind for line in range(len(lines)) for _, _, kind in highlighter.spans(line)}
        assert TokenKind.WRONG not in kinds and TokenKind.GATE in kinds, example.name


def test_examples_are_found_in_an_installed_package(tmp_path: Path) -> None:
    """The wheel puts `assets/circuits` into the package as `circuits`; here by hand."""
    for package in ("tui", "tui/openqasm"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_bytes((CHECKOUT / package / "__init__.py").read_bytes())
    (tmp_path / "tui/openqasm/examples.py").write_bytes((CHECKOUT / "tui/openqasm/examples.py").read_bytes())
    (tmp_path / "tui/circuits").mkdir()
    (tmp_path / "tui/circuits/only.qasm").write_text("// Only this one\nOPENQASM 3;\n", encoding="utf-8")
    script = "from tui.openqasm.examples import examples; print([e.title for e in examples()])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "['Only this one']", done.stderr
