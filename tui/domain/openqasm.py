"""Which OpenQASM a text is written in."""

from __future__ import annotations

import re

_GAP = r"(?:\s+|//[^\n]*(?:\n|$)|/\*.*?\*/)*"
_HEADER = re.compile(rf"{_GAP}OPENQASM\s+(\d+)(?:\.\d+)?", re.DOTALL)
_OLD_INCLUDE = re.compile(r"^[^/\n]*\binclude\s*\"qelib1\.inc\"", re.MULTILINE)


def version_of(text: str) -> int:
    """The major version of OpenQASM that `text` is written in.

    The header decides, comments before it skipped. OpenQASM 3 allows a program without one: such a
    text is 3, unless it includes `qelib1.inc`, which only OpenQASM 2 has.

    Args:
        text: a program, or its beginning.
    """
    if (header := _HEADER.match(text)) is not None:
        return int(header[1][:6])
    return 2 if _OLD_INCLUDE.search(text) else 3
