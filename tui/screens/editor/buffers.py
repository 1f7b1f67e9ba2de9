"""The texts under edit, each in an editor of its own: one is in front, another may be beside it."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len
from textual import events, on
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message

from tui.common.safe_text import shorten
from tui.screens.workspace import Buffer, Workspace
from tui.widgets.circuit.qasm_editor import QasmEditor
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle
from tui.widgets.text.text_widgets import TextBlock

SPLIT_WIDTH = 120
"""Columns from which on two texts are shown side by side."""
_TAB_WIDTH = 18
"""Letters of a name in its tab."""


class BufferTabs(TextBlock):
    """The names of the texts, in their order; empty while there is only one."""

    DEFAULT_CSS = "BufferTabs { height: auto; }"

    class Picked(Message):
        """A tab was clicked."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._ends: list[int] = []

    def follow(self, beside: Buffer | None, *, typing: bool = False) -> None:
        """Show the texts as they are.

        Args:
            beside: the one that is shown beside the one in front.
            typing: the one in front is being typed: whether it is another than the saved is not looked up.
        """
        workspace = self._workspace
        if len(workspace.buffers) < 2:
            self.show(())
            return
        tabs = []
        for one in workspace.buffers:
            changed = one.touched if typing or one is not workspace.front else one.dirty
            mark = "●" if changed else " "
            style = TextStyle.STRONG if one is beside else TextStyle.MUTED
            style = TextStyle.CURRENT if one is workspace.front else style
            tabs.append(Span(f"{mark}{shorten(one.name, _TAB_WIDTH)} ", style))
        self.show([self._fit(tabs)])

    def _fit(self, tabs: list[Span]) -> StyledLine:
        """Leave out tabs at the left until the one in front fits."""
        place = self._workspace.buffers.index(self._workspace.front)
        first = 0
        while first < place and sum(cell_len(tab.text) for tab in tabs[first : place + 1]) > self.size.width:
            first += 1
        self._ends, end = [0] * first, 0
        for tab in tabs[first:]:
            end += cell_len(tab.text)
            self._ends.append(end)
        return tuple(tabs[first:])

    @on(events.Click)
    def _clicked(self, event: events.Click) -> None:
        place = next((place for place, end in enumerate(self._ends) if event.x < end), None)
        if place is not None:
            self.post_message(self.Picked(place))


class BufferPane(Horizontal):
    """The editors of the workspace's texts.

    Args:
        workspace: has the texts.
        placeholder: what stands in an empty one.
        prepare: called with each text whose editor was made, or got another text.
    """

    DEFAULT_CSS = """
    BufferPane {
        width: 1fr;
        & > QasmEditor { display: none; width: 1fr; }
        & > QasmEditor.-shown { display: block; }
        & > QasmEditor.-right { border-left: solid $rule; }
    }
    """

    class Focused(Message):
        """The text beside the one in front got the focus."""

        def __init__(self, buffer: Buffer) -> None:
            super().__init__()
            self.buffer = buffer

    def __init__(
        self,
        workspace: Workspace,
        placeholder: Content,
        prepare: Callable[[Buffer, QasmEditor], None],
        *,
        id: str,
    ) -> None:
        super().__init__(id=id)
        self._workspace = workspace
        self._placeholder = placeholder
        self._prepare = prepare
        self._areas: dict[Buffer, QasmEditor] = {}
        self._sides: list[Buffer] = []
        """Left and right, while two are shown."""
        self._last_side = 0

    @property
    def front(self) -> QasmEditor:
        """The editor of the text in front."""
        return self.area(self._workspace.front)

    @property
    def beside(self) -> Buffer | None:
        """The text that is shown beside the one in front."""
        if self.app.size.width < SPLIT_WIDTH:
            return None
        return next((one for one in self._sides if one is not self._workspace.front), None)

    def area(self, buffer: Buffer) -> QasmEditor:
        """Return the editor of a text, made when it is first asked for."""
        area = self._areas.get(buffer)
        if area is None:
            area = self._areas[buffer] = QasmEditor(placeholder=self._placeholder)
            self._prepare(buffer, area)
            self.mount(area)
        elif not buffer.attached:
            self._prepare(buffer, area)
        return area

    def sync(self) -> None:
        """Show what is in front; let go of the editors of texts that were closed."""
        workspace = self._workspace
        for gone in [one for one in self._areas if one not in workspace.buffers]:
            self._areas.pop(gone).remove()
        self._sides = [one for one in self._sides if one in workspace.buffers]
        if len(self._sides) == 1:
            self._sides = []
        if self._sides and workspace.front not in self._sides:
            self._sides[self._last_side] = workspace.front
        if self._sides:
            self._last_side = self._sides.index(workspace.front)
        shown = self._sides if self.beside is not None else [workspace.front]
        areas = [self.area(one) for one in shown]
        for area in self._areas.values():
            area.set_class(area in areas, "-shown")
            area.set_class(len(areas) > 1 and area is areas[1], "-right")
        if len(areas) > 1:
            self.move_child(areas[1], after=areas[0])

    def split(self, other: Buffer | None) -> None:
        """Show another text beside the one in front; `None`: the one in front alone."""
        self._sides = [] if other is None else [self._workspace.front, other]
        self.sync()

    @on(events.DescendantFocus)
    def _descendant_focused(self, event: events.DescendantFocus) -> None:
        for buffer, area in self._areas.items():
            if area is event.widget and buffer is not self._workspace.front:
                self.post_message(self.Focused(buffer))
