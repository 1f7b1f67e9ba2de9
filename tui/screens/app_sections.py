"""The sections of the app, each imported when it is first shown, and the ways between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import work
from textual.screen import ModalScreen, Screen

from tui.common.errors import QdeckError
from tui.monitor.services import AppServices
from tui.monitor.state.events import Severity
from tui.screens.app_commands import CommandsApp
from tui.screens.base import SectionScreen, Shell
from tui.screens.dialogs.base import Dialog
from tui.screens.jobs.screen import JobsScreen
from tui.screens.jobs.table_settings import TableSettings
from tui.screens.workspace import Workspace
from tui.widgets.chrome.status_bar import SECTIONS

if TYPE_CHECKING:
    from tui.screens.drafts import DraftKeeper


def sections(
    services: AppServices,
    workspace: Workspace,
    table_settings: TableSettings,
    drafts: Callable[[], DraftKeeper],
) -> dict[str, Callable[[], Screen[None]]]:
    """List the sections of the app; a screen is imported when it is first shown.

    Returns:
        A maker of the screen for each mode.
    """

    def editor() -> Screen[None]:
        from tui.screens.editor.screen import EditorScreen

        return EditorScreen(services, workspace, drafts())

    def transpile() -> Screen[None]:
        from tui.screens.transpile.screen import TranspileScreen

        return TranspileScreen(services, workspace)

    def sessions() -> Screen[None]:
        from tui.screens.sessions import SessionsScreen

        return SessionsScreen(services, workspace)

    def backends() -> Screen[None]:
        from tui.screens.backends.screen import BackendsScreen

        return BackendsScreen(services, workspace)

    return {
        "jobs": lambda: JobsScreen(services, workspace, table_settings),
        "editor": editor,
        "transpile": transpile,
        "sessions": sessions,
        "backends": backends,
    }


class SectionsApp(CommandsApp):
    """An app of sections, a mode each, with dialogs over them."""

    services: AppServices
    workspace: Workspace

    def add_sections(self, state_folder: Path, drafts: Callable[[], DraftKeeper]) -> None:
        """Add the sections, and have each be where it was when qdeck ran last.

        Args:
            state_folder: where that is kept.
            drafts: returns the keeper of what is typed.
        """
        self._table_settings = TableSettings(state_folder)
        self.workspace.places.update(self._table_settings.view.places)
        self.workspace.place_kept = self._keep_places
        made = sections(self.services, self.workspace, self._table_settings, drafts)
        for mode, screen in made.items():
            self.add_mode(mode, screen)
        self._sections = tuple(made)

    def return_to_section(self) -> None:
        """Show the section that was shown last, unless the user has gone elsewhere since the start."""
        section = self.workspace.places.get("app", "")
        if (
            section in self._sections
            and len(self.screen_stack) == 1
            and self.current_mode == self.DEFAULT_MODE
        ):
            self.go(section)

    @work(exclusive=True, group="places", exit_on_error=False)
    async def _keep_places(self) -> None:
        places = dict(self.workspace.places)
        await self._table_settings.change(cast(Shell, self), lambda view: replace(view, places=places))

    def go(self, section: str) -> None:
        """Show a section; on the section itself, go back to its first screen."""
        self.services.polling.user_active(section_changed=section != self.current_mode)
        if section != self.current_mode:
            self.switch_mode(section)
            self.workspace.keep_place("app", section)
            return
        while len(self.screen_stack) > 1 and not isinstance(self.screen, ModalScreen):
            self.pop_screen()

    def show_row(self, job_id: str) -> None:
        """Show the job table without the page over it, the cursor on a job; empty: where it is."""
        if self.current_mode != "jobs":
            self.go("jobs")
        self.call_next(self._leave_pages, job_id)

    def _leave_pages(self, job_id: str) -> None:
        self.go("jobs")
        if job_id:
            self.call_next(self._put_cursor_on, job_id)

    def _put_cursor_on(self, job_id: str) -> None:
        if isinstance(self.screen, JobsScreen):
            self.screen.put_cursor_on(job_id)

    async def open_job(self, job_id: str) -> bool:
        """Open the page of a job, which is asked for where it is not known here; a failure is a notice.

        Args:
            job_id: empty: nothing is opened.

        Returns:
            Whether the page is open.
        """
        from tui.screens.jobs.detail import JobScreen

        if not job_id:
            return False
        try:
            if self.services.jobs.get(job_id) is None:
                await self.services.jobs.fetch(job_id)
        except QdeckError as error:
            self.show_notice(error.message, Severity.ERROR, advice=error.advice)
            return False
        self.push_screen(JobScreen(self.services, self.workspace, job_id))
        return True

    def action_section(self, section: str) -> None:
        """Show a section. Dialogs are left on the way, as by esc."""
        if self._leave_dialogs():
            self.call_next(self.go, section)

    def _leave_dialogs(self) -> bool:
        """Leave what is open over the section; whether nothing stays."""
        while isinstance(self.screen, ModalScreen):
            dialog = self.screen
            if not isinstance(dialog, Dialog):
                dialog.dismiss(None)  # Textual's own: the palette
            elif not dialog.leave():
                return False
        return True

    def action_account(self) -> None:
        """Sign in; or, signed in, see the account, change the instance, sign out."""
        from tui.screens.account import AccountScreen
        from tui.screens.login import LoginScreen

        if not isinstance(self.screen, AccountScreen | LoginScreen) and self._leave_dialogs():
            self.call_next(self._open_account)

    def _open_account(self) -> None:
        from tui.screens.account import AccountScreen

        if self.services.connection.identity is None:
            self.ask_who(None)
        else:
            self.push_screen(AccountScreen(self.services), lambda out: self.ask_who(None) if out else None)

    def ask_who(self, trouble: QdeckError | None) -> None:
        """Ask who is to be signed in, and say what went wrong with who was named before."""
        from tui.screens.login import LoginScreen

        self.push_screen(LoginScreen(self.services, trouble))

    def action_help(self) -> None:
        """The keys of this screen or dialog, and of the app."""
        from tui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            return
        ids = [active.binding.id for active in self.screen.active_bindings.values()]
        section = next((title for mode, _, title in SECTIONS if mode == self.current_mode), "This screen")
        title = self.screen.TITLE if isinstance(self.screen, Dialog) else section
        topic = self.screen.help_topic() if isinstance(self.screen, SectionScreen) else None
        keys = [key_id for key_id in dict.fromkeys(ids) if key_id]
        self.push_screen(HelpScreen(title or section, keys, topic))

    def action_messages(self) -> None:
        """The last notices, in full."""
        from tui.screens.notifications import MessagesScreen

        if not isinstance(self.screen, MessagesScreen):
            self.push_screen(MessagesScreen(self.notifications.all))
