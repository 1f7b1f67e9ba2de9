"""Highlighting: right for what people write, and the same whether the text was typed or loaded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.openqasm.highlighter import FAR, LOOK_BACK, Highlighter
from tui.openqasm.lexers import LONGEST_LINE, TokenKind, TokenSpan


class Text:
    """Lines that are edited, and a highlighter that is told."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.read: list[int] = []
        self.highlighter = Highlighter(self.line, lambda: len(self.lines))

    def line(self, number: int) -> str:
        self.read.append(number)
        return self.lines[number]

    def replace(self, first: int, removed: int, text: list[str]) -> None:
        self.lines[first : first + removed] = text
        if not self.lines:
            self.lines = [""]
            text = [""]
        self.highlighter.edited(first, removed, len(text))

    def spans(self) -> list[list[TokenSpan]]:
        return [self.highlighter.spans(line) for line in range(len(self.lines))]


def kinds(text: str, line: int = -1) -> list[tuple[str, TokenKind]]:
    """The words of one line of `text` with their kinds."""
    whole = Text(text)
    line %= len(whole.lines)
    return [(whole.lines[line][start:end], kind) for start, end, kind in whole.highlighter.spans(line)]


def test_highlighter_kinds_of_an_openqasm_3_program() -> None:
    head = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
    assert kinds('OPENQASM 3.0; include "stdgates.inc"; // top') == [
        ("OPENQASM", TokenKind.DIRECTIVE),
        ("3.0", TokenKind.NUMBER),
        ("include", TokenKind.KEYWORD),
        ('"stdgates.inc"', TokenKind.STRING),
        ("// top", TokenKind.COMMENT),
    ]
    assert kinds(head + "qubit[2] q;") == [
        ("qubit", TokenKind.TYPE),
        ("2", TokenKind.NUMBER),
        ("q", TokenKind.NAME),
    ]
    assert kinds(head + "rz(pi/2) q[0];")[:3] == [
        ("rz", TokenKind.GATE),
        ("pi", TokenKind.CONSTANT),
        ("/", TokenKind.OPERATOR),
    ]
    assert kinds(head + "cx $0, $1;") == [
        ("cx", TokenKind.GATE),
        ("$0", TokenKind.QUBIT),
        ("$1", TokenKind.QUBIT),
    ]
    assert kinds(head + "c[0] = measure $3;")[-2:] == [
        ("measure", TokenKind.INSTRUCTION),
        ("$3", TokenKind.QUBIT),
    ]
    assert ("if", TokenKind.KEYWORD) in kinds(head + "if (c[0]) { x q[1]; }")
    assert kinds(head + "@note something odd")[0] == ("@note", TokenKind.DIRECTIVE)
    assert kinds(head + "x q; `")[-1] == ("`", TokenKind.WRONG)


def test_highlighter_chooses_openqasm_2_by_the_header() -> None:
    old = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\n'
    assert Text(old).highlighter.version == 2
    assert kinds(old + "cx q[0],q[1];")[0] == ("cx", TokenKind.GATE)
    assert kinds(old + "measure q -> c;")[0] == ("measure", TokenKind.INSTRUCTION)
    assert kinds(old + "qubit x;")[0] != ("qubit", TokenKind.TYPE)
    assert Text("// 2 is old\n/* OPENQASM 2; */ OPENQASM 3;").highlighter.version == 3
    assert Text("qubit q;").highlighter.version == 3


@pytest.mark.parametrize("word", ["measure_2", "measure_reset", "store", "nop"])
@pytest.mark.parametrize("version", [2, 3])
def test_highlighter_knows_instructions_of_devices(word: str, version: int) -> None:
    assert kinds(f"OPENQASM {version}.0;\n{word} q[0];")[0] == (word, TokenKind.INSTRUCTION)
    assert kinds(f"OPENQASM {version}.0;\n{word}s q[0];")[0] == (f"{word}s", TokenKind.GATE)


def test_highlighter_knows_stretches_boxes_and_gates_of_devices() -> None:
    head = "OPENQASM 3.0;\n"
    assert kinds(head + "stretch w;")[0] == ("stretch", TokenKind.TYPE)
    assert kinds(head + "box[100ns] {")[:2] == [("box", TokenKind.KEYWORD), ("100ns", TokenKind.NUMBER)]
    assert kinds(head + "xslow q[0];")[0] == ("xslow", TokenKind.GATE)


@pytest.mark.parametrize("word", ["calibration", "letter", "defcals", "scale", "mylet"])
def test_highlighter_takes_a_name_beginning_like_a_keyword_as_a_name(word: str) -> None:
    assert kinds(f"{word} = 1;")[0] == (word, TokenKind.NAME)
    assert kinds(f"bit {word};\nif (c) {{ x q; }}")[0] == ("if", TokenKind.KEYWORD)


def test_highlighter_comment_spans_lines_and_does_not_nest() -> None:
    text = "x q; /* one\n /* two\n*/ h q;"
    assert kinds(text, 1) == [(" /* two", TokenKind.COMMENT)]
    assert kinds(text, 2) == [("*/", TokenKind.COMMENT), ("h", TokenKind.GATE), ("q", TokenKind.NAME)]


def test_highlighter_calibration_block_ends_at_its_brace() -> None:
    text = "cal {\n  play(drive($0), w);\n}\nif (c) { qubit q; }"
    assert ("$0", TokenKind.QUBIT) in kinds(text, 1)
    assert kinds(text, 3)[0] == ("if", TokenKind.KEYWORD)
    assert ("qubit", TokenKind.TYPE) in kinds(text, 3)


@pytest.mark.parametrize("half", ["include", "OPENQASM", "defcalgrammar", 'include "std'])
def test_highlighter_half_typed_line_spoils_no_line_below(half: str) -> None:
    text = Text(f"{half}\nqubit q;\nh q;")
    assert text.highlighter.spans(1)[0] == TokenSpan(0, 5, TokenKind.TYPE)
    assert all(kind is not TokenKind.WRONG for _, _, kind in text.highlighter.spans(2))


def test_highlighter_cuts_an_endless_line() -> None:
    spans = Text("x q; " * 100_000).highlighter.spans(0)
    assert max(end for _, end, _ in spans) <= LONGEST_LINE


def test_highlighter_lexes_only_requested_lines_and_stops_after_an_edit() -> None:
    text = Text("\n".join(f"rz({n}) q[{n}];" for n in range(5_000)))
    text.read.clear()
    text.highlighter.spans(10)
    assert max(text.read) == 10
    text.highlighter.spans(4_999)
    text.highlighter.advance(60.0)
    assert not text.highlighter.behind
    text.read.clear()
    text.replace(100, 1, ["h q[0]; // changed"])
    text.highlighter.spans(4_000)
    assert [line for line in text.read if line >= 60] == [100, 4_000]


def test_highlighter_follows_a_comment_that_opens_and_closes() -> None:
    text = Text("h q;\n" * 50)
    before = text.spans()
    text.replace(3, 1, ["h q; /*"])
    assert text.highlighter.spans(40) == [TokenSpan(0, 4, TokenKind.COMMENT)]
    text.replace(3, 1, ["h q;"])
    assert text.spans() == before


def test_highlighter_starts_anew_for_another_header() -> None:
    text = Text("OPENQASM 2.0;\nqubit q;")
    assert text.highlighter.spans(1)[0].kind is TokenKind.GATE
    text.replace(0, 1, ["OPENQASM 3.0;"])
    assert text.highlighter.spans(1)[0].kind is TokenKind.TYPE


def test_highlighter_raises_past_the_end() -> None:
    with pytest.raises(IndexError):
        Text("x q;").highlighter.spans(1)


LINES = st.sampled_from(
    [
        "",
        "OPENQASM 3.0;",
        "OPENQASM 2.0;",
        'include "stdgates.inc";',
        "include",
        "h q[0]; /* open",
        "close */ x $1;",
        "/*",
        "*/",
        "cal {",
        "defcal x $0 {",
        "}",
        "play(f, {1});",
        "gate g a, b {",
        "gate",
        "@bind x",
        "#pragma y",
        "// c",
        'bit[2] b = "01";',
        "measure q -> c;",
        "\t§ ` \\",
        "x" * 3_000,
    ]
) | st.text(alphabet='/*{}"; \tcaldefxq0$@#\r', max_size=12)
EDITS = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(0, 4), st.lists(LINES, max_size=4), st.integers(0, 60) | st.none()
    ),
    max_size=14,
)


@settings(max_examples=300, deadline=None)
@given(start=st.lists(LINES, min_size=1, max_size=30), edits=EDITS)
def test_highlighter_after_edits_equals_the_whole_text(
    start: list[str], edits: list[tuple[int, int, list[str], int | None]]
) -> None:
    text = Text("")
    text.lines = list(start)
    text.highlighter.reset()
    for at, removed, added, look in edits:
        first = min(at, len(text.lines))
        text.replace(first, min(removed, len(text.lines) - first), added)
        if look is not None and look < len(text.lines):
            text.highlighter.spans(look)
    fresh = Highlighter(lambda line: text.lines[line], lambda: len(text.lines))
    assert text.highlighter.version == fresh.version
    assert text.spans() == [fresh.spans(line) for line in range(len(text.lines))]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200).map(lambda text: text.replace("\n", " ")))
def test_highlighter_spans_are_in_order_and_inside_the_line(line: str) -> None:
    ends = 0
    for start, end, _ in Text(line).highlighter.spans(0):
        assert ends <= start < end <= len(line)
        ends = end


def test_highlighter_answers_far_lines_at_once_and_corrects_them_in_slices() -> None:
    text = Text("\n".join(["/*", *(f"rz({n}) q[{n}];" for n in range(3 * FAR)), "*/", "h q[0];"]))
    text.read.clear()
    last = 3 * FAR + 2
    assert next(span.kind for span in text.highlighter.spans(last)) is TokenKind.GATE
    text.highlighter.spans(last - 2)
    assert text.highlighter.behind
    assert len(set(text.read)) < 2 * LOOK_BACK + 70, "not the whole text"
    while text.highlighter.behind:
        text.highlighter.advance(0.0)
    assert [span.kind for span in text.highlighter.spans(last - 2)] == [TokenKind.COMMENT]
    assert not text.highlighter.behind


def test_highlighter_is_not_behind_when_the_text_became_shorter() -> None:
    text = Text("\n".join(f"rz({n}) q[{n}];" for n in range(2 * FAR)))
    text.highlighter.spans(2 * FAR - 1)
    assert text.highlighter.behind
    text.replace(1, 2 * FAR - 1, [])
    text.highlighter.advance(1.0)
    assert not text.highlighter.behind
