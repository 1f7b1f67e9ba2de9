"""The one registry of keys: bindings, footer and help are made from it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one place.

    Attributes:
        id: stable name, `place.verb`, for keymaps.
        keys: Textual key names, comma-separated.
        action: the Textual action.
        label: one or two words for the footer.
        help: a sentence for the help screen.
        shown: whether the footer shows it.
        priority: works even when a text field has the focus.
    """

    id: str
    keys: str
    action: str
    label: str
    help: str
    shown: bool = True
    priority: bool = False

    def binding(self) -> Binding:
        """The same as Textual's own value."""
        return Binding(
            self.keys,
            self.action,
            self.label,
            show=self.shown,
            priority=self.priority,
            id=self.id,
            tooltip=self.help,
        )


GLOBAL: tuple[Key, ...] = (
    Key("app.help", "question_mark", "help", "Help", "Show the keys of this screen."),
    Key("app.help_anywhere", "f1", "help", "Help", "Show the keys, while typing too.", False, True),
    Key("app.jobs", "f2", "section('jobs')", "Jobs", "Go to the job table.", False, True),
    Key("app.editor", "f3", "section('editor')", "Editor", "Go to the editor.", False, True),
    Key(
        "app.transpile", "f4", "section('transpile')", "Transpile", "Go to the transpile review.", False, True
    ),
    Key("app.sessions", "f5", "section('sessions')", "Sessions", "Go to sessions and batches.", False, True),
    Key("app.backends", "f6", "section('backends')", "Backends", "Go to the backends.", False, True),
    Key("app.account", "f7", "account", "Account", "Sign in, sign out, change the instance.", False, True),
    Key("app.palette", "ctrl+p", "command_palette", "Palette", "Find any command by name.", False, True),
    Key("app.redraw", "ctrl+l", "redraw", "Redraw", "Send the whole screen again.", False, True),
    Key("app.quit", "ctrl+q", "quit", "Quit", "Leave qdeck.", False, True),
)
"""Keys that work everywhere."""

JOBS: tuple[Key, ...] = (
    Key("jobs.open", "enter", "open", "Open", "Show everything about the job under the cursor."),
    Key("jobs.filter", "slash", "filter", "Filter", "Show only the jobs that contain a text."),
    Key("jobs.cancel", "c", "cancel", "Cancel job", "Cancel the job, after a question."),
    Key("jobs.tags", "t", "tags", "Tags", "Change the job's tags."),
    Key("jobs.copy", "y", "copy", "Copy id", "Send the job's id to the terminal's clipboard."),
    Key("jobs.refresh", "r", "refresh", "Refresh", "Ask the service now."),
)
JOB: tuple[Key, ...] = (
    Key("job.back", "escape", "back", "Back", "Back to the job table."),
    Key("job.cancel", "c", "cancel", "Cancel job", "Cancel the job, after a question."),
    Key("job.edit", "e", "edit", "Edit", "Open the circuit in the editor."),
    Key("job.copy", "y", "copy", "Copy id", "Send the job's id to the terminal's clipboard."),
    Key("job.export", "x", "export", "Export", "Write the result to a JSON file."),
    *(
        Key(f"job.view{place}", str(place), f"view_at({place - 1})", name, f"Show the {name.lower()}.", False)
        for place, name in enumerate(("Result", "Circuit", "Source", "Log", "Metrics", "Raw"), 1)
    ),
    Key("job.next", "tab", "view(1)", "Next view", "Show the next view of the job."),
    Key("job.previous", "shift+tab", "view(-1)", "Previous", "Show the view before.", False),
    Key("job.refresh", "r", "refresh", "Refresh", "Ask the service now.", False),
)
EDITOR: tuple[Key, ...] = (
    Key("editor.transpile", "f8", "transpile", "Transpile", "Transpile and review.", priority=True),
    Key("editor.run", "f9", "run", "Run", "Transpile with the current choices and run.", priority=True),
    Key("editor.open", "ctrl+o", "open", "Open", "Open a file or an example.", priority=True),
    Key("editor.save", "ctrl+s", "save", "Save", "Save the file.", priority=True),
    Key("editor.new", "ctrl+n", "new", "New", "Start an empty circuit.", priority=True),
    Key("editor.save_as", "f12", "save_as", "Save as", "Save under another path.", False, True),
    Key("editor.jump", "ctrl+g", "jump", "Next error", "Go to the next error.", True, True),
)
TRANSPILE: tuple[Key, ...] = (
    Key("transpile.go", "f8", "transpile", "Transpile", "Transpile with the choices above.", priority=True),
    Key("transpile.run", "f9", "submit", "Run", "Submit the transpiled circuit.", priority=True),
    Key("transpile.stop", "escape", "stop", "Stop", "Stop transpiling."),
)
SESSIONS: tuple[Key, ...] = (
    Key("sessions.new", "n", "new", "New", "Open a session or a batch."),
    Key("sessions.use", "u", "use", "Use", "Run the next jobs in this session."),
    Key("sessions.drain", "d", "drain", "Drain", "Take no more jobs; what is queued still runs."),
    Key("sessions.cancel", "c", "cancel", "Cancel", "Close now; what is queued is dropped."),
    Key("sessions.refresh", "r", "refresh", "Refresh", "Ask the service now."),
)
BACKENDS: tuple[Key, ...] = (
    Key("backends.use", "enter", "use", "Use", "Transpile for this backend."),
    Key("backends.refresh", "r", "refresh", "Refresh", "Ask the service now."),
)
LOGIN: tuple[Key, ...] = (
    Key("login.sandbox", "s", "sandbox('platform')", "Sandbox", "Use the simulated service."),
    Key(
        "login.sandbox_classic",
        "S",
        "sandbox('classic')",
        "Sandbox, classic face",
        "Use the simulated service as the one of hub/group/project.",
    ),
    Key("login.back", "escape", "back", "Back", "Look around without signing in."),
)
ACCOUNT: tuple[Key, ...] = (
    Key("account.out", "o", "sign_out", "Sign out", "End the access token and say what that achieved."),
    Key("account.back", "escape", "back", "Close", "Back to the section."),
)
DIALOG: tuple[Key, ...] = (Key("dialog.cancel", "escape", "cancel", "Cancel", "Close without doing it."),)
PLACES: tuple[tuple[Key, ...], ...] = (
    GLOBAL,
    JOBS,
    JOB,
    EDITOR,
    TRANSPILE,
    SESSIONS,
    BACKENDS,
    LOGIN,
    ACCOUNT,
    DIALOG,
)


def key_by_id(key_id: str | None) -> Key | None:
    """The registered key of a binding; `None` for a widget's own."""
    return next((key for place in PLACES for key in place if key.id == key_id), None)


def bindings(keys: tuple[Key, ...]) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Textual's `BINDINGS` for a place."""
    return [key.binding() for key in keys]
