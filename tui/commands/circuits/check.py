"""`qdeck check`: what the fast analysis and Qiskit say of files with circuits, as a compiler prints it."""

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
from tui.domain.circuits import Analysis, CheckReport, Diagnostic
from tui.domain.openqasm import version_of
from tui.openqasm.analysis.client import Analyzer, combined


def check(files: Sequence[str], environ: Mapping[str, str], *, as_json: bool) -> Awaitable[Exit]:
    """Read the files, now; check the circuits of each and print their errors when awaited.

    Args:
        files: paths of OpenQASM or QPY files, `-` for stdin.
        as_json: print one JSON object instead of a line an error.

    Returns:
        The exit status, to be awaited: 0 where Qiskit takes all of them, 1 where it does not, 2 where a file
        cannot be read; the others are checked nevertheless. Where Qiskit is not installed the fast analysis
        decides, and says so.
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
    checks = _Checks(compiler, Analyzer())
    checked: list[_Checked] = []
    try:
        for file, source in read.items():
            checked += await checks.of_file(file, source)
    finally:
        await checks.aclose()
    if as_json:
        emit_json({"files": [_facts(one) for one in checked]})
    else:
        emit_lines(line for one in checked for line in _lines(one))
        for one in checked:
            if one.why:
                say(one.why if isinstance(read.get(one.file), UsageFault) else f"{one.label}: {one.why}")
        if checks.without_qiskit is not None:
            say(f"{checks.without_qiskit} The fast analysis alone has looked.")
    if any(isinstance(source, UsageFault) for source in read.values()):
        return Exit.USAGE
    return Exit.DONE if all(one.ok for one in checked) else Exit.FAILED


@dataclass(frozen=True, slots=True)
class _Checked:
    """A circuit, or a file of which there is none.

    Attributes:
        file: as it was given.
        label: names it in messages.
        report: Qiskit's word; `None`: there is none.
        analysis: by the fast analysis; `None`: there is none.
        why: it could not be checked.
        program: the circuit.
    """

    file: str
    label: str
    report: CheckReport | None = None
    analysis: Analysis | None = None
    why: str = ""
    program: Program | None = None

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Errors, then warnings, of all that looked."""
        return combined(self.analysis, self.report)

    @property
    def ok(self) -> bool:
        """True when it was looked at, and is right."""
        return not self.why and all(one.warning for one in self.diagnostics)

    @property
    def by(self) -> list[str]:
        """Names of those who spoke."""
        names = self.analysis.by.split(" and ") if self.analysis is not None else []
        return sorted([*names, *(["qiskit"] if self.report is not None else [])])


class _Checks:
    """Has circuits looked at by both, as long as both are there.

    Attributes:
        without_qiskit: why Qiskit has not looked.
    """

    def __init__(self, compiler: Compiler, analyzer: Analyzer) -> None:
        self._compiler, self._analyzer = compiler, analyzer
        self.without_qiskit: QdeckError | None = None

    async def aclose(self) -> None:
        """End the workers."""
        await self._compiler.aclose()
        await self._analyzer.aclose()

    async def of_file(self, file: str, source: Source | UsageFault) -> list[_Checked]:
        """Look at the circuits of a file."""
        if isinstance(source, UsageFault):
            return [_Checked(file, name_of(file), why=f"qdeck: {source}")]
        try:
            programs = await programs_of(self._compiler, file, source)
        except QdeckError as error:
            if error.kind is ErrorKind.UNAVAILABLE:
                raise
            return [_Checked(file, name_of(file), why=str(error))]
        return [await self._of_program(file, program) for program in programs]

    async def _of_program(self, file: str, program: Program) -> _Checked:
        analysis = None if program.from_qpy else await self._analyzer.analyse(program.text)
        report, why = None, ""
        if self.without_qiskit is None:
            try:
                report = await self._compiler.check(program.text)
            except QdeckError as error:
                if error.kind is not ErrorKind.UNAVAILABLE:
                    why = str(error)
                elif analysis is None:
                    raise
                else:
                    self.without_qiskit = error
        return _Checked(file, program.label, report, analysis, why, program)


def _lines(checked: _Checked) -> list[str]:
    name = plain(checked.label)
    if checked.why or checked.program is None:
        return []
    if checked.program.from_qpy:
        return [f"{name}: error: {plain(found.message)}" for found in checked.diagnostics]
    return [
        f"{name}:{max(1, found.line)}:{max(1, found.column)}: {_severity(found)}: {plain(found.message)}"
        for found in checked.diagnostics
    ]


def _severity(diagnostic: Diagnostic) -> str:
    return "warning" if diagnostic.warning else "error"


def _facts(checked: _Checked) -> dict[str, object]:
    """The JSON of one circuit: `errors` have a line and a column from 1, 0 where none is known."""
    report, program = checked.report, checked.program
    if checked.why or program is None:
        error = {"line": 0, "column": 0, "message": checked.why.removeprefix("qdeck: ")}
        return {"file": checked.label, "ok": False, "errors": [error]}
    stats = report.stats if report is not None else None
    return {
        "file": checked.label,
        "ok": checked.ok,
        "analysis": checked.by,
        "version": "qpy" if program.from_qpy else version_of(program.text),
        "qubits": stats.qubits if stats else None,
        "bits": stats.clbits if stats else None,
        "depth": stats.depth if stats else None,
        "parameters": list(report.parameters) if report is not None else [],
        "measures": report.measures if report is not None else None,
        "errors": [_error(found) for found in checked.diagnostics if not found.warning],
    }


def _error(found: Diagnostic) -> dict[str, object]:
    error: dict[str, object] = {"line": found.line, "column": found.column, "message": found.message}
    if found.suggestion:
        error |= {"length": found.length, "suggestion": found.suggestion}
    return error
