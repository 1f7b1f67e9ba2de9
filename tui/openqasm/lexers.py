"""The OpenQASM lexers of `openqasm-pygments`, with the rules that hinder lexing line by line put right."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from openqasm_pygments import OpenPulseLexer, OpenQASM2Lexer, OpenQASM3Lexer
from pygments import token
from pygments.lexer import default

IDENTIFIER: Final = r"[^\W\d]\w*"
QUBIT: Final = token.Name.Variable.Instance
"""What a physical qubit, `$7`, is called here; the library calls it a literal."""

Rules = dict[str, list[Any]]


_HARDWARE: Final = (r"\b(?:measure_2|measure_reset|store|nop)\b", token.Operator.Word)
"""Instructions of devices, coloured as instructions although no grammar has them."""


def _without(rules: list[Any], *patterns: str) -> list[Any]:
    return [rule for rule in rules if not (isinstance(rule, tuple) and rule[0] in patterns)]


def _let_go(rules: list[Any]) -> list[Any]:
    """`rules` of a state that waits for one thing: anything else ends the wait.

    As published, the text after an `include` without its string is an error to the end of the file.
    """
    return [*rules, default("#pop")]


def _openqasm3() -> Rules:
    """The rules of OpenQASM 3.

    - `cal`, `let` and `defcal` are whole words (`calibration` is a name).
    - A calibration block is lexed as OpenPulse in place and is left at its closing brace; published, it
      is collected and handed to another lexer afterwards, which no line can do for itself.
    - Comments do not nest, as in the language's grammar.
    - A gate before physical qubits (`x $0;`) is a gate too.
    """
    rules: Rules = {state: list(entries) for state, entries in OpenQASM3Lexer.tokens.items()}
    rules["root"] = [
        (r"\bcal\b", token.Keyword, "cal prelude"),
        (r"\bdefcal\b", token.Keyword.Declaration, ("cal prelude", "callable")),
        (r"\blet\b", token.Keyword.Declaration),
        _HARDWARE,
        (r"\$[0-9]+", QUBIT),
        *_without(rules["root"], "cal", "defcal", "let", r"\$[0-9]+"),
    ]
    # Last but the rule for any name, so that `measure $0` stays an instruction.
    rules["root"].insert(-1, (rf"{IDENTIFIER}(?=[ \t]+\$[0-9])", token.Name.Function))
    rules["comment"] = _without(rules["comment"], r"/\*")
    rules["cal prelude"] = [
        (r"\{", token.Punctuation, ("#pop", "cal")),
        (r";", token.Punctuation, "#pop"),
        *rules["cal prelude"][1:],
    ]
    rules["cal"] = [
        (r"\{", token.Punctuation, "#push"),
        (r"\}", token.Punctuation, "#pop"),
        (r"\n", token.Whitespace),
        (r"\$[0-9]+", QUBIT),
        *OpenPulseLexer.tokens["root"],
    ]
    rules["defcalgrammar"] = rules["include"]
    for state in ("include", "defcalgrammar", "callable", "version"):
        rules[state] = _let_go(rules[state])
    return rules


def _openqasm2() -> Rules:
    """The rules of OpenQASM 2, whose waiting states let go as well."""
    rules: Rules = {state: list(entries) for state, entries in OpenQASM2Lexer.tokens.items()}
    rules["root"] = [_HARDWARE, *rules["root"]]
    for state in ("include", "callable", "version"):
        rules[state] = _let_go(rules[state])
    return rules


class Lines3Lexer(OpenQASM3Lexer):  # type: ignore[misc]  # the library has no types
    """OpenQASM 3, fit to be lexed line by line (through `tokens`, never `get_tokens_unprocessed`)."""

    aliases: ClassVar[list[str]] = []
    filenames: ClassVar[list[str]] = []
    tokens = _openqasm3()


class Lines2Lexer(OpenQASM2Lexer):  # type: ignore[misc]  # the library has no types
    """OpenQASM 2, fit to be lexed line by line."""

    aliases: ClassVar[list[str]] = []
    filenames: ClassVar[list[str]] = []
    tokens = _openqasm2()
