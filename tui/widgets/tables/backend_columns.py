"""What a backend looks like as a row, and in the lines below the table."""

from __future__ import annotations

from datetime import datetime

from tui.common.safe_text import shorten
from tui.domain.devices.backends import Backend
from tui.widgets.tables.row_table import Cells, Column
from tui.widgets.text.format import NOTHING, age, number, percent_error
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line

BACKEND_COLUMNS: tuple[Column, ...] = (
    Column("STATUS", 14, grow=1),
    Column("NAME", 15, grow=2),
    Column("QUEUE", 5, right=True),
    Column("QUBITS", 6, right=True),
    Column("PROCESSOR", 12, grow=1),
    Column("2Q ERR %", 8, right=True),
    Column("READ ERR %", 10, right=True),
    Column("1Q ERR %", 8, right=True, need=100),
    Column("T1 µs", 6, right=True, need=110),
    Column("T2 µs", 6, right=True, need=110),
    Column("CLOPS", 7, right=True, need=118),
)
"""Fits 80 cells; wider screens show coherence times and speed too."""


def status_of(backend: Backend) -> Span:
    """Return symbol and word of a backend's status, by whether it takes and runs jobs."""
    word = shorten(backend.status or "unknown", 20)
    if backend.operational:
        return Span(f"✔ {word}", TextStyle.GOOD)
    style = TextStyle.WARNING if "pause" in word.lower() or "mainten" in word.lower() else TextStyle.BAD
    return Span(f"{'◔' if style is TextStyle.WARNING else '✘'} {word}", style)


def backend_cells(backend: Backend, *, chosen: bool) -> Cells:
    """Return one span for each of `BACKEND_COLUMNS`.

    Args:
        backend: the row.
        chosen: mark it as the one circuits are transpiled for.
    """
    name = shorten(backend.name, 40)
    return (
        status_of(backend),
        Span(f"{name} ◂" if chosen else name, TextStyle.ACCENT if chosen else TextStyle.PLAIN),
        Span(_whole(backend.queue_length)),
        Span(_whole(backend.qubits)),
        Span(shorten(backend.processor, 30) or NOTHING),
        Span(percent_error(backend.median_2q_error)),
        Span(percent_error(backend.median_readout_error)),
        Span(percent_error(backend.median_1q_error)),
        Span(number(backend.median_t1_us, 0)),
        Span(number(backend.median_t2_us, 0)),
        Span(_whole(backend.clops)),
    )


def backend_lines(backend: Backend, now: datetime) -> list[StyledLine]:
    """Return two lines about one backend.

    Args:
        backend: the backend under the cursor.
        now: the time, for the age of the calibration.

    Returns:
        Coherence, calibration and gates; then the service's message.
    """
    since = age(backend.calibrated, now)
    calibrated = (
        "" if backend.calibrated is None else f"calibrated {since} ago".replace("now ago", "just now")
    )
    gates = " ".join(shorten(gate, 20) for gate in backend.basis_gates[:12])
    facts = [
        f"T1 {number(backend.median_t1_us, 0)} µs" if backend.median_t1_us is not None else "",
        f"T2 {number(backend.median_t2_us, 0)} µs" if backend.median_t2_us is not None else "",
        calibrated,
        f"gates {gates}" if gates else "",
    ]
    kind = (" SIMULATED ", TextStyle.SANDBOX) if backend.simulated else ("", TextStyle.PLAIN)
    message = shorten(backend.message, 200)
    return [
        line(
            " ",
            (shorten(backend.name, 40), TextStyle.STRONG),
            "  ",
            kind,
            "  ",
            " · ".join(fact for fact in facts if fact),
        ),
        line(" ", message or ("enter transpiles for it", TextStyle.MUTED)),
    ]


def _whole(value: int | None) -> str:
    return NOTHING if value is None else str(value)
