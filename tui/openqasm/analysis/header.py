"""The header, included files, and characters that are none of the language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tui.openqasm.analysis.operations import Found
from tui.openqasm.analysis.standard import INCLUDES

_FOREIGN: Final = {
    "“": '"', "”": '"', "„": '"', "‘": '"', "’": '"', "«": '"', "»": '"', "；": ";", "，": ",", "（": "(",
    "）": ")", "［": "[", "］": "]", "−": "-", "–": "-", "—": "-", "×": "*", "÷": "/", "→": "->",
}  # fmt: skip
"""Characters that look like those of OpenQASM, with what is meant."""
_STRANGE: Final = re.compile(r"[^\x00-\x7f]")
_VERSION: Final = re.compile(r"OPENQASM\s*+(\S*)")
_READ: Final = re.compile(r"[23](?:\.\d{1,3})?\Z", re.ASCII)
ONLY_3: Final = {
    "qubit": "write `qreg q[2];`",
    "bit": "write `creg c[2];`",
    "def": "only gates can be defined",
    "for": "it has no loops",
    "while": "it has no loops",
    "let": "it has no aliases",
    "const": "write the number itself",
    "input": "it has no parameters",
    "output": "leave the word out",
    "box": "it has no boxes",
    "ctrl": "it has no modifiers",
    "negctrl": "it has no modifiers",
    "inv": "it has no modifiers",
    "switch": "use `if`",
    "else": "use a second `if`",
    "int": "it has registers alone",
    "float": "it has registers alone",
    "angle": "it has registers alone",
}
"""Words that begin a statement of OpenQASM 3 alone, and what to do in OpenQASM 2."""
_NO_CODE: Final = re.compile(r'//[^\n]*+|/\*.*?(\*/|\Z)|"[^"\n]*+"?', re.DOTALL)


def character_mistakes(text: str, bare: str, most: int) -> Iterator[Found]:
    """Yield characters that only look like those of OpenQASM, and a comment without an end.

    Args:
        text: the program.
        bare: the program `without_comments`.
        most: mistakes to yield at most.
    """
    if "/*" in text and (start := _open_comment(text)) is not None:
        yield Found(start, 2, "This comment does not end: */ is missing.")
    strange = _STRANGE.finditer(bare) if not bare.isascii() else ()
    for _, found in zip(range(most), strange, strict=False):
        character = found[0]
        if meant := _FOREIGN.get(character, ""):
            message = f"{character} is not a character of OpenQASM: write {meant}"
            yield Found(found.start(), 1, message, meant)
        elif not (character.isalnum()):
            shown = character if character.isprintable() else f"U+{ord(character):04X}"
            blank = " " if character.isspace() else ""
            yield Found(found.start(), 1, f"{shown} is not a character of OpenQASM.", blank)


def version_mistake(text: str) -> Found | None:
    """Return what is wrong with the version in a header."""
    found = _VERSION.match(text)
    number = found[1] if found is not None else ""
    if found is None or not number:
        return Found(0, len(text), "The version is missing: write OPENQASM 3.0;")
    if _READ.match(number):
        return None
    message = f"There is no OpenQASM {number}: write OPENQASM 3.0; or OPENQASM 2.0;"
    return Found(found.start(1), len(number), message)


def include_mistake(bare: str, text: str, version: int) -> Found | None:
    """Return what is wrong with an `include`.

    Args:
        bare: the statement, with what stands in quotes blank.
        text: the statement.
        version: of OpenQASM, 2 or 3.
    """
    wanted = "qelib1.inc" if version == 2 else "stdgates.inc"
    quote = bare.find('"')
    if quote < 0:
        # Other quotes are told as characters.
        return (
            Found(0, len(text), f'The name of a file stands in quotes: include "{wanted}";')
            if text.isascii()
            else None
        )
    if bare.count('"') == 1:
        return Found(quote, 1, 'This text does not end: a second " is missing on this line.')
    name = text[quote + 1 : bare.rindex('"')]
    if name == wanted:
        return None
    if name in INCLUDES:
        message = f'"{name}" belongs to OpenQASM {5 - version}: write "{wanted}".'
    else:
        message = f'The file "{name}" is not read: only "{wanted}" can be included.'
    return Found(quote, len(name) + 2, message, f'"{wanted}"')


def _open_comment(text: str) -> int | None:
    """Where a comment begins that does not end."""
    last = None
    for found in _NO_CODE.finditer(text):
        last = found
    return last.start() if last is not None and last[0].startswith("/*") and not last[1] else None
