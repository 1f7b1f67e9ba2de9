"""The terminal's driver: Textual's own, ended by a terminal that went away and unharmed by odd bytes."""

from __future__ import annotations

import codecs
import os
import selectors
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from textual import events
from textual._ansi_sequences import (
    ANSI_SEQUENCES_KEYS,
)  # this and the next two: what `LinuxDriver` itself uses
from textual._parser import ParseError
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui.widgets.terminal.app import DiffApp

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

HANG_UP = 129
"""Exit status when the terminal is gone: 128 + SIGHUP."""
_ESCAPE: Final = "\x1b"
_INTRODUCERS: Final = frozenset("[OP]_^X")
"""Characters that begin longer sequences behind an escape (ECMA-48 5.3, and SS3)."""


class KeyParser(XTermParser):
    """Reads keys as Textual does, but for a key with alt, and for an escape in a paste.

    Terminals send a key with alt as an escape and the key. Textual 8.2.8 waits 0.1 s for more behind them,
    and what comes earlier (the key repeats, quick typing, a slow line) makes text of the letter: here it is
    read at once. What follows an escape in a paste Textual takes for keys: here the escape is left out.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._in_paste = False
        self._held = ""
        """Outside of a paste what was read last, within one what may begin its end."""

    def feed(self, data: str) -> Iterable[Message]:
        """Yield what was sent.

        Args:
            data: characters from the terminal; empty: there will be no more.
        """
        if not data:
            yield from super().feed(data)
        while data:
            part, data = self._pasted(data) if self._in_paste else self._typed(data)
            if part:
                yield from super().feed(part)

    def _typed(self, data: str) -> tuple[str, str]:
        """Split at the beginning of the next paste; parts of it may have come before."""
        seen = self._held + data
        start = seen.find(BRACKETED_PASTE_START)
        if start < 0:
            self._held = seen[1 - len(BRACKETED_PASTE_START) :]
            return data, ""
        place = start + len(BRACKETED_PASTE_START) - len(self._held)
        self._in_paste, self._held = True, ""
        return data[:place], data[place:]

    def _pasted(self, data: str) -> tuple[str, str]:
        """Split behind the end of the paste; what may begin that end waits for the rest of it."""
        seen = self._held + data
        before, end, after = seen.partition(BRACKETED_PASTE_END)
        if end:
            self._in_paste, self._held = False, ""
            return before.replace(_ESCAPE, "") + end, after
        last = seen.rfind(_ESCAPE)
        waits = last >= 0 and BRACKETED_PASTE_END.startswith(seen[last:])
        self._held = seen[last:] if waits else ""
        return seen[: len(seen) - len(self._held)].replace(_ESCAPE, ""), ""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        """Yield the keys of a sequence; none while it may go on."""
        key = sequence[1:]
        # Some are other keys by custom: alt+f and alt+b go by words, as in shells.
        known = isinstance(ANSI_SEQUENCES_KEYS.get(sequence), tuple)
        if len(key) != 1 or sequence[0] != _ESCAPE or known or key in _INTRODUCERS:
            yield from super()._sequence_to_key_events(sequence, alt)
            return
        if not key.isprintable():
            yield events.Key("escape", _ESCAPE)
        for event in super()._sequence_to_key_events(key, alt=True):
            if key.isprintable():
                name = event.key if event.key.startswith("alt+") else f"alt+{event.key}"
                yield events.Key(name, None)
            else:
                yield event


class TerminalDriver(LinuxDriver):
    """Reads keys like `LinuxDriver`, but for three things, and writes to stdout.

    Textual writes to stderr, so `qdeck 2>errors` would show nothing.

    At the end of its input Textual 8.2.8 keeps reading, at a whole core, for ever: here the app ends. A byte
    that is no UTF-8 (a mouse report of the X10 kind past column 95) ends Textual's app: here it is replaced.
    Keys with alt are read by `KeyParser`.
    """

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if sys.__stdout__ is not None:
            self._file = sys.__stdout__  # private: `LinuxDriver` takes no file

    def start_application_mode(self) -> None:
        """Enter the terminal's screen, at the start and again after the app was stopped: it is empty then."""
        if self._writer_thread is not None and self._writer_thread.is_alive():
            # SIGCONT after SIGSTOP, which no program can prepare for. Textual 8.2.8 would start its threads a
            # second time, take the terminal's modes for those before qdeck, and at times never end.
            self.suspend_application_mode()
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's is not annotated
        if isinstance(self._app, DiffApp):
            self._app.screen_buffer.invalidate()

    def write(self, data: str) -> None:
        """Write to the terminal, but not to one that was given to another program."""
        # Textual 8.2.8 would wait for ever for a thread that has ended.
        if self._writer_thread is not None and self._writer_thread.is_alive():
            super().write(data)

    def run_input_thread(self) -> None:
        """Read and dispatch input until the app ends or the terminal is gone."""
        # `LinuxDriver.run_input_thread` but for the end of input, decoder and parser: it has no hook.
        parser = KeyParser(self._debug)
        decoder = _decoder()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            try:
                while not self.exit_event.is_set():
                    if selector.select(0.1):
                        try:
                            data = os.read(self.fileno, 4096)
                        except OSError:
                            data = b""
                        if not data:
                            self._hung_up()
                            return
                        # A part of a character is none yet; the parser takes an empty text for the end.
                        for message in parser.feed(text) if (text := decoder.decode(data)) else ():
                            self.process_message(message)
                    for message in parser.tick():
                        self.process_message(message)
            finally:
                try:
                    for _ in parser.feed(""):
                        pass
                except (EOFError, ParseError):
                    # The parser learns that nothing follows; a half-read sequence is of no use now.
                    return

    def _hung_up(self) -> None:
        self._app.call_later(self._app.exit, None, HANG_UP)


def _decoder() -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder("utf-8")(errors="replace")
