"""What programmers expect of keys in a text: lines moved, doubled, indented, turned into comments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import ClassVar

from textual.widgets.text_area import Edit, Selection

from tui.openqasm.fixes import Fix
from tui.widgets.circuit.large_document import LargeDocument, LargeTextArea
from tui.widgets.keymap import TEXT, bindings

COMMENT = "//"


class LineEditing(LargeTextArea):
    """A text area with commands on the lines of the selection; each is one step for undo."""

    BINDINGS: ClassVar = bindings(TEXT)

    document: LargeDocument

    def action_go_to_end(self, direction: int, select: bool = False) -> None:
        """Move the cursor to the beginning or the end of the text."""
        self.history.checkpoint()
        self.move_cursor((0, 0) if direction < 0 else self.document.end, select=select)

    def go_to_line(self, typed: str) -> None:
        """Move the cursor to a line, or the nearest that there is.

        Args:
            typed: LINE or LINE:COLUMN, from 1.
        """
        row, _, column = typed.partition(":")
        at = min(max(int(row), 1), self.document.line_count) - 1
        self.history.checkpoint()
        self.move_cursor((at, min(max(int(column or 1) - 1, 0), len(self.document[at]))), center=True)

    def action_select_the_word(self) -> None:
        """Select the word at the cursor, or before it."""
        row, column = self.cursor_location
        line = self.document[row]
        start = end = column
        while start > 0 and _in_word(line[start - 1]):
            start -= 1
        while end < len(line) and _in_word(line[end]):
            end += 1
        if start < end:
            self.selection = Selection((row, start), (row, end))

    def action_bracket(self) -> None:
        """Go to the partner of the bracket at the cursor, or before it."""
        row, column = self.cursor_location
        for place in (column, column - 1):
            character = self.document[row][place : place + 1] if place >= 0 else ""
            partner = self.find_matching_bracket(character, (row, place)) if character else None
            if partner is not None:
                self.history.checkpoint()
                self.move_cursor(partner)
                return

    def action_toggle_comment(self) -> None:
        """Turn the selected lines into comments; back, when all are."""
        first, lines = self._chosen()
        written = [one for one in lines if one.strip()]
        if not written or self.read_only:
            return
        if all(one.lstrip().startswith(COMMENT) for one in written):
            self._put(first, lines, [_without_comment(one) for one in lines])
            return
        # Of 100,000 lines this is the costly step, and the first one mostly says it.
        flush = any(not one[0].isspace() for one in written)
        margin = 0 if flush else min(len(one) - len(one.lstrip()) for one in written)
        if not margin and len(written) == len(lines):
            self._put(first, lines, [f"{COMMENT} {one}" for one in lines])
            return
        self._put(
            first,
            lines,
            [f"{one[:margin]}{COMMENT} {one[margin:]}" if one.strip() else one for one in lines],
        )

    def action_move_lines(self, direction: int) -> None:
        """Move the selected lines one line up or down."""
        first, lines = self._chosen()
        other = first - 1 if direction < 0 else first + len(lines)
        if self.read_only or not 0 <= other < self.document.line_count:
            return
        passed = [self.document[other]]
        if direction < 0:
            self._put(other, [*passed, *lines], [*lines, *passed], shift=-1)
        else:
            self._put(first, [*lines, *passed], [*passed, *lines], shift=1)

    def action_double_lines(self) -> None:
        """Put a copy of the selected lines below them, with the cursor in it."""
        first, lines = self._chosen()
        if not self.read_only:
            last = lines[-1:]
            self._put(first + len(lines) - 1, last, [*last, *lines], shift=len(lines))

    def action_indent(self) -> None:
        """Indent the selected lines by a step; without a selection, go to the next tab stop."""
        if self.read_only:
            self.screen.focus_next()
        elif self.selection.is_empty:
            self.insert(" " * self._find_columns_to_next_tab_stop())
        else:
            first, lines = self._chosen()
            step = " " * self.indent_width
            self._put(first, lines, [f"{step}{one}" if one.strip() else one for one in lines])

    def action_outdent(self) -> None:
        """Take a step of indentation from the selected lines; go to the field before where there is none."""
        first, lines = self._chosen()
        after = [one[min(self.indent_width, len(one) - len(one.lstrip())) :] for one in lines]
        if self.read_only or after == lines:
            self.screen.focus_previous()
        else:
            self._put(first, lines, after)

    def rewrite(self, text: str, moved: Callable[[int], int]) -> bool:
        """Make the text another one, as one step for undo; lines that stay are not touched.

        Args:
            text: the new text, its lines joined by newlines.
            moved: gives the offset in it of an offset in the text before, joined in the same way.

        Returns:
            False where it is the same text, or may not be changed.
        """
        before, after = self.document.lines, text.split("\n")
        if self.read_only or before == after:
            return False
        offsets = [moved(offset_of(before, place)) for place in self.selection]
        places = _locations(after, offsets)
        least = min(len(before), len(after))
        same = next((row for row in range(least) if before[row] != after[row]), least - 1)
        last = next(
            (row for row in range(least - same) if before[-1 - row] != after[-1 - row]), least - same - 1
        )
        end = len(before) - 1 - last
        self.history.checkpoint()
        new = self.document.newline.join(after[same : len(after) - last])
        self.edit(Edit(new, (same, 0), (end, len(before[end])), maintain_selection_offset=False))
        self.selection = Selection(*places)
        self.history.checkpoint()
        return True

    def correct(self, fix: Fix) -> None:
        """Make a correction, as one step for undo; the cursor stays at its character."""
        self.history.checkpoint()
        start, end = (fix.row, fix.start), (fix.row, fix.end)
        self.edit(Edit(fix.text, start, end, maintain_selection_offset=True))
        self.history.checkpoint()

    def _chosen(self) -> tuple[int, list[str]]:
        """The first line of the selection, by number, and its lines; none of which it has only the start."""
        start, end = sorted(self.selection)
        last = end[0] - 1 if end[0] > start[0] and end[1] == 0 else end[0]
        return start[0], self.document.lines[start[0] : last + 1]

    def _put(self, first: int, before: list[str], after: list[str], *, shift: int = 0) -> None:
        """Replace whole lines, the selection staying on the same text, or `shift` lines further."""
        if after == before:
            return

        def longer(row: int) -> int:
            inside = not shift and first <= row < first + min(len(before), len(after))
            return len(after[row - first]) - len(before[row - first]) if inside else 0

        moved = [(row + shift, max(0, column + longer(row))) for row, column in self.selection]
        self.history.checkpoint()
        place = (first, 0), (first + len(before) - 1, len(before[-1]))
        self.edit(Edit(self.document.newline.join(after), *place, maintain_selection_offset=False))
        self.selection = Selection(*moved)
        self.history.checkpoint()


def wrong_place(typed: str) -> str:
    """Say what is wrong with LINE or LINE:COLUMN; empty: nothing."""
    row, colon, column = typed.strip().partition(":")
    fits = all(
        part.isascii() and part.isdigit() and len(part) < 10 for part in ([row, column] if colon else [row])
    )
    return "" if fits else "Write a line's number, as 120, or LINE:COLUMN, as 120:7."


def _in_word(character: str) -> bool:
    return character.isalnum() or character in "_$"


def offset_of(lines: Sequence[str], place: tuple[int, int]) -> int:
    """Return the characters before a row and column, a line end being one."""
    return sum(map(len, lines[: place[0]])) + place[0] + place[1]


def _locations(lines: Sequence[str], offsets: Iterable[int]) -> list[tuple[int, int]]:
    """Row and column of each offset; the end of the text for one behind it."""
    before = list(accumulate(map(len, lines), initial=0))
    found = []
    for offset in offsets:
        row = bisect_right(range(len(lines)), offset, key=lambda row: before[row] + row) - 1
        found.append((row, min(offset - before[row] - row, len(lines[row]))))
    return found


def _without_comment(line: str) -> str:
    margin, _, rest = line.partition(COMMENT)
    return margin + rest.removeprefix(" ") if not margin.strip() else line
