"""What is left of widgets that were removed: nothing, however long the app is used."""

from __future__ import annotations

import gc
import weakref

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Static

from tui.widgets.terminal.app import DiffApp


class Dialog(ModalScreen[None]):
    """A dialog with something in it."""

    def compose(self) -> ComposeResult:
        """Compose the dialog."""
        yield Static("\n".join(f"line {number}" for number in range(10)))


async def test_closed_dialog_leaves_nothing_behind() -> None:
    app = DiffApp()
    async with app.run_test() as pilot:
        await app.push_screen(Dialog())
        await pilot.pause()
        dialog = weakref.ref(app.screen)
        content = app.screen.query_one(Static)
        widget, lines = weakref.ref(content), weakref.ref(content._styles_cache)
        del content
        await app.pop_screen()
        await pilot.pause()
        gc.collect()
        assert (dialog(), widget(), lines()) == (None, None, None)


async def test_dialogs_opened_again_and_again_keep_no_lines() -> None:
    app = DiffApp()
    async with app.run_test() as pilot:
        counts = []
        for _ in range(4):
            for _ in range(5):
                await app.push_screen(Dialog())
                await pilot.pause()
                await app.pop_screen()
            await pilot.pause()
            gc.collect()
            counts.append(sum(type(kept) is Strip for kept in gc.get_objects()))
        assert counts[-1] <= counts[0], counts
