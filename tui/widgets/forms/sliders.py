"""Numbers that are varied by keys: a line each, with a slider over one turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message

from tui.common.safe_text import shorten
from tui.widgets.text.styled_text import StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import LineWidget

TURN = 2 * math.pi
STEPS = 32
"""Steps of a turn by the keys left and right."""
MOST_LINES = 6
"""Parameters in sight; the others are scrolled to."""


class Sliders(LineWidget, can_focus=True):
    """The values of some parameters, each between 0 and a turn unless it is typed."""

    DEFAULT_CSS = "Sliders { height: auto; }"
    BINDINGS: ClassVar = [
        Binding("left,h", "step(-1)", "Less", show=False),
        Binding("right,l", "step(1)", "More", show=False),
        Binding("shift+left,H", "step(-8)", "A quarter less", show=False),
        Binding("shift+right,L", "step(8)", "A quarter more", show=False),
        Binding("up,k", "choose(-1)", "Up", show=False),
        Binding("down,j", "choose(1)", "Down", show=False),
        Binding("home,0", "zero", "Zero", show=False),
        Binding("enter", "type", "Type", show=False),
    ]

    class Changed(Message):
        """A value is another."""

    class Typing(Message):
        """The user wants to type the value of a parameter."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._values: dict[str, float] = {}
        self._chosen = 0
        self.can_focus = False

    @property
    def values(self) -> tuple[tuple[str, float], ...]:
        """Name and value of each parameter."""
        return tuple(self._values.items())

    def show(self, names: Sequence[str]) -> None:
        """Have these parameters; those that were there keep their values, others begin at pi/4."""
        if tuple(names) == tuple(self._values):
            return
        self._values = {name: self._values.get(name, TURN / 8) for name in names}
        self._chosen = min(self._chosen, max(0, len(names) - 1))
        self.can_focus = bool(names)
        self.refresh(layout=True)
        self.repaint()

    def set(self, name: str, value: float) -> None:
        """Give a parameter a value."""
        if name in self._values and self._values[name] != value:
            self._values[name] = value
            self.repaint()
            self.post_message(self.Changed())

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return a line for each parameter, as far as there is room."""
        return min(len(self._values), MOST_LINES)

    def build_lines(self, width: int) -> list[StyledLine]:
        """Return name, value and slider of each parameter in sight."""
        names = list(self._values)
        longest = max((len(shorten(name, 14)) for name in names), default=0)
        first = max(0, min(self._chosen - MOST_LINES // 2, len(names) - MOST_LINES))
        room = max(8, min(40, width - longest - 19))
        lines = []
        for place, name in enumerate(names[first : first + MOST_LINES], first):
            value = self._values[name]
            at = round(min(max(value / TURN, 0.0), 1.0) * (room - 1))
            chosen = self.has_focus and place == self._chosen
            style = TextStyle.CURSOR if chosen else TextStyle.PLAIN
            lines.append(
                line(
                    (f" {shorten(name, 14):>{longest}} ", TextStyle.MUTED),
                    (f"{value:8.4f}", style),
                    ("  0 ├" + "─" * at, TextStyle.MUTED),
                    ("●", TextStyle.ACCENT),
                    ("─" * (room - 1 - at) + "┤ 2π", TextStyle.MUTED),
                )
            )
        return lines

    def action_step(self, steps: int) -> None:
        """Turn the chosen parameter by some steps."""
        if self._values:
            name = list(self._values)[self._chosen]
            place = round(self._values[name] / TURN * STEPS) + steps
            self.set(name, min(max(place, 0), STEPS) * TURN / STEPS)

    def action_choose(self, step: int) -> None:
        """Choose the next parameter, or the one above."""
        self._chosen = min(max(0, self._chosen + step), max(0, len(self._values) - 1))
        self.repaint()

    def action_zero(self) -> None:
        """Set the chosen parameter to 0."""
        if self._values:
            self.set(list(self._values)[self._chosen], 0.0)

    def action_type(self) -> None:
        """Ask for a value of the chosen parameter."""
        if self._values:
            self.post_message(self.Typing(list(self._values)[self._chosen]))

    def on_focus(self, _event: events.Focus) -> None:
        """Show the cursor."""
        self.repaint()

    def on_blur(self, _event: events.Blur) -> None:
        """Hide the cursor."""
        self.repaint()
