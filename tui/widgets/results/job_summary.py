"""The facts of a job in lines: where it ran, its timeline, why it failed, what was measured."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from datetime import datetime

from tui.common.safe_text import plain, shorten
from tui.domain.circuits import Maker, Prediction, Transpilation
from tui.domain.error_codes import ERROR_CODES
from tui.domain.jobs import Job, JobMetrics, JobStatus, StatusStep
from tui.domain.results import JobResult
from tui.widgets.text.format import NOTHING, age, duration, format_datetime, percent, status_span, step_span
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import LIMIT, text_page

_LAYOUT_CELLS = 58
_PRETTY_LIMIT = 500_000
"""Bytes of a raw body that are laid out anew; a larger one is shown as it came."""


def facts(
    job: Job,
    now: datetime,
    width: int,
    *,
    metrics: JobMetrics | None = None,
    transpilation: Transpilation | None = None,
) -> list[StyledLine]:
    """Return the head of a job's page.

    Args:
        job: the job.
        now: the time, for ages.
        width: cells to wrap the reason to.
        metrics: has the place in the queue, where known.
        transpilation: how its circuit was transpiled here, where known.
    """
    simulated = job.service.startswith("sandbox")
    shots = f"  {job.shots} shots" if job.shots is not None else ""
    lines = [
        line(
            " ",
            (shorten(job.name or job.id, 40), TextStyle.STRONG),
            "  ",
            status_span(job),
            f"  {shorten(job.backend, 40)}  {shorten(job.primitive, 30)}{shots}  ",
            (" SANDBOX " if simulated else "", TextStyle.SANDBOX),
        ),
        line(
            (" id ", TextStyle.MUTED),
            shorten(job.id, 80),
            ("  session " if job.session_id else "", TextStyle.MUTED),
            shorten(job.session_id, 40),
        ),
        timeline(job, now),
        _costs(job),
    ]
    if job.status is JobStatus.QUEUED and metrics is not None:
        lines += _queue(metrics)
    if transpilation is not None:
        lines.append(transpilation_line(transpilation))
    if job.tags:
        lines.append(line((" tags ", TextStyle.MUTED), shorten("  ".join(job.tags), width)))
    if job.status in {JobStatus.FAILED, JobStatus.CANCELLED}:
        lines += _reason(job, width)
    return lines


def timeline(job: Job, now: datetime) -> StyledLine:
    """Return the states with the time spent in each: `◔ queued 12 s → ▶ running 2.1 s → ✔ done 5m ago`."""
    steps = steps_of(job)
    spans: list[Span] = [Span(" ")]
    for place, step in enumerate(steps):
        if place:
            spans.append(Span("  →  ", TextStyle.MUTED))
        spans.append(step_span(step.status))
        if place + 1 < len(steps):
            spans.append(Span(f" {duration((steps[place + 1].at - step.at).total_seconds())}"))
        elif step.status.final:
            ago = age(step.at, now)
            spans.append(Span(f" {ago if ago == 'now' else ago + ' ago'}", TextStyle.MUTED))
        else:
            spans.append(Span(f" for {age(step.at, now)}".replace("for now", "just now"), TextStyle.MUTED))
    return tuple(spans)


def steps_of(job: Job) -> list[StatusStep]:
    """Return the states of a job by time.

    Returns:
        The timeline as recorded, else one made from the times of the job.
    """
    if job.timeline:
        return sorted(job.timeline, key=lambda step: step.at)
    steps = [StatusStep(JobStatus.QUEUED, job.created)]
    if job.started is not None:
        steps.append(StatusStep(JobStatus.RUNNING, job.started))
    if job.finished is not None and job.status.final:
        steps.append(StatusStep(job.status, job.finished))
    return steps


def _costs(job: Job) -> StyledLine:
    estimated = (
        f"  (estimated {duration(job.estimated_seconds)})" if job.estimated_seconds is not None else ""
    )
    unknown = "not told" if job.status.final else "not settled yet"
    charged = duration(job.qpu_seconds) if job.qpu_seconds is not None else unknown
    return line(
        (" QPU ", TextStyle.MUTED),
        charged,
        (estimated, TextStyle.MUTED),
        ("  created ", TextStyle.MUTED),
        format_datetime(job.created),
    )


def _queue(metrics: JobMetrics) -> list[StyledLine]:
    """Where the job stands in the queue, as far as the service reports it."""
    known: list[tuple[str, str]] = []
    if metrics.queue_position is not None:
        mine = metrics.provider_position
        among = f" ({mine:,} in the provider)" if mine not in {None, metrics.queue_position} else ""
        known.append(("position", f"{metrics.queue_position:,}{among}"))
    if metrics.estimated_start is not None:
        known.append(("expected to start", format_datetime(metrics.estimated_start)))
    spans = [Span(" queue", TextStyle.MUTED)]
    for name, value in known:
        spans += [Span(f"  {name} ", TextStyle.MUTED), Span(value)]
    return [tuple(spans)] if known else []


def transpilation_line(transpilation: Transpilation) -> StyledLine:
    """Return one line on how the circuit was transpiled: level, place, seed, gates, depth, success."""
    before, after = transpilation.before, transpilation.after
    success = ""
    if transpilation.estimated_success is not None:
        success = f"  success {percent(transpilation.estimated_success)}"
    return line(
        (" transpiled ", TextStyle.MUTED),
        f"{_how(transpilation)}  2q {before.two_qubit_gates} → {after.two_qubit_gates}",
        f"  depth {before.depth} → {after.depth}{success}",
    )


def _how(transpilation: Transpilation) -> str:
    options = transpilation.options
    where = "here" if transpilation.where == "local" else shorten(transpilation.where, 20)
    # In the words of the review's table: the line has to fit into 80 cells.
    if options.maker in (Maker.FRACTIONAL, Maker.PYTKET):
        where = options.maker.word
    seed = f", seed {options.seed}" if options.seed is not None else ""
    ai = f", AI {options.asked.ai.word}" if options.cloud else ""
    return f"level {options.optimization_level}, {where}{seed}{ai}"


def transpilation_rows(transpilation: Transpilation) -> list[tuple[str, str]]:
    """Return how the circuit was transpiled, in full.

    Returns:
        Name and value of each row: before → after; qubit of the circuit → of the device.
    """
    before, after = transpilation.before, transpilation.after
    rows = [
        (
            "transpiled",
            f"{_how(transpilation)}, {transpilation.seconds:.2f} s, for {shorten(transpilation.backend, 40)}",
        ),
        ("", f"at {format_datetime(transpilation.at)}"),
        ("two-qubit gates", f"{before.two_qubit_gates} → {after.two_qubit_gates}"),
        ("two-qubit depth", f"{before.two_qubit_depth} → {after.two_qubit_depth}"),
        ("depth", f"{before.depth} → {after.depth}"),
        ("size", f"{before.size} → {after.size}"),
        *_layout("layout", transpilation.layout),
    ]
    if transpilation.final_layout != transpilation.layout:
        rows += _layout("at the end", transpilation.final_layout)
    return [*rows, *_prediction(transpilation.prediction)]


def _prediction(prediction: Prediction) -> list[tuple[str, str]]:
    if prediction.success is None:
        return [("success", NOTHING)]
    rows = [("success", f"{percent(prediction.success)} estimated")]
    if prediction.success_idle is not None:
        rows.append(("", f"{percent(prediction.success_idle)} with the decay of waiting qubits"))
    if prediction.calibrated is not None:
        rows.append(("", f"by the calibration of {format_datetime(prediction.calibrated)}"))
    return rows


def _layout(name: str, layout: tuple[int, ...]) -> list[tuple[str, str]]:
    """Physical qubit by virtual qubit, in as many rows as it takes."""
    pairs = "  ".join(f"{virtual}→{physical}" for virtual, physical in enumerate(layout))
    rows = textwrap.wrap(pairs, _LAYOUT_CELLS) or [NOTHING]
    return [(name if place == 0 else "", row) for place, row in enumerate(rows)]


def _reason(job: Job, width: int) -> list[StyledLine]:
    code = f" (code {shorten(job.reason_code, 20)})" if job.reason_code else ""
    what = plain(job.reason, limit=3000, lines=True).strip() or "The service gave no reason."
    style = TextStyle.BAD if job.status is JobStatus.FAILED else TextStyle.MUTED
    lines = [(Span(" "), *pieces) for pieces in wrapped(f"Why: {what}{code}", width, style)][:5]
    lines += [(Span(" "), *pieces) for pieces in wrapped(f"What to do: {_advice(job)}", width)][:3]
    return lines


def _advice(job: Job) -> str:
    if job.reason_solution:
        return plain(job.reason_solution, limit=1000, lines=True).strip()
    code = ERROR_CODES.get(job.reason_code)
    if code is not None and code.advice:
        return code.advice
    if job.status is JobStatus.CANCELLED:
        return "e opens the circuit in the editor, to run it again."
    return "the log (8) may say more; e opens the circuit in the editor."


def details_lines(
    job: Job,
    metrics: JobMetrics | None,
    transpilation: Transpilation | None = None,
    formula: float | None = None,
    hashes: Mapping[str, str] | None = None,
) -> list[StyledLine]:
    """Return where a job comes from and what the service measured.

    Args:
        job: the job.
        metrics: as the service measured; `None` before the job ends.
        transpilation: how its circuit was transpiled here, where known.
        formula: QPU seconds by IBM's formula when it was submitted, where known.
        hashes: SHA-256 of its texts, by name.
    """
    rows: list[tuple[str, str]] = []
    if metrics is not None:
        rows += [
            ("created", format_datetime(metrics.created)),
            ("running", format_datetime(metrics.running)),
            ("finished", format_datetime(metrics.finished)),
            ("QPU time", duration(metrics.qpu_seconds)),
            ("execution time", duration(metrics.execution_seconds)),
            ("caller", shorten(metrics.caller, 80) or NOTHING),
            ("Qiskit", shorten(metrics.qiskit_version, 80) or NOTHING),
        ]
        times = (("expected start", metrics.estimated_start), ("expected end", metrics.estimated_completion))
        rows += [(name, format_datetime(at)) for name, at in times if at is not None]
        places = (("queue position", metrics.queue_position), ("in the provider", metrics.provider_position))
        rows += [(name, f"{place:,}") for name, place in places if place is not None]
    rows += _price(job, formula)
    rows += _options(job)
    for name, digest in (hashes or {}).items():
        rows += [(f"{name} SHA-256", digest[:32]), ("", digest[32:])]
    rows += [
        ("service", shorten(job.service, 60)),
        ("instance", shorten(job.instance, 160) or NOTHING),
        ("last confirmed", format_datetime(job.confirmed)),
    ]
    if transpilation is not None:
        rows += transpilation_rows(transpilation)
    lines = [line((f" {name:<16}", TextStyle.MUTED), value) for name, value in rows]
    if metrics is None:
        lines.insert(0, line((" Metrics come when the job ends.", TextStyle.MUTED)))
    return lines


def _price(job: Job, formula: float | None) -> list[tuple[str, str]]:
    """What was asked for and what it was to cost."""
    rows: list[tuple[str, str]] = []
    if job.shots is not None:
        rows.append(("shots", f"{job.shots:,}"))
    if job.circuits is not None:
        rows.append(("PUBs", f"{job.circuits:,}"))
    for name, seconds in (("estimate", job.estimated_seconds), ("IBM's formula", formula)):
        if seconds is not None:
            rows.append((name, f"{duration(seconds)} of QPU time"))
    if job.private:
        rows.append(("private", "yes: its result can be read once"))
    return rows


def _options(job: Job) -> list[tuple[str, str]]:
    """Options of the primitive, a row each."""
    told = [f"{shorten(name, 60)} = {shorten(value, 120)}" for name, value in job.options]
    return [("" if place else "options", row) for place, row in enumerate(told or ["none known here"])]


def raw_page(job: Job, result: JobResult | None) -> list[StyledLine]:
    """Return the result as the service sent it, indented where it is JSON."""
    if result is not None and result.abridged:
        text = " The service's answer is too large to be shown: x exports it."
        return [line((text, TextStyle.MUTED))]
    if result is None or not result.raw:
        return [line((" No raw result is known here.", TextStyle.MUTED))]
    text = result.raw[:LIMIT].decode("utf-8", "replace")
    if len(result.raw) <= _PRETTY_LIMIT:
        try:
            text = json.dumps(json.loads(result.raw), indent=2, ensure_ascii=False)
        except ValueError:
            return text_page(text)
    return text_page(text)
