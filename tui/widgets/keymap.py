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
        changes: it submits, cancels or changes something on the service: not bound in a read-only qdeck.
    """

    id: str
    keys: str
    action: str
    label: str
    help: str
    shown: bool = True
    priority: bool = False
    changes: bool = False

    @property
    def verb(self) -> str:
        """The action without its arguments."""
        return self.action.partition("(")[0]

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
    Key(
        "app.account",
        "f7",
        "account",
        "Account",
        "Sign in, sign out, change account or instance.",
        False,
        True,
    ),
    Key("app.messages", "ctrl+t", "messages", "Messages", "Read the last notices in full.", False, True),
    Key("app.palette", "ctrl+p", "command_palette", "Palette", "Find any command by name.", False, True),
    Key("app.redraw", "ctrl+l", "redraw", "Redraw", "Send the whole screen again.", False, True),
    Key(
        "app.suspend",
        "ctrl+z",
        "suspend_process",
        "Suspend",
        "Back to the shell, where fg returns; in the editor it undoes.",
        False,
    ),
    Key("app.quit", "ctrl+q", "quit", "Quit", "Leave qdeck.", False, True),
)
"""Keys that work everywhere."""

JOBS: tuple[Key, ...] = (
    Key("jobs.open", "enter", "open", "Open", "Show the job; fold or unfold a group."),
    Key("jobs.filter", "slash", "filter", "Filter", "Show only the jobs that fit a filter."),
    Key("jobs.mark", "space", "mark", "Mark", "Mark the job for the next key, or no longer."),
    Key(
        "jobs.cancel", "c", "cancel", "Cancel", "Cancel the job or the marked ones; asks first.", changes=True
    ),
    Key("jobs.tags", "t", "tags", "Tags", "Change the tags of the job or the marked ones.", changes=True),
    Key("jobs.export", "x", "export", "Export", "Write results to JSON files."),
    Key("jobs.sort", "s", "sort", "Sort", "Choose the column to sort by."),
    Key("jobs.columns", "o", "columns", "Columns", "Choose, order and size the columns."),
    Key("jobs.group", "b", "group", "Group by", "Group by session, by tag, or not at all."),
    Key("jobs.filters", "f", "filters", "Filters", "Use a saved filter, save this one, or delete one."),
    Key("jobs.copy", "y", "copy", "Copy id", "Send the job's id to the terminal's clipboard."),
    Key("jobs.refresh", "r", "refresh", "Refresh", "Ask the service now."),
    Key("jobs.next_unseen", "n", "next_unseen", "Unseen", "Go to the next job not looked at.", False),
    Key("jobs.see_all", "Z", "see_all", "All seen", "Take all jobs for looked at.", False),
    Key(
        "jobs.delete",
        "D",
        "delete",
        "Delete",
        "Delete the job or the marked ones; asks first.",
        False,
        changes=True,
    ),
    Key("jobs.older", "end,G", "older", "Last", "Go to the end of the list; fetches older jobs.", False),
    Key(
        "jobs.line", "w", "line", "Waiting", "Withdraw or reorder submissions that wait.", False, changes=True
    ),
    Key("jobs.turn", "S", "turn", "Turn round", "Sort the other way round.", False),
    Key("jobs.mark_down", "J,shift+down", "mark_on(1)", "Mark down", "Mark this job and the next.", False),
    Key("jobs.mark_up", "K,shift+up", "mark_on(-1)", "Mark up", "Mark this job and the one above.", False),
    Key("jobs.mark_range", "v", "mark_range", "Mark range", "Mark from the last mark to here.", False),
    Key("jobs.mark_all", "a", "mark_all", "Mark all", "Mark every job shown, or none.", False),
    Key("jobs.drop", "escape", "drop", "Drop", "Unmark all; once more: drop the filter.", False),
)
JOB: tuple[Key, ...] = (
    Key("job.back", "escape", "back", "Back", "Back to the job table."),
    Key("job.cancel", "c", "cancel", "Cancel job", "Cancel the job, after a question.", changes=True),
    Key(
        "job.delete",
        "D",
        "delete",
        "Delete",
        "Delete the job and its result, after a question.",
        False,
        changes=True,
    ),
    Key("job.edit", "e", "edit", "Edit", "Open the circuit in the editor."),
    Key("job.copy", "y", "copy", "Copy id", "Send the job's id to the terminal's clipboard."),
    Key("job.export", "x", "export", "Export", "Write the result to a JSON file."),
    *(
        Key(f"job.view{place}", str(place), f"view_at({place - 1})", name, f"Show the {name.lower()}.", False)
        for place, name in enumerate(("Result", "Circuit", "Source", "Log", "Metrics", "Raw"), 1)
    ),
    Key("job.next_pub", "n", "pub(1)", "Next PUB", "Show the circuit of the job's next PUB.", False),
    Key("job.previous_pub", "p", "pub(-1)", "Previous PUB", "Show the circuit of the PUB before.", False),
    Key("job.next", "tab", "view(1)", "Next view", "Show the next view of the job."),
    Key("job.previous", "shift+tab", "view(-1)", "Previous", "Show the view before.", False),
    Key("job.refresh", "r", "refresh", "Refresh", "Ask the service now.", False),
)
EDITOR: tuple[Key, ...] = (
    Key("editor.transpile", "f8", "transpile", "Transpile", "Transpile and review.", priority=True),
    Key(
        "editor.run",
        "f9",
        "run",
        "Run",
        "Transpile with the current choices and run.",
        priority=True,
        changes=True,
    ),
    Key("editor.open", "ctrl+o", "open", "Open", "Open a file or an example.", priority=True),
    Key("editor.save", "ctrl+s", "save", "Save", "Save the file.", priority=True),
    Key("editor.new", "ctrl+n", "new", "New", "Start an empty circuit.", priority=True),
    Key("editor.save_as", "f12", "save_as", "Save as", "Save under another path.", False, True),
    Key("editor.jump", "ctrl+g", "jump", "Next error", "Go to the next error.", True, True),
)
TRANSPILE: tuple[Key, ...] = (
    Key("transpile.go", "f8", "transpile", "Transpile", "Transpile with the choices above.", priority=True),
    Key(
        "transpile.run", "f9", "submit", "Run", "Submit the transpiled circuit.", priority=True, changes=True
    ),
    Key(
        "transpile.refine",
        "ctrl+o",
        "refine",
        "Options",
        "Ask the cloud transpiler for more than the line has room for.",
        priority=True,
    ),
    Key("transpile.stop", "escape", "stop", "Stop", "Stop transpiling."),
)
SESSIONS: tuple[Key, ...] = (
    Key("sessions.new", "n", "new", "New", "Open a session or a batch.", changes=True),
    Key("sessions.use", "u", "use", "Use", "Run the next jobs in this session.", changes=True),
    Key(
        "sessions.drain", "d", "drain", "Drain", "Take no more jobs; what is queued still runs.", changes=True
    ),
    Key("sessions.cancel", "c", "cancel", "Cancel", "Close now; what is queued is dropped.", changes=True),
    Key("sessions.refresh", "r", "refresh", "Refresh", "Ask the service now."),
)
BACKENDS: tuple[Key, ...] = (
    Key("backends.use", "enter", "use", "Use", "Transpile for this backend."),
    Key("backends.refresh", "r", "refresh", "Refresh", "Ask the service now."),
)
LOGIN_LIST: tuple[Key, ...] = (
    Key("login.sandbox", "s", "screen.sandbox('platform')", "Sandbox", "Use the simulated service."),
    Key(
        "login.sandbox_classic",
        "S",
        "screen.sandbox('classic')",
        "Sandbox, classic face",
        "Use the simulated service as the one of hub/group/project.",
    ),
)
"""Single letters, so they work in the list alone: a token is made of letters too."""
LOGIN: tuple[Key, ...] = (Key("login.back", "escape", "back", "Back", "Look around without signing in."),)
ACCOUNT: tuple[Key, ...] = (
    Key("account.out", "o", "sign_out", "Sign out", "End the access token and say what that achieved."),
    Key("account.other", "a", "other", "Another", "Sign in with another account, leaving this one."),
    Key("account.back", "escape", "back", "Close", "Back to the section."),
)
DIALOG: tuple[Key, ...] = (Key("dialog.cancel", "escape", "cancel", "Cancel", "Close without doing it."),)
PICK: tuple[Key, ...] = (
    Key("pick.take", "enter", "take", "Take", "Take what is under the cursor."),
    Key("pick.delete", "d", "delete", "Delete", "Delete what is under the cursor.", False),
    Key("pick.cancel", "escape", "cancel", "Cancel", "Close without taking anything."),
)
COLUMNS: tuple[Key, ...] = (
    Key("columns.take", "enter", "take", "Take", "Show the columns so."),
    Key("columns.toggle", "space", "show", "Show", "Show the column or hide it."),
    Key("columns.up", "K,shift+up", "shift(-1)", "Up", "Move the column to the left."),
    Key("columns.down", "J,shift+down", "shift(1)", "Down", "Move the column to the right."),
    Key("columns.wider", "plus", "widen(1)", "Wider", "Give the column a cell more."),
    Key("columns.narrower", "minus", "widen(-1)", "Narrower", "Give the column a cell less."),
    Key("columns.auto", "0", "auto", "Auto", "As wide as it needs."),
    Key("columns.standard", "d", "standard", "Standard", "All columns as at first."),
    Key("columns.cancel", "escape", "cancel", "Cancel", "Leave the columns as they were."),
)
MESSAGES: tuple[Key, ...] = (Key("messages.close", "escape,q,ctrl+t", "close", "Close", "Back."),)
HELP: tuple[Key, ...] = (Key("help.close", "escape,q,f1,question_mark", "close", "Close", "Back."),)
PLACES: tuple[tuple[Key, ...], ...] = (
    GLOBAL,
    JOBS,
    JOB,
    EDITOR,
    TRANSPILE,
    SESSIONS,
    BACKENDS,
    LOGIN_LIST,
    LOGIN,
    ACCOUNT,
    DIALOG,
    PICK,
    COLUMNS,
    MESSAGES,
    HELP,
)


def key_by_id(key_id: str | None) -> Key | None:
    """The registered key of a binding; `None` for a widget's own."""
    return next((key for place in PLACES for key in place if key.id == key_id), None)


def bindings(keys: tuple[Key, ...]) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Textual's `BINDINGS` for a place."""
    return [key.binding() for key in keys]
