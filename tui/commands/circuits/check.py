"""`qdeck check`: what Qiskit says of files with circuits, as a compiler prints it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass

from tui.commands.circuits.programs import Program, Source, programs_of, read_source
from tui.commands.circuits.run_request import name_of
from tui.commands.shared.output import Exit, UsageFault, emit_json, emit_lines, say
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.compiler.client import Compiler
from tui.config.settings import folders, load_settings
from tui.domain.circuits import CheckReport, version_of


def check(files: Sequence[str], environ: Mapping[str, str], *, as_json: bool) -> Awaitable[Exit]:
    """Read the files, now; check the circuits of each and print their errors when awaited.

    Args:
        files: paths of OpenQASM or QPY files, `-` for stdin.
        as_json: print one JSON object instead of a line an error.

    Returns:
        The exit status, to be awaited: 0 where Qiskit takes all of them, 1 where it does not, 2 where a file
        cannot be read; the others are checked nevertheless.
    """
    read: dict[str, Source | UsageFault] = {}
    for file in files:
        try:
            read[file] = read_source(file)
        except UsageFault as fault:
            read[file] = fault
    return _check(read, environ, as_json=as_json)


async def _check(
    read: Mapping[str, Source | UsageFault], environ: Mapping[str, str], *, as_json: bool
) -> Exit:
    settings = load_settings(folders(environ).settings_file)
    compiler = Compiler(transpile_seconds=settings.transpile_seconds)
    checked: list[_Checked] = []
    try:
        for file, source in read.items():
            checked += await _checked(compiler, file, source)
    finally:
        await compiler.aclose()
    if as_json:
        emit_json({"files": [_facts(one) for one in checked]})
    else:
        emit_lines(line for one in checked for line in _lines(one))
        for one in checked:
            if one.why:
                say(one.why if isinstance(read.get(one.file), UsageFault) else f"{one.label}: {one.why}")
    if any(isinstance(source, UsageFault) for source in read.values()):
        return Exit.USAGE
    return Exit.DONE if all(one.report is not None and one.report.ok for one in checked) else Exit.FAILED


@dataclass(frozen=True, slots=True)
class _Checked:
    """A circuit, or a file of which there is none.

    Attributes:
        file: as it was given.
        label: names it in messages.
        report: `None`: it could not be checked, and `why`.
        program: the circuit.
    """

    file: str
    label: str
    report: CheckReport | None = None
    why: str = ""
    program: Program | None = None


async def _checked(compiler: Compiler, file: str, source: Source | UsageFault) -> list[_Checked]:
    if isinstance(source, UsageFault):
        return [_Checked(file, name_of(file), why=f"qdeck: {source}")]
    try:
        programs = await programs_of(compiler, file, source)
    except QdeckError as error:
        if error.kind is ErrorKind.UNAVAILABLE:
            raise
        return [_Checked(file, name_of(file), why=str(error))]
    checked: list[_Checked] = []
    for program in programs:
        try:
            report = await compiler.check(program.text)
        except QdeckError as error:
            if error.kind is ErrorKind.UNAVAILABLE:
                raise
            checked.append(_Checked(file, program.label, why=str(error)))
        else:
            checked.append(_Checked(file, program.label, report, program=program))
    return checked


def _lines(checked: _Checked) -> list[str]:
    name = plain(checked.label)
    if checked.report is None or checked.program is None:
        return []
    if checked.program.from_qpy:
        return [f"{name}: error: {plain(found.message)}" for found in checked.report.diagnostics]
    return [
        f"{name}:{max(1, found.line)}:{max(1, found.column)}: error: {plain(found.message)}"
        for found in checked.report.diagnostics
    ]


def _facts(checked: _Checked) -> dict[str, object]:
    """The JSON of one circuit: `errors` have a line and a column from 1, 0 where none is known."""
    report, program = checked.report, checked.program
    if report is None or program is None:
        error = {"line": 0, "column": 0, "message": checked.why.removeprefix("qdeck: ")}
        return {"file": checked.label, "ok": False, "errors": [error]}
    stats = report.stats
    return {
        "file": checked.label,
        "ok": report.ok,
        "version": "qpy" if program.from_qpy else version_of(program.text),
        "qubits": stats.qubits if stats else None,
        "bits": stats.clbits if stats else None,
        "depth": stats.depth if stats else None,
        "parameters": list(report.parameters),
        "measures": report.measures,
        "errors": [
            {"line": found.line, "column": found.column, "message": found.message}
            for found in report.diagnostics
        ],
    }
