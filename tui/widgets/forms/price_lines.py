"""The price of a job as lines: each way with its figure, how far off it was, and what is left."""

from __future__ import annotations

from collections.abc import Iterator

from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.accounts import Usage
from tui.domain.pricing import Correction, DryRun, Price
from tui.widgets.text.format import NOTHING, duration, format_count, format_usage
from tui.widgets.text.styled_text import StyledLine, TextStyle, line, wrapped

_LABEL = 9
_TROUBLE_LINES = 4
_BEYOND_USAGE = "! More than the instance has left."
_BEYOND_LIMIT = "! More than the QPU limit allows."
_NO_LENGTHS = "The device tells no gate lengths: a circuit counts as 0."
_MICROSECONDS = 1e6


class PriceView(Value, frozen=True):
    """Everything that is shown of a price.

    Attributes:
        price: of the job as the form stands; `None`: not known.
        pending: it is being worked out.
        trouble: why there is none: the service, or IBM's client, would refuse the job.
        usage: what the instance has left; `None`: not known.
        limit: QPU seconds after which the service ends the job; `None`: no such limit.
        offers_dry_run: the job may be run dry, as far as is known.
        dry_running: the service is being asked.
        refusal: why there are no dry runs; empty: not known.
        expects_own: there were own jobs for the last price, so that the next one is as high.
        timed: the device tells how long the circuit takes.
        jobs: how many it is of, together.
    """

    price: Price | None = None
    pending: bool = False
    trouble: str = ""
    usage: Usage | None = None
    limit: int | None = None
    offers_dry_run: bool = False
    dry_running: bool = False
    refusal: str = ""
    expects_own: bool = False
    timed: bool = True
    jobs: int = 1


def price_lines(view: PriceView, width: int) -> list[StyledLine]:
    """Return the lines of a price.

    Returns:
        A line a way, then what is left, then warnings, each of at most `width` cells.
    """
    rows = [*_dry_run_line(view), *_formula_lines(view, width), *_own_line(view)]
    left = format_usage(view.usage)
    if left:
        if len(left) > width - _LABEL:
            left = left.removesuffix(" QPU left")
        rows.append(_row("left", left, ""))
    return [*rows, *_warnings(view, width)]


def _row(label: str, figure: str, note: str, style: TextStyle = TextStyle.PLAIN) -> StyledLine:
    return line((label.ljust(_LABEL), TextStyle.MUTED), (figure, style), (note, TextStyle.MUTED))


def _dry_run_line(view: PriceView) -> Iterator[StyledLine]:
    answer = None if view.price is None else view.price.dry_run
    if not (view.offers_dry_run or view.refusal or answer):
        return
    if answer is not None:
        figure = "not told" if answer.seconds is None else duration(answer.seconds)
        yield _row("dry run", figure, _lengths(answer), TextStyle.STRONG)
    elif view.dry_running:
        yield _row("dry run", "asking…", "  esc stops", TextStyle.BUSY)
    elif view.refusal:
        yield _row("dry run", "not on this plan", "")
    else:
        yield line(("dry run".ljust(_LABEL), TextStyle.MUTED), ("^r ", TextStyle.KEY), "asks the service")


def _lengths(answer: DryRun) -> str:
    """Return the length of the circuits, as far as it is told: of several, the shortest and the longest."""
    if not answer.durations:
        return ""
    ends = sorted({min(answer.durations), max(answer.durations)})
    if answer.dt is None:
        words, unit = [f"{length:,}" for length in ends], "dt"
    else:
        words, unit = [f"{length * answer.dt * _MICROSECONDS:.1f}" for length in ends], "µs"
    return f"  circuit {words[0]} {unit}" if len(ends) == 1 else f"  {' to '.join(words)} {unit} each"


def _formula_lines(view: PriceView, width: int) -> list[StyledLine]:
    if view.trouble:
        return wrapped(f"✘ {plain(view.trouble, limit=300)}", width, TextStyle.BAD)[:_TROUBLE_LINES]
    if view.pending:
        return [_row("formula", "working it out…", "", TextStyle.BUSY)]
    price = view.price
    if price is None or price.formula is None:
        return [_row("formula", NOTHING, "")]
    off = price.own.past_error if price.own is not None else None
    note = "" if off is None else f"  median error {off:.0%}"
    if view.jobs > 1:
        note = f"  {format_count(view.jobs, 'job')}{note}"
    return [_row("formula", duration(price.formula), note, _style(price, price.formula))]


def _own_line(view: PriceView) -> Iterator[StyledLine]:
    own = None if view.price is None or view.pending else view.price.own
    if own is None:
        if view.pending and view.expects_own:
            yield _row("yours", "…", "", TextStyle.BUSY)
        return
    note = (
        f"  from {format_count(own.jobs, 'job')}" if view.jobs > 1 else f"  {format_count(own.jobs, 'job')}"
    )
    assert view.price is not None
    yield _row("yours", f"{_interval(own)}", note, _style(view.price, own.seconds))


def _interval(own: Correction) -> str:
    half = (own.high - own.low) / 2
    if own.seconds < 9.95:
        return f"{own.seconds:.1f} ±{half:.1f} s"
    if own.seconds < 60:
        return f"{own.seconds:.0f} ±{half:.0f} s"
    return f"{duration(own.seconds)} ±{duration(half)}"


def _style(price: Price, seconds: float) -> TextStyle:
    """Return how a figure is written: the one that is counted with stands out."""
    return TextStyle.STRONG if price.seconds == seconds else TextStyle.PLAIN


def _warnings(view: PriceView, width: int) -> list[StyledLine]:
    price, rows = view.price, []
    if price is None or view.pending:
        return []
    if not view.timed:
        rows += wrapped(_NO_LENGTHS, width, TextStyle.MUTED)
    if price.exceeds(view.usage, view.limit):
        rows += wrapped(_BEYOND_USAGE, width, TextStyle.WARNING)
    if view.limit is not None and price.seconds is not None and price.seconds > view.limit:
        rows += wrapped(_BEYOND_LIMIT, width, TextStyle.WARNING)
    return rows
