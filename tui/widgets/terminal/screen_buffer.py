"""What the terminal shows, cell by cell, and the sequences that make it show something else.

Textual writes every cell of every region that was refreshed. Here what it is about to write is compared with
what was written before, and only the cells that differ are sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import ne, or_
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, LayoutUpdate  # what `App._display` gets; see `DiffApp`
from textual.strip import Strip

from tui.widgets.terminal.cells import REST, UNKNOWN, CellRun, CharWidth, cells_of
from tui.widgets.terminal.escape_sequences import DEFAULT, transition

_RAW = "\0raw"
"""The rendition of cells that were sent in one piece."""
_JUMP = 4
"""Bytes of a jump to the right on the same row: `CSI n C`."""


class _Piece(NamedTuple):
    """A strip that is to be written from a cell on."""

    x: int
    y: int
    strip: Strip


class _Row:
    """One row: its cells, and the strips that stand in it whole (first cell to end and strip)."""

    __slots__ = ("renditions", "strips", "texts")

    def __init__(self, width: int) -> None:
        self.texts = [UNKNOWN] * width
        self.renditions = [DEFAULT] * width
        self.strips: dict[int, tuple[int, Strip]] = {}

    def store(self, x: int, cells: CellRun) -> None:
        """Remember what was written.

        A half of a wide character that is left over equals no cell that could be written, so it is sent when
        its place is written next: terminals differ in what they show there.
        """
        end = x + len(cells.texts)
        self.lift(x, end)
        self.texts[x:end] = cells.texts
        self.renditions[x:end] = cells.renditions

    def forget(self, first: int, end: int) -> None:
        """Forget the cells from `first` to before `end`."""
        self.texts[first:end] = [UNKNOWN] * (end - first)
        self.lift(first, end)

    def lift(self, first: int, end: int) -> None:
        """Forget the strips that reach into these cells."""
        if self.strips:
            self.strips = {x: strip for x, strip in self.strips.items() if x >= end or strip[0] <= first}


class ScreenBuffer:
    """The cells of the terminal as they were last written."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._size = (0, 0)
        self._stale = True
        self._complete = False
        self._out: list[str] = []
        self._rendition = DEFAULT
        self._at = (-1, -1)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the last update."""
        return self._size

    @property
    def valid(self) -> bool:
        """True when anything is known of the terminal's cells."""
        return not self._stale

    @property
    def complete(self) -> bool:
        """True when the whole screen was written since the last `invalidate`."""
        return self._complete and not self._stale

    def invalidate(self) -> None:
        """Forget everything: the next update is sent whole. May be called from a signal handler."""
        self._stale = True

    def changes(self, update: LayoutUpdate | ChopsUpdate, console: Console) -> str:
        """Return the sequences that make the terminal show what the update holds.

        Args:
            update: what Textual is about to write.
            console: the console it would be rendered with.

        Returns:
            The sequences; empty when nothing changed. They leave the rendition at its default and the cursor
            anywhere.
        """
        if isinstance(update, LayoutUpdate):
            size, pieces = (update.region.right, update.region.bottom), _layout_pieces(update)
        else:
            width = max((ends[-1] for ends in update.chop_ends if ends), default=0)
            size, pieces = (width, len(update.chops)), _chop_pieces(update)
        if self._stale or size != self._size:
            self._stale = self._complete = False
            self._size = size
            self._rows = [_Row(size[0]) for _ in range(size[1])]
        # Private: the public `color_system` is a name, and `Strip.render_ansi` takes the value.
        color_system = console._color_system or ColorSystem.TRUECOLOR
        self._at = (-1, -1)
        for piece in pieces:
            self._write(piece, console, color_system)
        self._set_rendition(DEFAULT)
        self._complete = self._complete or isinstance(update, LayoutUpdate)
        text = "".join(self._out)
        self._out.clear()
        return text

    def _write(self, piece: _Piece, console: Console, color_system: ColorSystem) -> None:
        x, y, strip = piece
        row = self._rows[y]
        there = row.strips.get(x)
        if there is not None and there[1] is strip:
            return
        cells = cells_of(strip, color_system)
        if isinstance(cells, CharWidth) or x + len(cells.texts) > len(row.texts):
            self._write_whole(piece, console, cells is CharWidth.CONTROL)
            return
        end = x + len(cells.texts)
        if row.texts[x:end] != cells.texts or row.renditions[x:end] != cells.renditions:
            self._write_runs(x, y, cells)
            row.store(x, cells)
        row.strips[x] = (end, strip)

    def _write_runs(self, x: int, y: int, cells: CellRun) -> None:
        """Send the cells that differ, and short gaps between them."""
        row, end = self._rows[y], x + len(cells.texts)
        # Flags instead of a loop over the cells: this runs for each cell of each frame.
        other_texts = map(ne, cells.texts, row.texts[x:end])
        other_renditions = map(ne, cells.renditions, row.renditions[x:end])
        differs = bytes(map(or_, other_texts, other_renditions))
        first = differs.find(1)
        while first >= 0:
            stop = _first_after(differs, 0, first)
            following = differs.find(1, stop)
            while following >= 0 and not _jump_pays(cells, stop, following):
                stop = _first_after(differs, 0, following)
                following = differs.find(1, stop)
            self._send(x, y, cells, first, stop)
            first = following

    def _send(self, x: int, y: int, cells: CellRun, first: int, end: int) -> None:
        texts, renditions, plain = cells
        if not plain:
            while first and texts[first] == REST:
                first -= 1
            while end < len(texts) and texts[end] == REST:
                end += 1
        self._go(x + first, y)
        place = first
        for rendition, same in groupby(renditions[first:end]):
            start, place = place, place + len(list(same))
            self._set_rendition(rendition)
            self._out.append("".join(texts[start:place]))
        # After wide and joined characters the terminal's own idea of the column is not relied on.
        self._at = (x + end, y) if plain else (-1, -1)

    def _write_whole(self, piece: _Piece, console: Console, controls: bool) -> None:
        """Send a strip in one piece: of some of its characters terminals do not agree how wide they are.

        What is right of it may have moved, and is forgotten; after control characters, everything is.
        """
        x, y, strip = piece
        row = self._rows[y]
        text = strip.render(console)
        width = max(0, min(strip.cell_length, len(row.texts) - x))
        cells = CellRun([text, *[REST] * width][:width], [_RAW] * width, False)
        end = x + width
        # A mark without a letter (a widget's edge came between them) joins what stands before the strip.
        joins = x > 0 and not cell_len(strip.text[:1])
        same = row.texts[x:end] == cells.texts and row.renditions[x:end] == cells.renditions
        if same and not joins:
            return
        self._go(x, y)
        self._set_rendition(DEFAULT)
        self._out.append(text)
        self._at = (-1, -1)
        if controls:
            for each in self._rows:
                each.forget(0, len(each.texts))
            return
        row.store(x, cells)
        row.forget(end, len(row.texts))
        if joins:
            row.forget(x - 1, x)

    def _go(self, x: int, y: int) -> None:
        column, row = self._at
        if (column, row) == (x, y) and x < self._size[0]:
            return
        if row == y and 0 <= column < x:
            ahead = x - column
            self._out.append(f"\x1b[{ahead}C" if ahead > 1 else "\x1b[C")
        else:
            self._out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")

    def _set_rendition(self, rendition: str) -> None:
        if rendition != self._rendition:
            self._out.append(transition(self._rendition, rendition))
            self._rendition = rendition


def _first_after(flags: bytes, flag: int, start: int) -> int:
    place = flags.find(flag, start)
    return place if place >= 0 else len(flags)


def _jump_pays(cells: CellRun, first: int, end: int) -> bool:
    """Whether jumping over the unchanged cells from `first` to before `end` is cheaper than sending them."""
    between = end - first
    if between > _JUMP or cells.renditions[first:end].count(cells.renditions[first - 1]) != between:
        return True
    return len("".join(cells.texts[first:end]).encode("utf-8", "replace")) > _JUMP


def _layout_pieces(update: LayoutUpdate) -> Iterator[_Piece]:
    """What `LayoutUpdate.render_segments` writes, and where."""
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            yield _Piece(x, y, strip)
            x += strip.cell_length


def _chop_pieces(update: ChopsUpdate) -> Iterator[_Piece]:
    """What `ChopsUpdate.render_segments` writes, and where."""
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x > last or end <= first:
                continue
            if first <= x < last and end <= last:
                yield _Piece(x, y, strip)
            else:
                yield _Piece(x, y, strip.crop(0, min(end, last) - x))
