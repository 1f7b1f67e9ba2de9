"""The terminal's driver: Textual's own, ended by a terminal that went away and unharmed by odd bytes."""

from __future__ import annotations

import codecs
import os
import selectors
import sys
from typing import TYPE_CHECKING

from textual._parser import ParseError  # this and the next: what `LinuxDriver` itself reads keys with
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui.widgets.terminal.app import DiffApp

if TYPE_CHECKING:
    from textual.app import App

HANG_UP = 129
"""Exit status when the terminal is gone: 128 + SIGHUP."""


class TerminalDriver(LinuxDriver):
    """Reads keys like `LinuxDriver`, but for two things, and writes to stdout.

    Textual writes to stderr, so `qdeck 2>errors` would show nothing.

    At the end of its input Textual 8.2.8 keeps reading, at a whole core, for ever: here the app ends. A byte
    that is no UTF-8 (a mouse report of the X10 kind past column 95) ends Textual's app: here it is replaced.
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
        # `LinuxDriver.run_input_thread` as it is, but for the end of input and the decoder: it has no hook.
        parser = XTermParser(self._debug)
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
                        for message in parser.feed(decoder.decode(data)):
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
