"""Commands of the app about itself: palette, settings, other keys, theme, pictures of the screen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from textual import work
from textual.app import SystemCommand
from textual.command import Hit, Hits
from textual.screen import Screen
from textual.system_commands import SystemCommandsProvider

from tui.common.timing import Clock
from tui.config.settings import Settings, folders
from tui.monitor.services import AppServices
from tui.monitor.state.events import Severity
from tui.screens.base import SectionScreen
from tui.screens.dialogs.base import Dialog
from tui.widgets.chrome.footer import NotifyingApp, key_name
from tui.widgets.key import Key
from tui.widgets.keymap import GLOBAL, PLACES, key_by_id
from tui.widgets.terminal.themes import ThemeName

_WORDS = {
    "app.account": "Also: usage, the QPU time that is left; log in, log out.",
    "app.backends": "Also: devices, calibration, qubits, errors.",
    "app.sessions": "Also: batches.",
    "app.messages": "Also: notifications.",
    "editor.open": "Also: recent files.",
}
"""Words that people look for beside those of a key's own sentence."""
_ELSEWHERE = {
    "jobs": ("app.jobs", "in the job table"),
    "job": ("app.jobs", "on a job's page"),
    "editor": ("app.editor", "in the editor"),
    "find": ("app.editor", "in the editor"),
    "transpile": ("app.transpile", "in the review"),
    "candidates": ("app.transpile", "in the review"),
    "sessions": ("app.sessions", "among the sessions"),
    "backends": ("app.backends", "among the backends"),
    "account": ("app.account", "in the account"),
}
"""By the first part of a key's id: the key that goes there, and the place in words."""


class AppCommandsProvider(SystemCommandsProvider):
    """Finds commands by their names, then by the words that explain them, then those of other screens."""

    async def search(self, query: str) -> Hits:
        """Find the commands for what was typed, of this screen before those of the others.

        Yields:
            Commands with all the words in the name; then in the explanation; then this screen's whose name
            has the letters in their order.
        """
        app = cast(CommandsApp, self.app)
        matcher, words = self.matcher(query), query.casefold().split()
        here, elsewhere = app.get_system_commands(self.screen), app.commands_elsewhere(self.screen)
        for commands, is_here in ((here, True), (elsewhere, False)):
            for command in commands:
                name, told = command.title.casefold(), command.help.casefold()
                if all(word in name for word in words):
                    rank = 3
                elif all(word in name or word in told for word in words):
                    rank = 2
                else:
                    rank = 1 if is_here and matcher.match(command.title) else 0
                if rank:
                    title = matcher.highlight(command.title)
                    yield Hit(2 * rank + is_here, title, command.callback, help=command.help)


class CommandsApp(NotifyingApp):
    """An app with a palette and settings."""

    COMMANDS: ClassVar = {AppCommandsProvider}
    clock: Clock
    services: AppServices
    _settings: Settings

    @property
    def keymap(self) -> Mapping[str, str]:
        """Keys by the id of their action, of those that the user changed."""
        return self._settings.keymap

    def theme_of(self, fitting: ThemeName) -> str:
        """Return the theme that the user chose, or the one that fits the terminal.

        Args:
            fitting: a terminal without colours has its own, whatever was chosen on another one.
        """
        chosen = self._settings.theme
        return chosen if chosen in self.available_themes and fitting is not ThemeName.TERMINAL else fitting

    def use_settings(self) -> None:
        """Have the user's keys, unless they cannot be; keep the theme that is chosen from now on."""
        if fault := keymap_fault(self.keymap):
            self.show_notice(f"settings.toml, keymap: {fault}", Severity.WARNING)
        elif self.keymap:
            self.set_keymap(dict(self.keymap))
        self.theme_changed_signal.subscribe(self, lambda _theme: self._keep_theme())

    @work(group="theme", exclusive=True, exit_on_error=False)
    async def _keep_theme(self) -> None:
        from tui.config.settings_file import set_value

        await asyncio.to_thread(set_value, folders(os.environ).settings_file, "theme", self.theme)

    def action_settings(self) -> None:
        """See and change the settings."""
        from tui.screens.dialogs.settings import SettingsDialog

        if not isinstance(self.screen, Dialog):
            self.push_screen(SettingsDialog(folders(os.environ).settings_file))

    def action_save_picture(self) -> None:
        """Save a picture of the screen under a name of its own."""
        name = f"qdeck-{self.clock.now():%Y%m%d-%H%M%S}.svg"
        try:
            path = self.save_screenshot(name, path=str(Path.cwd()))
        except OSError as error:
            text = f"The picture cannot be saved: {error.strerror or error}."
            self.show_notice(text, Severity.ERROR)
        else:
            self.show_notice(f"Saved {path}")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: what the screen's keys do, then what works everywhere."""
        for active in screen.active_bindings.values():
            key = key_by_id(active.binding.id)
            if key is not None and active.enabled and key not in GLOBAL:
                yield SystemCommand(key.label, _told(key), partial(self.simulate_key, active.binding.key))
        for key in GLOBAL:
            if key.id not in {"app.palette", "app.help_anywhere"}:
                yield SystemCommand(key.label, _told(key), partial(self.run_action, f"app.{key.action}"))
        if isinstance(screen, SectionScreen):
            yield from (SystemCommand(*command) for command in screen.palette())
        yield SystemCommand("Theme", "Change the colours; the choice is kept.", self.action_change_theme)
        yield SystemCommand(
            "Screenshot",
            "Save a picture of the screen, SVG, in the folder that qdeck was started in.",
            self.action_save_picture,
        )

    def commands_elsewhere(self, screen: Screen[object]) -> Iterator[SystemCommand]:
        """List the keys of other screens than `screen`: each command goes there and says its key."""
        here = {active.binding.id for active in screen.active_bindings.values()}
        for place in PLACES:
            for key in place:
                way, where = _ELSEWHERE.get(key.id.partition(".")[0], ("", ""))
                goes = None if key.id in here else key_by_id(way)
                if goes is not None and not (key.changes and self.services.read_only):
                    told = f"{_told(key)} Key: {key_name(key.keys.partition(',')[0])}."
                    go = partial(self.run_action, f"app.{goes.action}")
                    yield SystemCommand(f"{key.label}, {where}", told, go)


def _told(key: Key) -> str:
    return f"{key.help} {_WORDS[key.id]}" if key.id in _WORDS else key.help


_NEVER = frozenset(
    [
        "ctrl+m",
        "ctrl+h",
        "ctrl+j",
        "ctrl+i",
        "ctrl+enter",
        "ctrl+shift+enter",
        "alt+b",
        "alt+f",
        "alt+shift+o",
    ]
)
"""Keys that terminals send as others, or not at all: alt+b and alt+f are those of a shell, by words."""


def keymap_fault(changes: Mapping[str, str]) -> str:
    """Say what is wrong with other keys for some actions.

    Args:
        changes: Textual's names of keys, comma-separated, by the id of the action: `jobs.cancel`.

    Returns:
        A sentence; empty: nothing is wrong.
    """
    for key_id, keys in changes.items():
        if key_by_id(key_id) is None:
            return f"There is no key {key_id!r}: `qdeck help keys` lists them."
        names = [name.strip() for name in keys.split(",")]
        if not all(names):
            return f"{key_id} needs a key, such as f8, x or ctrl+x."
        if bad := next((name for name in names if name in _NEVER), ""):
            return f"{key_id} cannot be {bad}: terminals send another key for it."
        if other := _taken(key_id, names, changes):
            return f"{key_id} and {other} cannot both be {keys}."
    return ""


def _taken(key_id: str, names: Sequence[str], changes: Mapping[str, str]) -> str:
    """An action of the same place, or of everywhere, that has one of the keys already."""
    for place in PLACES:
        if place is GLOBAL or any(key.id == key_id for key in place):
            for key in place:
                others = changes.get(key.id, key.keys).split(",")
                if key.id != key_id and any(other.strip() in names for other in others):
                    return key.id
    return ""
