"""A job's qubits as tables: each bit beside the qubit it was measured on, and the calibrations of a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tui.common.safe_text import plain
from tui.domain.devices.calibration_changes import NOTABLE, CalibrationMoment
from tui.domain.devices.calibrations import DeviceCalibration
from tui.domain.statistics.bits import BitFigures
from tui.widgets.results.bars import bar
from tui.widgets.text.format import NOTHING, format_datetime, percent, percent_error
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, fit, line, wrapped

_BAR = 10


def bit_lines(
    register: str, bits: Sequence[BitFigures], width: int, layout: Mapping[int, int]
) -> list[StyledLine]:
    """Return a register bit by bit.

    Args:
        register: its name.
        bits: bit 0 first.
        width: cells of a line.
        layout: virtual qubit by the physical one it is on at the end.

    Returns:
        A head, then a line a bit: P(1) with its standard error, what was ideal, its qubit with the figures of
        the calibration at the job's start; a bit that stands out is marked, with the cause beneath it.
    """
    ideal = any(bit.ideal is not None for bit in bits)
    name = plain(register, limit=40) or "result"
    stand_out = sum(bit.outlier for bit in bits)
    size = "1 bit" if len(bits) == 1 else f"{len(bits)} bits, bit 0 first"
    told = f"  {size}" + (f", {stand_out} stand out" if stand_out else "")
    heads = f"   {'BIT':>4}  {'P(1)':>7} {'±':<6}"
    heads += f"{'IDEAL':>8} {'DIFF':>7}" if ideal else ""
    heads += f"  {'QUBIT':<10}{'READOUT':>8} {'T1':>8}  "
    lines = [line((name, TextStyle.STRONG), (told, TextStyle.MUTED)), line((heads, TextStyle.HEAD))]
    for bit in bits:
        lines += _bit(bit, ideal=ideal, width=width, layout=layout)
    return lines


def _bit(bit: BitFigures, *, ideal: bool, width: int, layout: Mapping[int, int]) -> list[StyledLine]:
    style = TextStyle.WARNING if bit.outlier else TextStyle.PLAIN
    share = f"{bit.share * 100:.1f} %"
    pieces: list[str | tuple[str, TextStyle]] = [
        (" ! " if bit.outlier else "   ", TextStyle.WARNING),
        (f"{bit.bit:>4}", style),
        (f"  {share:>7} ", style),
        (f"± {bit.error * 100:<4.1f}", TextStyle.MUTED),
    ]
    if ideal:
        difference = bit.difference
        pieces.append(f"{NOTHING if bit.ideal is None else percent(bit.ideal):>8} ")
        pieces.append((f"{'' if difference is None else f'{difference * 100:+.1f}':>7}", style))
    virtual = layout.get(bit.qubit) if bit.qubit is not None else None
    where = NOTHING if bit.qubit is None else f"{'' if virtual is None else f'{virtual}→'}{bit.qubit}"
    t1 = NOTHING if bit.t1_us is None else f"{bit.t1_us:.0f} µs"
    pieces.append(f"  {where:<10}{percent_error(bit.readout_error):>8} {t1:>8}  ")
    drawn = bar(bit.share, _BAR)
    pieces += [(fit(drawn, _BAR), TextStyle.BAR)] if width >= 100 else []
    lines = [line(*pieces)]
    if bit.cause:
        lines += [
            (Span("        "), *row) for row in wrapped(f"cause: {bit.cause}", width - 8, TextStyle.WARNING)
        ]
    return lines


def calibration_lines(
    moments: Sequence[CalibrationMoment],
    qubits: Sequence[int],
    couplers: Sequence[tuple[int, int]],
    labels: Mapping[int, str],
    width: int,
) -> list[StyledLine]:
    """Return the figures of a job's qubits and couplers at its moments, what changed marked.

    Args:
        moments: in order of time; those with the same calibration share a column.
        qubits, couplers: in use.
        labels: what is measured on a qubit, by its number.
        width: cells of a line.
    """
    columns = _columns(moments)
    lines = [
        line((f" {moment.name}: {plain(moment.trouble, limit=160)}", TextStyle.WARNING))
        for moment in moments
        if moment.trouble
    ]
    if not columns:
        return lines or [line((" No calibration of this backend is known.", TextStyle.MUTED))]
    for names, device in columns:
        told = f"calibrated {format_datetime(device.calibrated)}"
        lines.append(line((f" {names:<20}", TextStyle.MUTED), told))
    if len(columns) == 1:
        lines.append(line((" The calibration did not change in between.", TextStyle.MUTED)))
    devices = [device for _, device in columns]
    changed = _Table(devices, [names for names, _ in columns])
    lines += [BLANK, *changed.qubits(qubits, labels), BLANK, *changed.couplers(couplers)]
    if changed.marks:
        legend = "▲ worse, ▽ better by half or more of what it was first; ✕ dead or reported faulty"
        lines += [BLANK, *((Span(" "), *row) for row in wrapped(legend, width - 2, TextStyle.MUTED))]
    return lines


def _columns(moments: Sequence[CalibrationMoment]) -> list[tuple[str, DeviceCalibration]]:
    """Calibrations in order, each once, with the moments it was in force at."""
    found: list[tuple[str, DeviceCalibration]] = []
    for moment in moments:
        if moment.device is None:
            continue
        if found and found[-1][1].calibrated == moment.device.calibrated:
            found[-1] = (f"{found[-1][0]}, {moment.name}", found[-1][1])
        else:
            found.append((moment.name, moment.device))
    return found


class _Table:
    """Figures at each calibration, the later ones marked against the first."""

    def __init__(self, devices: Sequence[DeviceCalibration], names: Sequence[str]) -> None:
        self._devices = devices
        self._names = [name.partition(",")[0] for name in names]
        self.marks = False

    def qubits(self, qubits: Sequence[int], labels: Mapping[int, str]) -> list[StyledLine]:
        several = len(self._devices) > 1
        figures = (("READOUT %", 5 if several else 9), ("T1 µs", 5), ("1Q %", 5))
        lines = self._head("QUBIT", figures)
        for number in qubits:
            states = [
                device.qubits[number] if number < len(device.qubits) else None for device in self._devices
            ]
            dead = [state is not None and state.dead for state in states]
            readout = [None if state is None else state.readout_error for state in states]
            decay = [None if state is None else state.t1_us for state in states]
            gates = [None if state is None else state.single_qubit_error for state in states]
            cells = [
                self._cells(readout, dead, percent_error, figures[0][1]),
                self._cells(decay, dead, _whole, 5, more=True),
                self._cells(gates, dead, percent_error, 5),
            ]
            lines.append(self._line(str(number), labels.get(number, ""), cells, dead))
        return lines

    def couplers(self, couplers: Sequence[tuple[int, int]]) -> list[StyledLine]:
        if not couplers:
            return [line((" No two-qubit gates.", TextStyle.MUTED))]
        lines = self._head("COUPLER", (("2Q %", 6), ("ns", 5)))
        for one, other in couplers:
            states = [device.coupler(one, other) for device in self._devices]
            dead = [state is not None and state.dead for state in states]
            errors = [None if state is None else state.error for state in states]
            lengths = [None if state is None else state.length_ns for state in states]
            cells = [
                self._cells(errors, dead, percent_error, 6),
                self._cells(lengths, dead, _whole, 5),
            ]
            lines.append(self._line(f"{one}-{other}", "", cells, dead))
        return lines

    def _head(self, thing: str, figures: Sequence[tuple[str, int]]) -> list[StyledLine]:
        """Names of the figures, and where there are several moments those of the moments below."""
        count = len(self._devices)
        titles = "".join(
            fit(f"{title:>{size + 1}}" if count == 1 else f" {title}", (size + 2) * count)
            for title, size in figures
        )
        lines = [line((f" {thing:<8}{'':<7}{titles}", TextStyle.HEAD))]
        if count > 1:
            names = "".join(f"{name[: size + 1]:>{size + 1}} " for _, size in figures for name in self._names)
            lines.append(line((f" {'':<15}{names}", TextStyle.MUTED)))
        return lines

    def _line(
        self, name: str, label: str, cells: Sequence[Sequence[Span]], dead: Sequence[bool]
    ) -> StyledLine:
        pieces: list[Span] = [Span(f" {name:<8}"), Span(fit(label, 7), TextStyle.MUTED)]
        for figure in cells:
            pieces += figure
        if any(dead):
            self.marks = True
            words = "✕ dead" if all(dead) else "✕ dead now" if dead[-1] else "✕ was dead"
            pieces.append(Span(f" {words}", TextStyle.BAD))
        return tuple(pieces)

    def _cells(
        self,
        values: Sequence[float | None],
        dead: Sequence[bool],
        written: Callable[[float | None], str],
        size: int,
        *,
        more: bool = False,
    ) -> list[Span]:
        first = values[0]
        spans: list[Span] = []
        for place, value in enumerate(values):
            mark, style = " ", TextStyle.BAD if dead[place] else TextStyle.PLAIN
            if place and first and value and max(first, value) >= NOTABLE * min(first, value):
                better = (value > first) is more
                mark, style = ("▽", TextStyle.GOOD) if better else ("▲", TextStyle.WARNING)
                self.marks = True
            spans.append(Span(f"{written(value):>{size + 1}}{mark}", style))
        return spans


def _whole(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0f}"
