"""The keys of the screen beneath, from the registry, and of the whole app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.screens.app_commands import CommandsApp
from tui.screens.base import HelpTopic
from tui.screens.dialogs.base import Dialog
from tui.widgets.chrome.footer import key_name
from tui.widgets.key import Key
from tui.widgets.keymap import GLOBAL, HELP, PLACES, bindings, key_by_id
from tui.widgets.terminal.too_small import TooSmall
from tui.widgets.text.styled_text import BLANK, StyledLine, TextStyle, line, wrapped
from tui.widgets.text.text_widgets import TextPane

_REGISTERED = [key for place in PLACES for key in place]
_MOVING: tuple[tuple[str, str], ...] = (
    ("↑ ↓ j k", "Move in a list or table."),
    ("tab", "Go to the next field."),
    ("shift+mouse", "Select text with the terminal's own mouse."),
)


class HelpScreen(Dialog[None]):
    """Made for the bindings that were active when it was asked for.

    Args:
        title: the section it was asked for in.
        key_ids: ids of the active bindings.
        topic: what it begins with; `None`: with the keys.
    """

    TITLE = "Help"
    BINDINGS: ClassVar = bindings(HELP)

    def __init__(self, title: str, key_ids: Sequence[str], topic: HelpTopic | None = None) -> None:
        super().__init__()
        self._topic = topic
        self._title = title
        self._key_ids = tuple(key_ids)

    def compose(self) -> ComposeResult:
        """The list, scrollable."""
        with Vertical(classes="dialog -tall"):
            yield Static(Content("Keys" if self._topic is None else "Help"), classes="dialog--title")
            yield TextPane(id="keys")
            yield Static(Content("↑↓ scroll   esc close"), classes="dialog--keys")
        yield TooSmall()

    def on_mount(self) -> None:
        """Fill the list."""
        self._show()
        self.query_one(TextPane).focus()
        if self._topic is not None:
            self.run_worker(self._load(self._topic), group="topic", exit_on_error=False)

    async def _load(self, topic: HelpTopic) -> None:
        await topic.load()
        self._show()

    def _show(self) -> None:
        self.query_one(TextPane).show(self._page, home=False)

    def action_close(self) -> None:
        """Back."""
        self.leave()

    def _page(self, width: int) -> list[StyledLine]:
        everywhere = {key.id for key in GLOBAL}
        here = [
            key
            for key_id in self._key_ids
            if key_id not in everywhere and (key := key_by_id(key_id)) is not None
        ]
        # A widget's own keys come first among the active ones.
        here.sort(key=_REGISTERED.index)
        keymap = cast(CommandsApp, self.app).keymap
        lines: list[StyledLine] = []
        if self._topic is not None:
            lines += [*self._topic.lines(width - 1), BLANK]  # there will be a scroll bar
        titles = [(self._title, here)] if here else []
        for title, keys in (*titles, ("Everywhere", GLOBAL)):
            lines.append(line((title, TextStyle.STRONG)))
            for key in keys:
                lines += _key_lines(key, keymap, width)
            lines.append(BLANK)
        lines.append(line(("Moving", TextStyle.STRONG)))
        for names, text in _MOVING:
            lines += _rows(names, text, width)
        return lines


def _key_lines(key: Key, keymap: Mapping[str, str], width: int) -> list[StyledLine]:
    keys = keymap.get(key.id, key.keys)
    return _rows(" ".join(key_name(name.strip()) for name in keys.split(",")), key.help, width)


def _rows(keys: str, text: str, width: int) -> list[StyledLine]:
    """The keys, and the sentence beside them, wrapped."""
    beside = max(15, len(keys) + 3)
    first, *others = wrapped(text, max(20, width - beside - 1))
    return [line((f"  {keys:<12} ", TextStyle.KEY)) + first, *(line(" " * beside) + one for one in others)]
