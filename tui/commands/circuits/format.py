"""`qdeck format` and `qdeck convert`: programs written anew, as they should look or in the other version."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff

from tui.commands.circuits.run_request import STDIN, name_of, read_circuit
from tui.commands.shared.listing import write_file
from tui.commands.shared.output import Exit, UsageFault, emit_text, say
from tui.common.safe_text import plain
from tui.compiler.client import Compiler
from tui.config.settings import folders, load_settings
from tui.openqasm.formatter import as_converted, format_program


@dataclass(frozen=True, slots=True)
class FormatRequest:
    """What `qdeck format` is asked.

    Attributes:
        files: paths of OpenQASM files, `-` for stdin, which goes to stdout.
        check: write nothing, and fail where something would be written.
        diff: print what would change instead of writing it.
        output: write there instead, `-` for stdout; empty: where it came from.
    """

    files: tuple[str, ...]
    check: bool = False
    diff: bool = False
    output: str = ""


def format_files(request: FormatRequest) -> Exit:
    """Format the files.

    Returns:
        The exit status: 0; 1 where `check` finds what is not formatted; 2 where a file cannot be read, the
        others being formatted nevertheless.

    Raises:
        UsageFault: the options do not go together.
        QdeckError: `STORAGE`: a file cannot be written.
    """
    if request.output and (len(request.files) > 1 or request.check or request.diff):
        raise UsageFault("-o is for one file, and without --check and --diff.")
    changed = unread = 0
    for file in dict.fromkeys(request.files):
        try:
            text = read_circuit(file)
        except UsageFault as fault:
            say(f"qdeck: {fault}")
            unread += 1
            continue
        formatted = format_program(text)
        changed += formatted != text
        if request.diff:
            emit_text("".join(_difference(name_of(file), text, formatted)))
        if request.check and formatted != text:
            say(f"{name_of(file)} would be formatted.")
        if not request.check and not request.diff:
            _write(request.output or file, formatted, changed=formatted != text or bool(request.output))
    if unread:
        return Exit.USAGE
    return Exit.FAILED if request.check and changed else Exit.DONE


def _write(file: str, formatted: str, *, changed: bool) -> None:
    if file == STDIN:
        emit_text(formatted)
    elif changed:
        write_file(file, formatted)


def _difference(name: str, before: str, after: str) -> Iterator[str]:
    """Yield the lines of a unified diff; control characters of the text are made visible."""
    for one in unified_diff(_split(before), _split(after), name, name, n=3):
        yield f"{plain(one.rstrip(), limit=len(one) + 1)}\n"


def _split(text: str) -> list[str]:
    """Lines as files have them: other characters end none."""
    return [f"{one}\n" for one in text.split("\n")][: -1 if text.endswith("\n") else None]


def convert(file: str, version: int, output: str, environ: Mapping[str, str]) -> Awaitable[Exit]:
    """Read a program, now; write it in another version of OpenQASM when awaited.

    Args:
        file: path of an OpenQASM file, `-` for stdin.
        version: 2 or 3.
        output: where it is written; empty and `-`: stdout.
        environ: the environment.

    Raises:
        UsageFault: the file cannot be read.
    """
    return _convert(read_circuit(file), version, output, environ)


async def _convert(text: str, version: int, output: str, environ: Mapping[str, str]) -> Exit:
    settings = load_settings(folders(environ).settings_file)
    compiler = Compiler(transpile_seconds=settings.transpile_seconds)
    try:
        converted = as_converted(text, await compiler.convert(text, version))
    finally:
        await compiler.aclose()
    _write(output or STDIN, converted, changed=True)
    return Exit.DONE
