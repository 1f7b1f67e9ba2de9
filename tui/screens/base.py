"""What every section of the app is: a screen over the deck that hears its events as messages."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.message import Message
from textual.screen import Screen

from tui.monitor.deck import Deck
from tui.monitor.events import Event
from tui.screens.bench import Bench


class DeckEvent(Message):
    """An event of the deck, on its way to the widgets."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class SectionScreen(Screen[None]):
    """A section: knows the deck and the bench, and gets the deck's events through `deck_event`."""

    def __init__(self, deck: Deck, bench: Bench) -> None:
        super().__init__()
        self.deck = deck
        self.bench = bench
        self._unsubscribe: Callable[[], None] | None = None

    def on_mount(self) -> None:
        """Listen to the deck while mounted."""
        self._unsubscribe = self.deck.subscribe(self._forward)

    def on_unmount(self) -> None:
        """Stop listening."""
        if self._unsubscribe is not None:
            self._unsubscribe()

    def _forward(self, event: Event) -> None:
        self.post_message(DeckEvent(event))

    @on(DeckEvent)
    def _hear(self, message: DeckEvent) -> None:
        self.deck_event(message.event)

    def deck_event(self, event: Event) -> None:
        """Repaint what `event` changed."""
