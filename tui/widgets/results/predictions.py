"""Values and sweeps beside what was foretold of them: z-scores, distances place by place, how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len

from tui.common.safe_text import plain, shorten
from tui.domain.results import ExpectationValue, PubResult
from tui.domain.statistics.distances import Comparison
from tui.domain.statistics.errors import NOTABLE_Z
from tui.domain.statistics.predictions import (
    Foretold,
    ForetoldValues,
    ValueComparison,
    rms_difference,
    value_comparisons,
)
from tui.domain.statistics.trust import PastPrediction, trust_summary
from tui.widgets.results.bars import IDEAL, IDEAL_VALUE, NOISY
from tui.widgets.results.result_tables import value_label, value_spans
from tui.widgets.results.sweep_plots import place_label
from tui.widgets.text.format import NOTHING, format_datetime, percent
from tui.widgets.text.styled_text import BLANK, Span, StyledLine, TextStyle, fit, line, wrapped

_NAME: Final = 10
"""Cells of the name of a prediction."""
_VALUE, _NUMBER, _Z = 17, 9, 7
_ROOMY: Final = 100
_TOLD: Final = 76
"""Cells from which on there is room for what z means."""


def foretold_value_lines(
    values: Sequence[ExpectationValue],
    near: Sequence[ValueComparison],
    foretold: Foretold,
    width: int,
    labels: Sequence[str] | None,
) -> list[StyledLine]:
    """Return a table of values beside their predictions.

    Args:
        values: those that get a row.
        near: predictions of all values of the PUB.
        foretold: the predictions; why there is none of a kind.
        width: cells of a line.
        labels: of each value; `None`: observable and index.

    Returns:
        The lines; nothing where nothing was asked for.
    """
    notes = _notes(IDEAL_VALUE, foretold, width)
    if not near and not notes:
        return []
    told = "  z: standard errors that what was measured is from it" if near and width >= _TOLD else ""
    lines = [BLANK, line(("predicted against got", TextStyle.STRONG), (told, TextStyle.MUTED)), *notes]
    if not near:
        return lines
    named = labels or [value_label(value, place) for place, value in enumerate(values)]
    most = max(5, width - _VALUE - 2 * (_NUMBER + _Z) - 3)
    label_width = min(max(map(cell_len, named), default=0), most)
    heads = f" {'':<{label_width}}  {'GOT':<{_VALUE}}{IDEAL_VALUE + ' IDEAL':>{_NUMBER}}{'z':>{_Z}}"
    lines.append(line((f"{heads}{NOISY + ' NOISY':>{_NUMBER}}{'z':>{_Z}}", TextStyle.HEAD)))
    for label, value, of in zip(named, values, near, strict=False):
        got = value_spans(value)
        used = sum(cell_len(span.text) for span in got)
        lines.append(
            line(
                f" {fit(label, label_width)}  ",
                *got,
                " " * max(0, _VALUE - used),
                *_near(of.ideal, of.ideal_z),
                *_near(of.noisy, of.noisy_z),
            )
        )
    for name, numbers, zs in (
        (f"{IDEAL_VALUE} ideal", [of.ideal for of in near], [of.ideal_z for of in near]),
        (f"{NOISY} noisy", [of.noisy for of in near], [of.noisy_z for of in near]),
    ):
        lines += _summary(name, values, numbers, zs, width)
    return [*lines, *_how(foretold, values, width)]


def single_foretold_lines(
    pubs: Sequence[PubResult], foretold: Mapping[int, Foretold], width: int, labels: Sequence[str]
) -> list[StyledLine]:
    """Return the values of PUBs of one value each beside their predictions, as far as there are any.

    Args:
        pubs: each with exactly one value.
        foretold: by PUB.
        width: cells of a line.
        labels: of each PUB.
    """
    places = [place for place in range(len(pubs)) if place in foretold]
    if not places:
        return []
    near = [value_comparisons(pubs[place], foretold[place]) for place in places]
    known = [of[0] if of else ValueComparison(None, None, None, None) for of in near]
    values = [pubs[place].values[0] for place in places]
    of_first = foretold[places[0]]
    named = [labels[place] for place in places]
    return foretold_value_lines(values, known if any(near) else [], of_first, width, named)


def _near(number: float | None, z: float | None) -> tuple[Span, Span]:
    notable = z is not None and abs(z) >= NOTABLE_Z
    text = NOTHING if number is None else f"{round(number, 4) + 0.0:+.4f}"
    return Span(f"{text:>{_NUMBER}}"), Span(
        f"{_z(z):>{_Z}}", TextStyle.WARNING if notable else TextStyle.MUTED
    )


def _z(z: float | None) -> str:
    if z is None:
        return ""
    return f"{z:+.1f}" if abs(z) < 1e4 else ("+∞" if z > 0 else "-∞")


def _summary(
    name: str,
    values: Sequence[ExpectationValue],
    numbers: Sequence[float | None],
    zs: Sequence[float | None],
    width: int,
) -> list[StyledLine]:
    """Of several values in one line how far they are from the predictions."""
    scored = [z for z in zs[: len(values)] if z is not None]
    rms = rms_difference(values, numbers[: len(values)])
    if len(values) < 2 or rms is None:
        return []
    beyond = sum(abs(z) >= NOTABLE_Z for z in scored)
    far = f", {beyond:,} of {len(scored):,} by {NOTABLE_Z:g} standard errors or more" if scored else ""
    style = TextStyle.WARNING if beyond else TextStyle.MUTED
    return _named(name, wrapped(f"off by {rms:.4f} (rms){far}", width - _NAME, style))


def _how(foretold: Foretold, values: Sequence[ExpectationValue], width: int) -> list[StyledLine]:
    """How each prediction was made."""
    lines: list[StyledLine] = []
    ideal, noisy = foretold.ideal_values, foretold.noisy_values
    if ideal is not None:
        text = f"exact, by {_method(ideal)}"
        lines += _named(f"{IDEAL_VALUE} ideal", wrapped(text, width - _NAME, TextStyle.MUTED))
    if noisy is not None:
        errors = f", ± {max(noisy.errors):.4f} at most" if noisy.errors else ""
        waiting = ", waiting counted" if noisy.waiting else ""
        extrapolated = any("ZNE" in value.method or "PE" in value.method for value in values)
        raw = all(value.method.startswith("no mitigation") for value in values)
        readout = "readout errors in it" if raw else "readout errors divided out"
        before = ", before any extrapolation" if extrapolated else ""
        text = f"{_method(noisy)}{errors}, noise by the calibration at its start{waiting}, {readout}{before}"
        lines += _named(f"{NOISY} noisy", wrapped(text, width - _NAME, TextStyle.MUTED))
    return lines


def _method(of: ForetoldValues) -> str:
    noun = "qubit" if of.qubits == 1 else "qubits"
    return f"{plain(of.method, limit=60)} of {of.qubits} {noun}"


def place_lines(pub: PubResult, foretold: Foretold, width: int, most: int | None) -> list[StyledLine]:
    """Return how far the counts of a sweep are from what was foretold, place by place.

    Args:
        pub: the result.
        foretold: with the distances.
        width: cells of a line.
        most: places that get a row.

    Returns:
        The lines; nothing where nothing was asked for.
    """
    notes = _notes(IDEAL, foretold, width)
    sides = [
        (name, places)
        for name, places in (
            (f"{IDEAL} ideal", foretold.ideal_places),
            (f"{NOISY} noisy", foretold.noisy_places),
        )
        if places
    ]
    if not sides and not notes:
        return []
    lines = [BLANK, line(("predicted against got", TextStyle.STRONG)), *notes]
    if not sides:
        return lines
    registers = {counts.register for counts in pub.counts}
    labels = [
        " ".join(
            filter(
                None,
                (
                    plain(counts.register, limit=20) if len(registers) > 1 else "",
                    place_label(pub, counts.index) or "".join(f"[{at}]" for at in counts.index),
                ),
            )
        )
        for counts in pub.counts[:most]
    ]
    wide = width >= _ROOMY
    cell = 42 if wide else 23
    label_width = min(max(map(cell_len, labels)), max(8, width - 2 - cell * len(sides)))
    heads = "".join(f"{name + ': fidelity':<{cell}}" for name, _ in sides)
    if wide:
        heads = "".join(f"{name + ': fidelity':<21}{'total variation':<{cell - 21}}" for name, _ in sides)
    lines.append(line((f" {'':<{label_width}}  {heads}".rstrip(), TextStyle.HEAD)))
    for at, label in enumerate(labels):
        spans: list[Span] = []
        for _, places in sides:
            spans += _distance(places[at], cell, wide=wide)
        lines.append(line(f" {fit(shorten(label, label_width), label_width)}  ", *spans))
    for name, places in sides:
        known = [one for one in places if one is not None]
        apart = sum(one.differs for one in known)
        text = f"{apart:,} of {len(known):,} differ by more than shot noise"
        lines.append(line(f" {name:<{_NAME - 1}}", (text, TextStyle.WARNING if apart else TextStyle.GOOD)))
    told = "(...): shot noise alone is beyond it in 1 of 100 runs, ≠ what is"
    told += f"; {NOISY} by the calibration at its start" if foretold.noisy_places else ""
    return [*lines, *_named("", wrapped(told, width - _NAME, TextStyle.MUTED))]


def _distance(found: Comparison | None, cell: int, *, wide: bool) -> list[Span]:
    if found is None:
        return [Span(f"{NOTHING:<{cell}}", TextStyle.MUTED)]
    style = TextStyle.WARNING if found.differs else TextStyle.GOOD
    parts = [f"{found.fidelity:.4f}", f" ({found.fidelity_bound:.4f})"]
    spans = [Span(parts[0], style), Span(parts[1], TextStyle.MUTED)]
    if wide:
        parts += [f"    {found.total_variation:.4f}", f" ({found.total_variation_bound:.4f})"]
        spans += [Span(parts[2], style), Span(parts[3], TextStyle.MUTED)]
    spans.append(Span(f" {'≠' if found.differs else '='} ", style))
    return [*spans, Span(" " * max(0, cell - sum(map(len, parts)) - 3))]


def _notes(mark: str, foretold: Foretold, width: int) -> list[StyledLine]:
    lines: list[StyledLine] = []
    if foretold.ideal_note and foretold.ideal_note == foretold.noisy_note:
        return _named(
            f"{mark} {NOISY}", wrapped(plain(foretold.ideal_note, limit=300), width - _NAME, TextStyle.MUTED)
        )
    for name, note in ((f"{mark} ideal", foretold.ideal_note), (f"{NOISY} noisy", foretold.noisy_note)):
        if note:
            lines += _named(name, wrapped(plain(note, limit=300), width - _NAME, TextStyle.MUTED))
    return lines


def _named(name: str, lines: Sequence[StyledLine]) -> list[StyledLine]:
    return [(Span(f" {'' if place else name:<{_NAME - 1}}"), *pieces) for place, pieces in enumerate(lines)]


def trust_lines(past: Sequence[PastPrediction], width: int) -> list[StyledLine]:
    """Return in a line or two how far predictions of past jobs came true; nothing where there are none.

    Args:
        past: the jobs, of one backend.
        width: cells of a line.
    """
    if not past:
        return []
    found = trust_summary(past)
    parts: list[str] = []
    if found.success is not None and found.got_of_success is not None:
        parts.append(f"ESP {percent(found.success)} got {percent(found.got_of_success)}")
    if found.foretold is not None and found.got_of_foretold is not None:
        parts.append(f"{NOISY} noisy {percent(found.foretold)} got {percent(found.got_of_foretold)}")
    if found.jobs > 1 and found.off is not None and found.most_off is not None:
        parts.append(f"{NOISY} off by {100 * found.off:.1f}, at most {100 * found.most_off:.1f} points")
    jobs = "last job" if found.jobs == 1 else f"last {found.jobs} jobs (medians)"
    return (
        _named("here", wrapped(f"{jobs}: {'; '.join(parts)}", width - _NAME, TextStyle.MUTED))
        if parts
        else []
    )


def past_lines(backend: str, past: Sequence[PastPrediction], width: int) -> list[StyledLine]:
    """Return a table of past jobs, what was predicted of each and what came; nothing where there are none.

    Args:
        backend: on which they ran.
        past: the jobs, newest first.
        width: cells of a line.
    """
    if not past:
        return []
    room = max(8, min(40, width - 52))
    head = f"   {'JOB':<{room}} {'CREATED':<17}{'ESP':>8}{NOISY + ' NOISY':>10}{'GOT':>9}"
    told = f"  on {plain(backend, limit=20)}: fidelity with the ideal"
    lines = [
        BLANK,
        line((" predictions of past jobs", TextStyle.STRONG), (told, TextStyle.MUTED)),
        line((head, TextStyle.HEAD)),
    ]
    for one in past:
        near = one.measured.foretold
        lines.append(
            line(
                f"   {fit(plain(one.name or one.job_id, limit=60), room)} ",
                (f"{format_datetime(one.created)[:16]:<17}", TextStyle.MUTED),
                f"{NOTHING if one.success is None else percent(one.success):>8}",
                f"{NOTHING if near is None else percent(near):>10}",
                (f"{percent(one.measured.fidelity):>9}", TextStyle.STRONG),
            )
        )
    return lines
