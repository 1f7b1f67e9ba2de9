"""Pictures as files: SVG that can be parsed and holds the words, PNG of a bounded size."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib")

from tui.compiler.qiskit.views.plots import plot
from tui.domain.export.pictures import (
    REST,
    Curve,
    CurvesPicture,
    HeatPicture,
    HistogramPicture,
    MapPicture,
    Picture,
    Span,
    TimingPicture,
)

PICTURES: dict[str, tuple[Picture, tuple[str, ...]]] = {
    "histogram": (HistogramPicture("bell $x_1", ("bell",), ({"01": 3, "10": 7},)), ("bell $x_1", "01", "7")),
    "histograms": (
        HistogramPicture("two", ("a$b", "c"), ({"01": 3, "10": 7}, {"01": 1, REST: 1})),
        ("a$b", "rest", "Share of the shots"),
    ),
    "curves": (
        CurvesPicture("t", "theta", "value", (0.0, 1.0), (Curve("ZZ", (0.5, 1.0), (0.1, 0.1)),)),
        ("theta", "ZZ"),
    ),
    "heat": (HeatPicture("t", "b", "a", (0.0, 1.0), (2.0,), ((0.1, 0.2),)), ("b", "a")),
    "map": (MapPicture("on it", ((0, 0), (1, 0), (0, 1)), ((0, 1), (0, 2)), {2: "q0"}), ("q0", "2")),
    "timing": (
        TimingPicture("t", ("job",), ((Span("queued", 0, 2), Span("running", 2, 3)),)),
        ("2 s", "job"),
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_svg_with_its_words_and_the_same_each_time(name: str) -> None:
    picture, words = PICTURES[name]
    drawn = plot(picture, "svg")
    root = ElementTree.fromstring(drawn)
    texts = {"".join(element.itertext()).strip() for element in root.iter() if element.tag.endswith("text")}
    assert set(words) <= texts
    assert plot(picture, "svg") == drawn


def test_picture_is_png_that_is_no_larger_than_a_screen_or_two() -> None:
    wide = HistogramPicture("wide", ("a",) * 12, ({format(n, "06b"): n for n in range(41)},) * 12)
    drawn = plot(wide, "png")
    assert drawn.startswith(b"\x89PNG") and len(drawn) < 1_000_000
    width, height = struct.unpack(">II", drawn[16:24])
    assert width < 4_000 and height < 4_000
