"""The worker process of the fast analysis."""

from __future__ import annotations

import msgspec

from tui.common.worker_process import Handler, serve
from tui.openqasm.analysis.client import AnalysisRequest, FormatRequest, NamesRequest, TextEdit
from tui.openqasm.analysis.fast import analyse, analyse_program
from tui.openqasm.analysis.qdk_analysis import analysis_by_qdk
from tui.openqasm.analysis.statements import Program
from tui.openqasm.analysis.symbols import SymbolTable
from tui.openqasm.formatter import format_with_places

_WARM_UP = 'OPENQASM 3.0; include "stdgates.inc"; qubit q; h q;'


def main() -> None:
    """Serve until standard input closes, with a quarter of the machine's memory at most."""
    serve(prepare, memory_share=0.25)


def prepare() -> Handler:
    """Import QDK where it is installed.

    Returns:
        The handler of the requests.
    """
    qdk = analysis_by_qdk()
    analyse(_WARM_UP, None, qdk)
    decoder = msgspec.json.Decoder(AnalysisRequest | NamesRequest | FormatRequest)
    edited = _Edited()

    def answer(body: bytes) -> tuple[bytes]:
        request = decoder.decode(body)
        if isinstance(request, FormatRequest):
            return (msgspec.json.encode(format_with_places(request.qasm, request.places)),)
        program = edited.take(request.edit)
        if program is None:
            return (msgspec.json.encode(None),)
        if isinstance(request, NamesRequest):
            table = SymbolTable.read(program)
            return (msgspec.json.encode((table.symbols, table.scopes)),)
        return (msgspec.json.encode(analyse_program(program, request.device, None if request.own else qdk)),)

    return answer


class _Edited:
    """The program that was sent last, with its number."""

    def __init__(self) -> None:
        self._number = 0
        self._program = Program("")

    def take(self, edit: TextEdit) -> Program | None:
        """Make a change; `None` when it is of another program than the one that is here."""
        if edit.base and edit.base != self._number:
            return None
        if not edit.base:
            self._program = Program(edit.text)
        elif edit.number != edit.base:
            first, last = edit.unchanged
            before = self._program.text
            text = f"{before[:first]}{edit.text}{before[len(before) - last :]}"
            self._program.edited(text, edit.unchanged)
        self._number = edit.number
        return self._program
