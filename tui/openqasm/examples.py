"""The example circuits that come with qdeck."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import tui

_ORDER = (
    "x-gate",
    "bell",
    "bell-v2",
    "ghz",
    "w-state",
    "deutsch-jozsa",
    "bernstein-vazirani",
    "grover",
    "qft4",
    "phase-estimation",
    "swap-test",
    "teleportation",
    "bit-flip-code",
    "bell-state",
    "ising-chain",
    "vqe-ansatz",
    "qaoa-ring",
)
"""From the simplest on; others follow by name."""


@dataclass(frozen=True, slots=True)
class Example:
    """An example circuit: its file's name without the ending, a line about it, its OpenQASM text."""

    name: str
    title: str
    text: str


def _folder() -> Traversable:
    """`tui/circuits` of an installed qdeck; in a checkout, `assets/circuits` beside the package."""
    installed = files(tui).joinpath("circuits")
    if installed.is_dir():
        return installed
    return Path(tui.__file__).resolve().parent.parent / "assets" / "circuits"


def _title(text: str) -> str:
    first = text.partition("\n")[0]
    return first.removeprefix("//").strip() if first.startswith("//") else ""


@cache
def examples() -> tuple[Example, ...]:
    """Read the example circuits. The title of each is the comment on the first line of its file.

    Returns:
        All of them, the simplest first.

    Raises:
        OSError: the files, which belong to the installation, cannot be read.
    """
    found = []
    for entry in _folder().iterdir():
        if entry.name.endswith(".qasm"):
            text = entry.read_text(encoding="utf-8")
            found.append(Example(entry.name.removesuffix(".qasm"), _title(text), text))
    places = {name: place for place, name in enumerate(_ORDER)}
    return tuple(sorted(found, key=lambda example: (places.get(example.name, len(places)), example.name)))
