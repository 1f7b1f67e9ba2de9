"""The line a filter is typed in; an error is shown below the place where it is."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from tui.common.safe_text import plain
from tui.jobquery.filters import FilterError, JobFilter, parse_filter
from tui.jobquery.view import MAX_FILTER_LENGTH
from tui.widgets.forms.inputs import CompletingInput, FilterTagSuggester
from tui.widgets.text.styled_text import TextStyle, line
from tui.widgets.text.text_widgets import TextBlock

_HINT = "status:failed backend:cusco tag:vqe age<2d shots>1000 free text"


class FilterInput(Vertical):
    """Hidden until it is asked for; without a filter and without the focus it hides again."""

    DEFAULT_CSS = """
    FilterInput { height: auto; }
    """

    class Changed(Message):
        """Another filter, and it can be read."""

        def __init__(self, wanted: JobFilter) -> None:
            super().__init__()
            self.wanted = wanted

    class Left(Message):
        """The filter is kept as it is: the keys go back to the table."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._count = ""
        self.tags = FilterTagSuggester()
        """Completes `tag:`; give it the tags."""

    def compose(self) -> ComposeResult:
        """Yield the field, and the line below it."""
        field = CompletingInput(
            placeholder=_HINT, compact=True, id="filter", max_length=MAX_FILTER_LENGTH, suggester=self.tags
        )
        field.cursor_blink = False
        yield field
        yield TextBlock(id="filter-said")

    def on_mount(self) -> None:
        """Hide it until it is asked for."""
        self.display = False

    @property
    def field(self) -> Input:
        """Field of the filter."""
        return self.query_one("#filter", Input)

    @property
    def text(self) -> str:
        """Text of the filter as typed."""
        return self.field.value

    def ask(self) -> None:
        """Show the field and type in it."""
        self.display = True
        self.field.focus()
        self._say()

    def use(self, text: str) -> None:
        """Show and use this filter."""
        self.display = bool(text)
        self.field.value = text

    def show_count(self, count: str) -> None:
        """Show how many jobs the filter finds, while it is typed."""
        self._count = count
        self._say()

    def _say(self) -> None:
        said = self.query_one("#filter-said", TextBlock)
        try:
            parse_filter(self.text)
        except FilterError as error:
            # The field scrolls when it is full: then the place below is another.
            start = 1 + error.at if len(self.text) + 2 < self.size.width else 1
            carets = "^" * max(1, min(error.length, self.size.width - start - 1))
            message = line(" ", (plain(error.message, limit=300), TextStyle.BAD))
            said.show([line(" " * start, (carets, TextStyle.BAD)), message])
            return
        keys = ("   enter keeps it   esc drops it", TextStyle.MUTED)
        summary = line(" ", (self._count, TextStyle.MUTED), keys)
        said.show([summary] if self.field.has_focus else [])

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._say()
        try:
            wanted = parse_filter(event.value)
        except FilterError:
            return
        self.post_message(self.Changed(wanted))

    @on(Input.Submitted)
    def _kept(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left())

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Hide an empty field."""
        self.display = bool(self.text.strip())
        self._say()
