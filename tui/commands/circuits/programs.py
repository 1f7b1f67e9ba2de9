"""Files with circuits: OpenQASM as text, or QPY, whose circuits Qiskit writes as OpenQASM in the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.commands.circuits.run_request import STDIN, name_of, read_body, text_of
from tui.commands.shared.output import UsageFault
from tui.compiler.client import Compiler
from tui.openqasm.files import is_qpy

Source = str | bytes
"""What is in a file: the text of a program, or QPY."""


@dataclass(frozen=True, slots=True)
class Program:
    """A circuit of a file.

    Attributes:
        label: names it in messages.
        name: of its run.
        text: OpenQASM.
        from_qpy: it was QPY: lines and columns of the text say nothing to the user.
    """

    label: str
    name: str
    text: str
    from_qpy: bool = False


def read_source(file: str) -> Source:
    """Read a file with circuits, or stdin for `-`.

    Returns:
        The text, never blank; the bytes of QPY.

    Raises:
        UsageFault: it cannot be read, is blank, or is neither.
    """
    body = read_body(file)
    return body if is_qpy(body) else text_of(file, body)


async def programs_of(compiler: Compiler, file: str, source: Source) -> list[Program]:
    """Return the circuits of a file, in order.

    Raises:
        QdeckError: `CIRCUIT`: the QPY is of a version that is not read, broken, or OpenQASM cannot say it;
            `UNAVAILABLE` where there is no Qiskit.
    """
    name = "stdin" if file == STDIN else Path(file).stem
    if isinstance(source, str):
        return [Program(name_of(file), name, source)]
    texts = await compiler.read_qpy(source)
    if len(texts) == 1:
        return [Program(name_of(file), name, texts[0], from_qpy=True)]
    return [
        Program(f"{name_of(file)}, circuit {number}", f"{name} {number}", text, from_qpy=True)
        for number, text in enumerate(texts, 1)
    ]


async def one_program(compiler: Compiler, file: str, source: Source) -> Program:
    """Return the circuit of a file that may hold one alone.

    Raises:
        UsageFault: there are several.
        QdeckError: as of `programs_of`.
    """
    programs = await programs_of(compiler, file, source)
    if len(programs) > 1:
        raise UsageFault(f"{name_of(file)} holds {len(programs)} circuits, and this takes one at a time.")
    return programs[0]


async def all_programs(compiler: Compiler, files: Sequence[str], sources: Sequence[Source]) -> list[Program]:
    """Return the circuits of all files, in order.

    Raises:
        QdeckError: as of `programs_of`.
    """
    return [
        one
        for file, source in zip(files, sources, strict=True)
        for one in await programs_of(compiler, file, source)
    ]
