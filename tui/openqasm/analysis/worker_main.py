"""The worker process of the fast analysis."""

from __future__ import annotations

import msgspec

from tui.common.worker_process import Handler, serve
from tui.openqasm.analysis.client import AnalysisRequest, FormatRequest, NamesRequest
from tui.openqasm.analysis.fast import analyse
from tui.openqasm.analysis.qdk_analysis import analysis_by_qdk
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

    def answer(body: bytes) -> tuple[bytes]:
        request = decoder.decode(body)
        if isinstance(request, NamesRequest):
            table = SymbolTable.of(request.qasm)
            return (msgspec.json.encode((table.symbols, table.scopes)),)
        if isinstance(request, FormatRequest):
            return (msgspec.json.encode(format_with_places(request.qasm, request.places)),)
        return (msgspec.json.encode(analyse(request.qasm, request.device, qdk)),)

    return answer
