"""The OpenQASM editor: colours, marks, and the changes it tells."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.cache import LRUCache
from textual.content import Content
from textual.document._document import Location
from textual.document._document_navigator import DocumentNavigator
from textual.geometry import Region
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Selection

from tui.domain.circuits import Diagnostic
from tui.openqasm.drafts import Change, ChangeKind
from tui.openqasm.highlighter import Highlighter
from tui.openqasm.lexers import TokenKind
from tui.openqasm.search import Matches
from tui.widgets.circuit.bracket_matching import partner
from tui.widgets.circuit.diagnostic_marks import ERROR, WARNING, DiagnosticMarks, OverviewScrollBar
from tui.widgets.circuit.language.completing_text import CompletingText
from tui.widgets.circuit.large_document import LargeDocument, UnwrappedDocument, shown_line
from tui.widgets.text.styled_text import QASM_COLOURS

POINTER = "▸"
"""Stands in the margin of a line that is pointed at."""


_CATCH_UP_SECONDS, _CATCH_UP_PAUSE = 0.008, 0.012
"""Seconds of a slice of lexing, and between two."""
_ROWS = 1024
"""Drawn rows that are kept."""
_NO_CODE = (TokenKind.COMMENT, TokenKind.STRING, TokenKind.DIRECTIVE)


class QasmEditor(CompletingText):
    """A `TextArea` for OpenQASM 2 and 3.

    Lines are coloured in `get_line`, Textual's public place for it; the colours are component classes, so
    that themes decide them. The cursor does not blink: an idle screen sends nothing. What a key costs does
    not grow with the text (`LargeDocument`); rows are drawn that look another (`LargeTextArea`).
    """

    document: LargeDocument
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"qasm--{kind}" for kind in TokenKind),
        "qasm--error",
        "qasm--warning",
        "qasm--mark",
        "qasm--hint",
        "qasm--match",
        "qasm--pointer",
    }
    DEFAULT_CSS = """
    QasmEditor {
        border: none; padding: 0; scrollbar-size: 1 1;
        &:focus { border: none; }
        & .qasm--error { color: $error; text-style: bold underline; }
        & .text-area--suggestion { color: $quiet; text-style: italic; }
        & .qasm--match { text-style: underline; }
        & .qasm--warning { text-style: underline; }
        & .qasm--mark { color: $error; text-style: bold; }
        & .qasm--hint { color: $warning; text-style: bold; }
        & .qasm--pointer { color: $accent; text-style: bold; }
    }
    """
    DEFAULT_CSS += "QasmEditor {" + QASM_COLOURS + "}"

    def __init__(
        self,
        text: str = "",
        *,
        read_only: bool = False,
        placeholder: Content | str = "",
        id: str | None = None,
    ) -> None:
        self._highlighter: Highlighter | None = None
        self.marks = DiagnosticMarks()
        self._pointed: frozenset[int] = frozenset()
        self.on_change: Callable[[Change], None] | None = None
        """Told each change of the text, but for `load_text`."""
        self.on_hover: Callable[[Location], str | None] | None = None
        """Asked what the mouse is above; `None`: nothing to tell of."""
        self._catching_up: Timer | None = None
        self._matches: Matches | None = None
        self._rows: LRUCache[Hashable, Strip] = LRUCache(_ROWS)
        self._drawn = {}
        super().__init__(
            "",
            soft_wrap=False,  # a row is a line: what is in the margin belongs to the row's line
            show_line_numbers=True,
            read_only=read_only,
            tab_behavior="focus" if read_only else "indent",
            placeholder=placeholder,
            id=id,
        )
        self.cursor_blink = False
        self.indent_width = 2
        self._highlighter = Highlighter(lambda line: self.document[line], lambda: self.document.line_count)
        self._set_document(text, None)

    @property
    def version(self) -> int:
        """OpenQASM version the text is read as: 2 or 3."""
        return self._highlighter.version if self._highlighter is not None else 3

    def mark(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Mark diagnostics in the text, in the margin and beside the scrollbar.

        Args:
            diagnostics: take the place of those marked before.
        """
        rows = {row for row, _ in self.marks.rows}
        if self.marks.put(diagnostics):
            # Rows that are drawn are remembered by their marks, so that none is taken for another.
            first, last = self.scroll_offset.y, self.scroll_offset.y + self.size.height
            for row in rows | {row for row, _ in self.marks.rows}:
                if first <= row < last:
                    self.refresh_lines(row)
            self._show_overview()

    @property
    def vertical_scrollbar(self) -> OverviewScrollBar:
        """The vertical scrollbar, made when it is first asked for."""
        if not isinstance(self._vertical_scrollbar, OverviewScrollBar):
            self._vertical_scrollbar = OverviewScrollBar()
            self._vertical_scrollbar.display = False
            self.app._start_widget(self, self._vertical_scrollbar)
        return self._vertical_scrollbar

    def _show_overview(self) -> None:
        rows = self.marks.rows
        self.styles.scrollbar_size_vertical = 2 if rows else 1
        base = self.rich_style
        self.vertical_scrollbar.mark(rows, base + self._style("mark"), base + self._style("hint"))

    def point_at(self, lines: Iterable[int]) -> None:
        """Point at lines in the margin, from 1, and bring the first of them into sight.

        Args:
            lines: take the place of those pointed at before; ascending.
        """
        rows = [line - 1 for line in lines if 0 < line <= self.document.line_count]
        if frozenset(rows) != self._pointed:
            self._pointed = frozenset(rows)
            self.refresh()
        if rows:
            self.scroll_to_region(Region(0, rows[0], 1, 1), animate=False, force=True)

    def jump_to(self, diagnostic: Diagnostic) -> None:
        """Focus the text with the cursor on an error.

        Args:
            diagnostic: line and column from 1; the nearest place is taken where the text has changed.
        """
        row = max(0, min(diagnostic.line, self.document.line_count) - 1)
        column = max(0, min(diagnostic.column - 1, len(self.document[row])))
        self.move_cursor((row, column), center=True)
        self.focus()

    def show_matches(self, matches: Matches | None) -> None:
        """Mark the places of a search.

        Args:
            matches: in the text as it is; `None`: none is marked.
        """
        if matches is not self._matches:
            self._matches = matches
            self.notify_style_update()
            self.refresh()

    def get_line(self, line_index: int) -> Text:
        """Return the line with its colours, the matches of a search marked, the error in it underlined."""
        text = Text(shown_line(self.document[line_index]), end="", no_wrap=True)
        if self._highlighter is None:
            return text
        for start, end, kind in self._highlighter.spans(line_index):
            if kind not in {TokenKind.NAME, TokenKind.OPERATOR}:
                text.stylize(self._style(kind), start, end)
        for first, last in self._matches.in_line(line_index) if self._matches is not None else ():
            text.stylize(self._style("match"), first, len(text) if last is None else last)
        for diagnostic in reversed(self.marks.of_row(line_index)):
            style = self._style("warning" if diagnostic.warning else "error")
            text.stylize(style, *_stretch(text.plain, diagnostic))
        return text

    def render_line(self, y: int) -> Strip:
        """Return a row; the margin of a line with an error, or that is pointed at, has a sign."""
        row = self.scroll_offset.y + y
        if self.document.empty or row >= self.document.line_count:
            self._drawn[y] = ()
            return super().render_line(y) if self.document.empty else self._render_line(y)
        self._drawn[y] = key = self.look_of(row)
        strip = self._rows.get(key) if key is not None else None
        if strip is None:
            strip = self._render_line(y)
            if found := self.marks.of_row(row):
                sign = (WARNING, "hint") if found[0].warning else (ERROR, "mark")
                strip = self._with_mark(strip, *sign)
            elif row in self._pointed:
                strip = self._with_mark(strip, POINTER, "pointer")
            if key is not None:
                self._rows[key] = strip
        self._catch_up_later()
        return strip

    def code_at(self, row: int, column: int) -> bool:
        """Return True when a place is in no comment, string or pragma."""
        spans = self._highlighter.spans(row) if self._highlighter is not None else ()
        return not any(one.start < column <= one.end and one.kind in _NO_CODE for one in spans)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell in a tooltip what the mouse is above."""
        told = None
        if self.on_hover is not None and event.x >= self.gutter_width and not event.button:
            row = event.y + self.scroll_offset.y
            column = event.x - self.gutter_width + self.scroll_offset.x
            inside = row < self.document.line_count and column < len(self.document[row])
            told = self.on_hover((row, column)) if inside else None
        if told != self._told:
            self._told = told
            # Text from outside is no markup.
            self.tooltip = Content(told) if told else None

    _told: str | None = None
    """What the tooltip says."""

    def _draw_changed(self) -> None:
        super()._draw_changed()
        self._catch_up_later()

    def _catch_up_later(self) -> None:
        if self._highlighter is not None and self._highlighter.behind and self._catching_up is None:
            self._catching_up = self.set_timer(_CATCH_UP_PAUSE, self._catch_up)

    def _catch_up(self) -> None:
        """Lex on to what is shown, in slices that no key waits for."""
        self._catching_up = None
        if self._highlighter is None:
            return
        self._highlighter.advance(_CATCH_UP_SECONDS)
        self._catch_up_later()
        if not self._highlighter.behind:
            self.refresh()

    def notify_style_update(self) -> None:
        """Forget rows in other colours."""
        self._rows.clear()
        super().notify_style_update()

    def look_of(self, row: int) -> Hashable | None:
        """Return all that decides how a row looks; `None` where cursor, selection or a partner is."""
        bracket = self._matching_bracket_location
        if self.selection.contains_line(row) or (bracket is not None and bracket[0] == row):
            return None
        state = self._highlighter.start(row) if self._highlighter is not None else None
        # Of what is wider than the region Textual takes what is visible: the widest line does not matter.
        return (
            self.document[row],
            state,
            row,
            tuple((one.column, one.length, one.warning) for one in self.marks.of_row(row)),
            row in self._pointed,
            self.gutter_width,
            self.region.width,
            self.scroll_offset.x,
        )

    def _with_mark(self, strip: Strip, character: str, style: str) -> Strip:
        margin = self.gutter_width
        numbered = strip.crop(0, margin - 2)
        mark = Strip([Segment(f"{character} ", self.rich_style + self._style(style))], 2)
        return Strip.join([numbered, mark, strip.crop(margin)])

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        """Find the partner of a bracket, in no more lines than a key can wait for.

        Args:
            bracket: the character; another than a bracket has no partner.
            search_from: where it stands.
        """
        return partner(lambda row: self.document[row], self.document.line_count, bracket, search_from)

    def load_text(self, text: str) -> None:
        """Load another text: history, marks and colours start anew."""
        super().load_text(text)
        self._matches, self._pointed = None, frozenset()
        self.mark(())

    def _set_document(self, text: str, language: str | None) -> None:
        self.document = LargeDocument(text)
        self.wrapped_document = UnwrappedDocument(self.document, self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        if self._highlighter is not None:
            self.document.on_replace = self._replaced
            self._highlighter.reset()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    def _replaced(self, first: int, removed: int, added: int) -> None:
        if self._highlighter is not None:
            self._highlighter.edited(first, removed, added)
        self.marks.edited(first, removed, added)
        self._forget_looks(removed, added)
        if removed != added and self.marks:
            self._show_overview()

    def edit(self, edit: Edit) -> EditResult:
        """Edit the text, and tell it.

        Args:
            edit: every change by hand passes here.
        """
        steps = self._newest_step()
        result = super().edit(edit)
        if edit.text or result.replaced_text:
            begins = self._newest_step() is not steps
            self._tell(Change(ChangeKind.EDIT, edit.top, edit.bottom, edit.text, begins))
        return result

    def undo(self) -> None:
        """Undo the last change."""
        if self.history.undo_stack:
            super().undo()
            self._tell(Change(ChangeKind.UNDO))

    def redo(self) -> None:
        """Redo what was undone."""
        if self.history.redo_stack:
            super().redo()
            self._tell(Change(ChangeKind.REDO))

    def replay(self, changes: Iterable[Change]) -> None:
        """Make changes again, as they were made before: undo takes them back in the same steps.

        Args:
            changes: those that were told to `on_change`, from the text that was loaded; one that does not fit
                the text ends it.
        """
        told, self.on_change = self.on_change, None
        vocabulary, self.vocabulary = self.vocabulary, None  # nothing is completed
        try:
            with self.prevent(TextArea.Changed, TextArea.SelectionChanged):
                for change in changes:
                    if not self._replay(change):
                        break
        finally:
            self.on_change, self.vocabulary = told, vocabulary
        self.post_message(self.Changed(self))

    def _replay(self, change: Change) -> bool:
        if change.kind is ChangeKind.UNDO:
            self.undo()
        elif change.kind is ChangeKind.REDO:
            self.redo()
        elif not (self._has(change.start) and self._has(change.end)):
            return False
        else:
            if change.begins:
                self.history.checkpoint()
            self.selection = Selection(change.start, change.end)
            self.edit(Edit(change.text, change.start, change.end, maintain_selection_offset=False))
        return True

    def _has(self, place: Location) -> bool:
        row, column = place
        return 0 <= row < self.document.line_count and 0 <= column <= len(self.document[row])

    def _newest_step(self) -> object:
        stack = self.history._undo_stack
        return stack[-1] if stack else None

    def _tell(self, change: Change) -> None:
        if self.on_change is not None:
            self.on_change(change)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"qasm--{name}", partial=True)


def _stretch(line: str, diagnostic: Diagnostic) -> tuple[int, int]:
    """Where what a diagnostic is about begins and ends: the last character where the line is shorter."""
    column = min(max(0, diagnostic.column - 1), max(0, len(line) - 1))
    end = column + diagnostic.length
    if diagnostic.length:
        return column, end
    while end < len(line) and (line[end].isalnum() or line[end] in "_$"):
        end += 1
    return column, max(end, column + 1)
