"""Pictures of results as SVG and PNG: Qiskit's histogram, and Matplotlib for what Qiskit does not draw.

Importing this module imports Matplotlib; the worker does so when a picture is first asked for.
"""

from __future__ import annotations

import io
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.figure import Figure
from qiskit.visualization import plot_distribution, plot_histogram

from tui.compiler.qiskit.circuit_summary import NotPossible
from tui.domain.export.pictures import (
    CurvesPicture,
    HeatPicture,
    HistogramPicture,
    MapPicture,
    Picture,
    TimingPicture,
)

_DOTS: Final = 144
"""Dots per inch of a PNG."""
_WIDTH, _HEIGHT = 9.0, 5.0
_WIDEST: Final = 24.0
"""Inches of a picture at most: a PNG of 3456 dots."""
_MOST_BYTES: Final = 16 * 1024 * 1024
_LEGIBLE: Final = 0.08
"""Share of the width that a stretch of time needs for its figure."""
_GREY, _BLUE, _ORANGE = "#8d8d8d", "#0f62fe", "#ff832b"
# What is written is the same each time, and texts stay texts.
_STYLE: Final = {"svg.hashsalt": "qdeck", "svg.fonttype": "none", "font.size": 10.0}


def plot(picture: Picture, form: str) -> bytes:
    """Draw a picture.

    Args:
        picture: what it shows; its words are plain.
        form: `svg` or `png`.

    Returns:
        The file's content.

    Raises:
        NotPossible: it would be larger than a picture is worth.
    """
    with rc_context(_STYLE):
        match picture:
            case HistogramPicture():
                figure = _histogram(picture)
            case CurvesPicture():
                figure = _curves(picture)
            case HeatPicture():
                figure = _heat(picture)
            case MapPicture():
                figure = _map(picture)
            case TimingPicture():
                figure = _timing(picture)
        written = io.BytesIO()
        metadata = {"Date": None} if form == "svg" else {"Software": None}
        figure.savefig(written, format=form, dpi=_DOTS, bbox_inches="tight", metadata=metadata)
    if written.tell() > _MOST_BYTES:
        raise NotPossible(f"The picture is larger than {_MOST_BYTES >> 20} MB.", "Take the CSV.")
    return written.getvalue()


def _figure(width: float = _WIDTH, height: float = _HEIGHT) -> tuple[Figure, Any]:
    figure = Figure((min(width, _WIDEST), min(height, _WIDEST)))
    return figure, figure.add_subplot()


def _words(text: str) -> str:
    """A text that Matplotlib does not take for a formula."""
    return text.replace("$", r"\$")


def _histogram(picture: HistogramPicture) -> Figure:
    """Counts of one job; shares of the shots where several stand side by side."""
    bars = len({bits for counts in picture.counts for bits in counts}) * len(picture.counts)
    figure, axes = _figure(max(_WIDTH, 2 + 0.28 * bars))
    several = len(picture.counts) > 1
    draw = plot_distribution if several else plot_histogram
    draw(
        [dict(counts) for counts in picture.counts],
        legend=list(map(_words, picture.legend)) if several else None,
        sort="asc",
        bar_labels=bars <= 24,
        ax=axes,
    )
    if several:
        axes.set_ylabel("Share of the shots")
    axes.set_title(_words(picture.title), pad=16)
    return figure


def _curves(picture: CurvesPicture) -> Figure:
    figure, axes = _figure()
    for curve in picture.curves:
        axes.errorbar(
            picture.places,
            curve.values,
            yerr=curve.errors or None,
            label=_words(curve.label),
            marker="o",
            markersize=3,
            linewidth=1,
            capsize=2,
        )
    axes.set(title=_words(picture.title), xlabel=_words(picture.across), ylabel=_words(picture.up))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def _heat(picture: HeatPicture) -> Figure:
    figure, axes = _figure()
    ends = (picture.columns[0], picture.columns[-1], picture.rows[0], picture.rows[-1])
    image = axes.imshow(picture.values, origin="lower", aspect="auto", extent=_padded(ends, picture))
    figure.colorbar(image, ax=axes)
    axes.set(title=_words(picture.title), xlabel=_words(picture.across), ylabel=_words(picture.up))
    return figure


def _padded(
    ends: tuple[float, float, float, float], picture: HeatPicture
) -> tuple[float, float, float, float]:
    """The edges of an image whose cells are centred on their values."""
    left, right, low, high = ends
    across = (right - left) / max(1, len(picture.columns) - 1) / 2 or 0.5
    up = (high - low) / max(1, len(picture.rows) - 1) / 2 or 0.5
    return left - across, right + across, low - up, high + up


def _map(picture: MapPicture) -> Figure:
    columns = 1 + max((column for column, _ in picture.places), default=0)
    rows = 1 + max((row for _, row in picture.places), default=0)
    figure, axes = _figure(max(4.0, 0.62 * columns), max(3.0, 0.62 * rows))
    for one, other in picture.couplers:
        (left, top), (right, bottom) = picture.places[one], picture.places[other]
        both = one in picture.used and other in picture.used
        axes.plot((left, right), (top, bottom), color=_BLUE if both else _GREY, lw=2 if both else 1, zorder=1)
    for qubit, (column, row) in enumerate(picture.places):
        words = picture.used.get(qubit)
        axes.scatter(column, row, s=230, color=_BLUE if words else "white", edgecolors=_GREY, zorder=2)
        text = {"ha": "center", "va": "center", "fontsize": 7, "zorder": 3}
        axes.text(column, row, str(qubit), color="white" if words else _GREY, **text)
        if words:
            axes.text(column + 0.32, row - 0.32, words, color=_BLUE, **text)
    axes.invert_yaxis()
    axes.margins(0.06)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_title(_words(picture.title))
    return figure


def _timing(picture: TimingPicture) -> Figure:
    figure, axes = _figure(height=max(1.8, 1.2 + 0.5 * len(picture.jobs)))
    colours = {"queued": _GREY, "running": _BLUE}
    seen: set[str] = set()
    longest = max((spans[-1].end for spans in picture.spans), default=0.0)
    for row, spans in enumerate(picture.spans):
        for span in spans:
            length = span.end - span.start
            label = span.label if span.label not in seen else None
            seen.add(span.label)
            axes.barh(row, length, left=span.start, color=colours.get(span.label, _ORANGE), label=label)
            if length > _LEGIBLE * longest:
                middle = span.start + length / 2
                axes.text(middle, row, f"{length:.3g} s", ha="center", va="center", fontsize=8)
    axes.set_yticks(range(len(picture.jobs)), list(map(_words, picture.jobs)))
    axes.invert_yaxis()
    axes.set(title=_words(picture.title), xlabel="seconds since it was created")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
