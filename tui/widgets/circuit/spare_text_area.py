"""A text area that sends, of a refresh, only the lines that differ."""

from __future__ import annotations

from typing import Self

from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import TextArea


class SpareTextArea(TextArea):
    """Textual's `TextArea`, saving bytes.

    Textual sends every cell of a refreshed region without comparing it with what the terminal shows, and
    `TextArea` refreshes itself whole at every key: 16-33 kB for one letter. Here a whole refresh becomes a
    comparison with the strips last painted, and a refresh of the lines that differ.
    """

    _painted_strips: dict[int, Strip] | None = None
    """What was really painted, by row; `None`: nothing yet."""
    _comparing = False
    _comparison_due = False

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Refresh; without regions and layout, only what differs."""
        if regions or layout or recompose or not repaint or not self._painted_strips or not self.is_mounted:
            return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        if not self._comparison_due:
            self._comparison_due = True
            self.call_next(self._refresh_difference)
        return self

    def render_line(self, y: int) -> Strip:
        """The row, remembered as painted unless it is only compared."""
        strip = self.row(y)
        if not self._comparing:
            if self._painted_strips is None:
                self._painted_strips = {}
            self._painted_strips[y] = strip
        return strip

    def row(self, y: int) -> Strip:
        """A row as it is to be painted: what subclasses change, rather than `render_line`."""
        return super().render_line(y)

    def _refresh_difference(self) -> None:
        self._comparison_due = False
        painted, width = self._painted_strips or {}, self.size.width
        if self._theme is not None:
            self._theme.apply_css(self)  # as `TextArea.render_lines` does before it paints
        self._comparing = True
        try:
            rows = [y for y in range(self.size.height) if painted.get(y) != self.render_line(y)]
        finally:
            self._comparing = False
        if rows:
            super().refresh(*(Region(0, y, width, 1) for y in rows))
