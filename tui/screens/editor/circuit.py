"""The circuit beside the text: its diagram, how old it is, and which operations a line of the text makes."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.worker import Worker

from tui.common.errors import QdeckError
from tui.common.safe_text import plain
from tui.monitor.services import AppServices
from tui.widgets.circuit.diagram_view import EMPTY, DiagramView, diagram_note
from tui.widgets.text.styled_text import StyledLine, TextStyle, line
from tui.widgets.text.text_widgets import TextBlock


class CircuitPane(Vertical):
    """Draws the circuit of a text that was checked, when it is in sight.

    Attributes:
        drawn: the text whose circuit is shown; empty: none.
        view: the diagram.
    """

    DEFAULT_CSS: ClassVar[str] = "CircuitPane { & #circuit-head { height: 1; } }"

    def __init__(self, services: AppServices, *, id: str) -> None:
        super().__init__(id=id)
        self.services = services
        self.drawn = ""
        self.view = DiagramView(id="diagram")
        self._text = ""
        self._changed_from = self._marked = 0
        self._drawing: Worker[None] | None = None
        self._said: tuple[str, TextStyle] = ("", TextStyle.MUTED)

    def compose(self) -> ComposeResult:
        """How old the diagram is, and the diagram."""
        yield TextBlock(id="circuit-head")
        yield self.view

    @property
    def busy(self) -> bool:
        """True while a diagram is made."""
        return self._drawing is not None and self._drawing.is_running

    def edited(self, text_line: int) -> None:
        """Say from which line on the diagram is not of the text as it stands.

        Args:
            text_line: where the text was changed, from 1.
        """
        first = not self._changed_from
        if not self.drawn or (not first and text_line >= self._changed_from):
            return
        self._changed_from = text_line if first else min(self._changed_from, text_line)
        self._say(f"of the text before line {self._changed_from:,} changed", TextStyle.WARNING)

    def clear(self, why: str = "") -> None:
        """Show no circuit: there is no text, or it is broken.

        Args:
            why: a sentence about it.
        """
        self._text = self.drawn = ""
        self._changed_from = 0
        self.view.show(EMPTY)
        self._say(why)

    def draw(self, text: str) -> None:
        """Draw the circuit of a text without errors, unless it is shown already or the pane is hidden."""
        self._text = text
        if not self.display:
            return
        if text == self.drawn:
            self._drawn_as_it_stands()
        elif not self.busy:
            # The screen's worker: it tells of errors that are none of ours.
            self._drawing = self.screen.run_worker(self._draw(), group="diagram", exit_on_error=False)

    def mark(self, text_line: int) -> None:
        """Let the operations of a line of the text stand out.

        Args:
            text_line: from 1.
        """
        if text_line != self._marked:
            self._marked = text_line
            if self.drawn and not self._changed_from:
                self.view.mark(text_line)

    def stop(self) -> None:
        """Stop drawing: the compiler really stops."""
        if self._drawing is not None:
            self._drawing.cancel()

    async def _draw(self) -> None:
        while (text := self._text) and text != self.drawn:
            try:
                diagram = await self.services.compiler.diagram(text)
            except QdeckError as error:
                if text == self._text:
                    self.clear(str(error))
                return
            if text != self._text:
                continue
            self.drawn = text
            self.view.show(diagram)
            self._drawn_as_it_stands()
            self.view.mark(self._marked)

    def _drawn_as_it_stands(self) -> None:
        self._changed_from = 0
        self._say(diagram_note(self.view.diagram))

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _focus_changed(self) -> None:
        # A view that is just losing the focus has it until then.
        self.call_after_refresh(self._show_head)

    def _say(self, text: str, style: TextStyle = TextStyle.MUTED) -> None:
        self._said = plain(text, limit=200), style
        self._show_head()

    def _show_head(self) -> None:
        """Show what was said of the diagram; with the focus on it and nothing said, its keys."""
        text, style = self._said
        if not text and self.view.has_focus:
            text = "enter its line  space fold a register"
        shown: list[StyledLine] = [line(("Circuit", TextStyle.HEAD), (f"  {text}", style))]
        self.query_one("#circuit-head", TextBlock).show(shown)
