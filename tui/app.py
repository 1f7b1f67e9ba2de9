"""The app around the screens: modes, keys, notices, the terminal's manners, and how it ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.driver import Driver
from textual.events import AppBlur, AppFocus
from textual.worker import Worker, WorkerState

from tui.common.crash_log import write_trouble
from tui.common.errors import QdeckError
from tui.common.safe_text import shorten
from tui.common.termination import ends_on_signal
from tui.common.timing import Clock
from tui.config.settings import Settings, folders
from tui.domain.accounts import Account, Channel
from tui.monitor.on_finish import FinishClaims, FinishHook
from tui.monitor.services import AppServices
from tui.monitor.state.events import (
    Event,
    IdentityChanged,
    JobsFinished,
    Notice,
    SessionIdle,
    SessionsChanged,
    Severity,
)
from tui.screens.app_sections import SectionsApp
from tui.screens.base import AppEvent, drop_lost_session
from tui.screens.workspace import Workspace
from tui.widgets.chrome.status_bar import StatusBar
from tui.widgets.keymap import GLOBAL, bindings
from tui.widgets.terminal.app import DiffApp, FocusTrackingApp
from tui.widgets.terminal.quiet_collector import QuietCollector
from tui.widgets.terminal.themes import THEMES, VARIABLES, ThemeName, theme_for
from tui.widgets.terminal.too_small import LEAST_HEIGHT, LEAST_WIDTH
from tui.widgets.text.format import finished_message, idle_warning

if TYPE_CHECKING:
    from tui.screens.drafts import DraftKeeper

_EVENTS = (Notice, JobsFinished, SessionIdle, SessionsChanged, IdentityChanged)
"""The events that the app itself shows, whatever the screen."""
_STYLES = Path(__file__).parent / "styles"
_CLOSING_SECONDS = 10.0
"""The longest that ending may take: what has not stopped by then ends with the process."""


class QDeckApp(SectionsApp, FocusTrackingApp, DiffApp):
    """qdeck in a terminal.

    Run it with `run_app`, which gives the exit status.

    Args:
        services: what the screens ask; started after the first paint, closed at the end.
        clock: the time.
        sign_in: sign in with this account by itself.
        sandbox: sign in to this face of the sandbox by itself.
        state_folder: where the log goes; the user's own when `None`.
        on_finish: the user's command for finished jobs.
    """

    TITLE = "qdeck"
    CSS_PATH: ClassVar = sorted(_STYLES.glob("*.tcss"))
    BINDINGS: ClassVar = bindings(GLOBAL)
    DEFAULT_MODE: ClassVar[str] = "jobs"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (LEAST_WIDTH, "-wide-enough"), (118, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LEAST_HEIGHT, "-high-enough"), (34, "-high")]

    def __init__(
        self,
        services: AppServices,
        *,
        clock: Clock,
        sign_in: Account | None = None,
        sandbox: Channel | None = None,
        state_folder: Path | None = None,
        settings: Settings = Settings(),  # noqa: B008  # frozen
    ) -> None:
        theme = theme_for(os.environ)
        # Without a theme of the terminal's own colours NO_COLOR would still send grey backgrounds.
        super().__init__(ansi_color=True if theme is ThemeName.TERMINAL else None)
        self.services = services
        self.clock = clock
        self._collector = QuietCollector(clock)
        self.workspace = Workspace(presets=settings.presets, completes=settings.completion)
        self._sign_in = sign_in
        self._sandbox = sandbox
        self._state_folder = state_folder or folders(os.environ).state
        self._settings = settings
        self._edits_first = False
        self.first_job = ""  # whose page is opened at the start
        self._unsubscribe: Callable[[], None] | None = None
        self._end_hook: Callable[[], None] | None = None
        self.animation_level = "none"
        for known in THEMES:
            self.register_theme(known)
        self.theme = self.theme_of(theme)
        self.add_sections(self._state_folder, lambda: self.drafts)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables that the style sheets use and Textual's own themes do not have."""
        return dict(VARIABLES)

    def get_driver_class(self) -> type[Driver]:
        """The driver that notices a terminal that went away, where terminals are Unix's own."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from tui.widgets.terminal.driver import TerminalDriver

        return TerminalDriver

    @cached_property
    def drafts(self) -> DraftKeeper:
        """The text in the editor, on the disk."""
        from tui.screens.drafts import DraftKeeper

        return DraftKeeper(self._state_folder / "drafts", self.workspace)

    def edit_first(self, path: Path, line: int = 1) -> None:
        """Open a file in the editor at the start, and ask nobody to sign in.

        Args:
            path: the file; one that is not there is made when it is saved.
            line: where the cursor is to be, from 1.

        Raises:
            QdeckError: `STORAGE`, the file is there and cannot be opened.
        """
        from tui.openqasm.files import read_circuit

        text = read_circuit(path) if path.exists() else ""
        self.workspace.open(path.stem, text, path.absolute(), line=line)
        self._edits_first = True

    # --- beginning and end -------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Listen; then, with the first picture on the screen, begin the work."""
        self._unsubscribe = self.services.events.subscribe(self._forward, *_EVENTS)
        self.app_resume_signal.subscribe(self, self._resumed)
        if self._settings.on_finish:
            claims = FinishClaims(self._state_folder / "on_finish")
            hook = FinishHook(self._settings, os.environ, self.report, claims)
            self._end_hook = hook.start(self.services.events)
        self.use_settings()
        self.call_after_refresh(self._begin)

    @work(group="begin", exit_on_error=False)
    async def _begin(self) -> None:
        """Open the history, sign in or ask who is there."""
        self._collector.begin()
        try:
            await self.services.start()
            if unsaved := await self.drafts.take_over():
                self.show_notice(unsaved)
        except QdeckError as error:
            self.report(error)
        if self._edits_first:
            self.switch_mode("editor")
        elif not self.first_job:
            self.return_to_section()
        if self._sandbox is None and self._sign_in is None:
            opened = await self.open_job(self.first_job)
            if self.services.connection.identity is None and not (opened or self._edits_first):
                self.ask_who(None)
            return
        self._show_signing_in("the sandbox" if self._sign_in is None else self._sign_in.name)
        try:
            if self._sign_in is not None:
                await self.services.account.sign_in(self._sign_in)
            elif self._sandbox is not None:
                await self.services.account.sign_in_sandbox(self._sandbox)
        except QdeckError as error:
            self.ask_who(error)
        else:
            await self.open_job(self.first_job)
        finally:
            self._show_signing_in("")

    def _show_signing_in(self, where: str) -> None:
        for bar in self.widgets(StatusBar):
            bar.signing_in(where)

    async def on_unmount(self) -> None:
        """Close the services: workers, sandbox, compiler, history."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._end_hook is not None:
            self._end_hook()
        self.drafts.close()
        try:
            await asyncio.wait_for(self.services.aclose(), _CLOSING_SECONDS)
        except (QdeckError, TimeoutError, OSError) as error:
            self._log_error(error)

    async def action_quit(self) -> None:
        """Leave; asks when something would burn on or be lost."""
        if not any(worker.group == "quit" and worker.is_running for worker in self.workers):
            self._quit()

    @work(group="quit", exit_on_error=False)
    async def _quit(self) -> None:
        from tui.screens.dialogs.quit import may_leave

        if await may_leave(self, self.services, self.workspace, self.clock):
            self.exit()

    # --- what screens ask of the app ---------------------------------------------------------------

    def report(self, error: BaseException) -> None:
        """Show an error as a notice; what is no `QdeckError` is written to the log too."""
        if isinstance(error, QdeckError):
            self.show_notice(error.message, Severity.ERROR, advice=error.advice)
            return
        what = f"Something unexpected went wrong ({type(error).__name__}); qdeck goes on."
        self.show_notice(what, Severity.ERROR, advice=self._log_error(error))

    def _log_error(self, error: BaseException) -> str:
        """Write an unexpected error to the log and say where it is."""
        try:
            return f"Details are in {write_trouble(self._state_folder, error, self.clock.now())}."
        except OSError as failure:
            return f"Details could not be written to {self._state_folder}: {failure.strerror}."

    def send_to_clipboard(self, text: str) -> None:
        """Send text to the terminal's clipboard and say so; whether it arrived cannot be known."""
        self.copy_to_clipboard(text)
        self.run_worker(self._tell_of_clipboard(text), group="clipboard", exit_on_error=False)

    async def _tell_of_clipboard(self, text: str) -> None:
        from tui.widgets.terminal.tmux import clipboard_warning

        warning = await clipboard_warning(os.environ)
        told = f"Sent to the terminal's clipboard: {shorten(text, 60)}"
        self.show_notice(told, Severity.WARNING if warning else Severity.INFORMATION, advice=warning)

    def report_activity(self) -> None:
        """The user does something: what nobody looked at is brought up to date."""
        super().report_activity()
        self._collector.user_active()
        self.services.polling.user_active()

    # --- events --------------------------------------------------------------------------------------

    def _forward(self, event: Event) -> None:
        self.post_message(AppEvent(event))

    @on(AppEvent)
    def _on_app_event(self, message: AppEvent) -> None:
        match message.event:
            case Notice(text, severity):
                self.show_notice(text, severity)
            case JobsFinished(jobs, away=False):
                self._alert(finished_message(jobs))
            case SessionIdle(session, seconds):
                words = idle_warning(session, seconds, self.clock.now(), read_only=self.services.read_only)
                self._alert(words, Severity.WARNING)
            case SessionsChanged() | IdentityChanged():
                if lost := drop_lost_session(self.services, self.workspace):
                    self.show_notice(lost, Severity.WARNING)

    def _alert(self, text: str, severity: Severity = Severity.INFORMATION) -> None:
        """Show a notice; who looks elsewhere is called by the terminal."""
        self.show_notice(text, severity)
        self.alert_absent_user(text)

    @on(AppFocus)
    @on(AppBlur)
    def _focus_changed(self, event: AppFocus | AppBlur) -> None:
        self.services.polling.focus_changed(isinstance(event, AppFocus))

    @on(Worker.StateChanged)
    def _worker_failed(self, message: Worker.StateChanged) -> None:
        if message.state is WorkerState.ERROR and message.worker.error is not None:
            self.report(message.worker.error)

    # --- keys and commands ---------------------------------------------------------------------------

    def action_help_quit(self) -> None:
        """Ctrl+c, which ends nothing here: say what does."""
        self.show_notice("ctrl+q leaves qdeck; ctrl+c copies what is selected.")

    def action_suspend_process(self) -> None:
        """Put qdeck aside for the shell, where there is one to come back from."""
        if not self.is_headless:
            super().action_suspend_process()

    def _resumed(self, _app: object) -> None:
        # After `fg` Textual 8.2.8 has entered the terminal's screen anew but draws nothing on it.
        self.action_redraw()

    def _fatal_error(self) -> None:
        """End with a message instead of Textual's traceback, whose locals could hold what was typed."""
        error = self._exception
        if error is not None:
            what = f"qdeck: something unexpected went wrong ({type(error).__name__})."
            self._exit_renderables.append(Text(f"{what} {self._log_error(error)}"))
        self._close_messages_no_wait()


def run_app(app: QDeckApp) -> int:
    """Run the app in this terminal.

    Returns:
        The exit status of the process. 0: left by the user; 1: an unexpected error (said on stderr); 129: the
        terminal went away; 143: SIGTERM.
    """
    with ends_on_signal(app.end_on_signal, app.give_terminal_back):
        app.run()
    return app.return_code or 0
