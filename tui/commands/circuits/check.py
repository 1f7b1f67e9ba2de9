"""`qdeck check`: what Qiskit says of OpenQASM files, as a compiler prints it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence

from tui.commands.circuits.run_request import name_of, read_circuit
from tui.commands.shared.output import Exit, UsageFault, emit_json, emit_lines, say
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.compiler.client import Compiler
from tui.config.settings import folders, load_settings
from tui.domain.circuits import CheckReport, version_of


def check(files: Sequence[str], environ: Mapping[str, str], *, as_json: bool) -> Awaitable[Exit]:
    """Read the files, now; check each and print its errors when awaited.

    Args:
        files: paths of OpenQASM files, `-` for stdin.
        as_json: print one JSON object instead of a line an error.

    Returns:
        The exit status, to be awaited: 0 where Qiskit takes all of them, 1 where it does not, 2 where a file
        cannot be read; the others are checked nevertheless.
    """
    texts: dict[str, str] = {}
    unread: dict[str, str] = {}
    for file in files:
        try:
            texts[file] = read_circuit(file)
        except UsageFault as fault:
            unread[file] = str(fault)
    return _check(files, texts, unread, environ, as_json=as_json)


async def _check(
    files: Sequence[str],
    texts: Mapping[str, str],
    unread: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    as_json: bool,
) -> Exit:
    reports: dict[str, CheckReport] = {}
    failed: dict[str, QdeckError] = {}
    settings = load_settings(folders(environ).settings_file)
    compiler = Compiler(transpile_seconds=settings.transpile_seconds)
    try:
        for file, text in texts.items():
            try:
                reports[file] = await compiler.check(text)
            except QdeckError as error:
                if error.kind is ErrorKind.UNAVAILABLE:
                    raise
                failed[file] = error
    finally:
        await compiler.aclose()
    if as_json:
        emit_json({"files": [_facts(file, texts, unread, reports, failed) for file in dict.fromkeys(files)]})
    else:
        emit_lines(one for file, report in reports.items() for one in _lines(file, report))
        for file, why in failed.items():
            say(f"{name_of(file)}: {why}")
        for fault in unread.values():
            say(f"qdeck: {fault}")
    if unread:
        return Exit.USAGE
    return Exit.DONE if not failed and all(report.ok for report in reports.values()) else Exit.FAILED


def _lines(file: str, report: CheckReport) -> list[str]:
    return [
        f"{plain(name_of(file))}:{max(1, found.line)}:{max(1, found.column)}: error: {plain(found.message)}"
        for found in report.diagnostics
    ]


def _facts(
    file: str,
    texts: Mapping[str, str],
    unread: Mapping[str, str],
    reports: Mapping[str, CheckReport],
    failed: Mapping[str, QdeckError],
) -> dict[str, object]:
    """The JSON of one file: `errors` have a line and a column from 1, 0 where none is known."""
    report = reports.get(file)
    if report is None:
        message = unread.get(file) or str(failed[file])
        return {"file": name_of(file), "ok": False, "errors": [{"line": 0, "column": 0, "message": message}]}
    stats = report.stats
    return {
        "file": name_of(file),
        "ok": report.ok,
        "version": version_of(texts[file]),
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
