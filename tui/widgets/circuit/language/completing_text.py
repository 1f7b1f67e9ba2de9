"""A text area that completes words: what is offered stands grey behind the cursor, and tab takes it."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets.text_area import Edit, EditResult

from tui.openqasm.completion import ArgumentHint, Completion, Vocabulary
from tui.widgets.circuit.line_editing import LineEditing

_LONGEST_LINE = 2_000
"""Characters of a line in which words are completed."""
_TYPED = 2
"""Characters that a key inserts at most: what is longer was pasted, and is no beginning of a word."""


class CompletingText(LineEditing):
    """Offers words while keys are typed; moving the cursor, pasting and undo offer nothing.

    Attributes:
        vocabulary: the names that are known; `None`: nothing is completed.
    """

    vocabulary: Vocabulary | None = None
    _typing = False
    _offered: tuple[Completion, ...] = ()
    _due: ArgumentHint | None = None

    class Assisted(Message):
        """What is offered, or the argument that is due, is another.

        Attributes:
            offered: completions of the word before the cursor, the best first.
            due: the argument.
        """

        def __init__(
            self, area: CompletingText, offered: tuple[Completion, ...], due: ArgumentHint | None
        ) -> None:
            super().__init__()
            self.area = area
            self.offered = offered
            self.due = due

    def on_resize(self) -> None:
        """Keep the line in sight that is being typed: what is said below it may take more lines."""
        if self.has_focus:
            self.scroll_cursor_visible()

    def code_at(self, row: int, column: int) -> bool:
        """Return True when a place is in no comment and no string."""
        return True

    def edit(self, edit: Edit) -> EditResult:
        """Edit the text; what a key types may be completed."""
        self._typing = len(edit.text) <= _TYPED and not self.read_only
        try:
            return super().edit(edit)
        finally:
            self._typing = False

    def update_suggestion(self) -> None:
        """Offer what completes the word before the cursor, if it is being typed."""
        offered: tuple[Completion, ...] = ()
        due = None
        vocabulary = self.vocabulary
        if self._typing and vocabulary is not None and self.selection.is_empty:
            row, column = self.cursor_location
            line = self.document[row]
            if len(line) <= _LONGEST_LINE and self.code_at(row, column):
                before = line[:column]
                offered = tuple(vocabulary.completions(before, row, line[column : column + 1]))
                due = vocabulary.hint(before, row)
        self._offer(offered, due)

    def watch_selection(self) -> None:
        """Drop what is offered when the cursor moves; Textual calls its own watcher, too."""
        if not self._typing:
            self._offer((), None)
        super().watch_selection()

    def _offer(self, offered: tuple[Completion, ...], due: ArgumentHint | None) -> None:
        ghost = offered[0].ghost if offered else ""
        if self.suggestion != ghost:
            self.suggestion = ghost
        if (offered, due) != (self._offered, self._due):
            self._offered, self._due = offered, due
            self.post_message(self.Assisted(self, offered, due))

    def action_indent(self) -> None:
        """Take what is offered; where nothing is, indent."""
        if self._offered:
            self._take(self._offered[0])
        else:
            super().action_indent()

    def action_cursor_right(self, select: bool = False) -> None:
        """Take what is offered; where nothing is, move the cursor."""
        if self._offered and not select:
            self._take(self._offered[0])
        else:
            super().action_cursor_right(select)

    async def _on_key(self, event: events.Key) -> None:
        """Let esc drop what is offered, no more: Textual would give the focus to whatever is next."""
        if event.key == "escape" and self.tab_behavior == "indent":
            event.stop()
            event.prevent_default()
            if self._offered:
                self._offer((), self._due)
            return
        await super()._on_key(event)

    def _take(self, completion: Completion) -> None:
        row, column = self.cursor_location
        line = self.document[row]
        text, place = completion.inserted
        margin = line[: len(line) - len(line.lstrip())]
        before = text[:place].replace("\n", f"\n{margin}")
        self.history.checkpoint()
        whole = before + text[place:].replace("\n", f"\n{margin}")
        self.edit(Edit(whole, (row, column), (row, column), maintain_selection_offset=False))
        down = before.count("\n")
        self.move_cursor((row + down, len(before) - before.rfind("\n") - 1 if down else column + len(before)))
        self.history.checkpoint()
