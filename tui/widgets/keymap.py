"""The one registry of keys: bindings, footer and help are made from it."""

from __future__ import annotations

from msgspec.structs import replace
from textual.binding import Binding

from tui.widgets.key import Key

PLACES: list[tuple[Key, ...]] = []
"""The keys of all places, in the order of the help screen."""


def _place(name: str, *keys: Key) -> tuple[Key, ...]:
    """Register the keys of one place; `name.` is put before their ids."""
    PLACES.append(tuple(replace(key, id=f"{name}.{key.id}") for key in keys))
    return PLACES[-1]


GLOBAL = _place(
    "app",
    Key("help", "question_mark", "help", "Help", "Show the keys of this screen."),
    Key("help_anywhere", "f1", "help", "Help", "Show the keys, while typing too.", False, True),
    Key("jobs", "f2", "section('jobs')", "Jobs", "Go to the job table.", False, True),
    Key("editor", "f3", "section('editor')", "Editor", "Go to the editor.", False, True),
    Key("transpile", "f4", "section('transpile')", "Transpile", "Go to the transpile review.", False, True),
    Key("sessions", "f5", "section('sessions')", "Sessions", "Go to sessions and batches.", False, True),
    Key("backends", "f6", "section('backends')", "Backends", "Go to the backends.", False, True),
    Key("account", "f7", "account", "Account", "Sign in, sign out, change account or instance.", False, True),
    Key("settings", "comma", "settings", "Settings", "See and change the settings.", False),
    Key("messages", "ctrl+t", "messages", "Messages", "Read the last notices in full.", False, True),
    Key("palette", "ctrl+p", "command_palette", "Palette", "Find any command by name.", False, True),
    Key("redraw", "ctrl+l", "redraw", "Redraw", "Send the whole screen again.", False, True),
    Key(
        "suspend",
        "ctrl+z",
        "suspend_process",
        "Suspend",
        "Back to the shell, where fg returns; in the editor it undoes.",
        False,
    ),
    Key("quit", "ctrl+q", "quit", "Quit", "Leave qdeck.", False, True),
)
"""Keys that work everywhere."""

JOBS = _place(
    "jobs",
    Key("open", "enter", "open", "Open", "Show the job; fold or unfold a group."),
    Key("filter", "slash", "filter", "Filter", "Show only the jobs that fit a filter."),
    Key(
        "command",
        "colon",
        "command",
        "Command",
        "Type a command: a view, an order, tags, any key's word.",
        False,
    ),
    Key("mark", "space", "mark", "Mark", "Mark the job for the next key, or no longer."),
    Key("cancel", "c", "cancel", "Cancel", "Cancel the job or the marked ones; asks first.", changes=True),
    Key("tags", "t", "tags", "Tags", "Change tags of the job or the marked ones: +new -old.", changes=True),
    Key("export", "x", "export", "Export", "Take jobs away: files, pictures, clipboard."),
    Key("sort", "s", "sort", "Sort", "Choose the column to sort by."),
    Key("compare", "C", "compare", "Compare", "Compare the marked jobs; one with its ideal."),
    Key(
        "rerun",
        "R",
        "rerun",
        "Run again",
        "Run the job or the marked ones again, as they were.",
        False,
        changes=True,
    ),
    Key("edit", "e", "edit", "Edit", "Open the circuit in the editor.", False),
    Key("copy_as", "Y", "copy_as", "Copy", "Send id, link, counts or Python to the clipboard.", False),
    Key("columns", "o", "columns", "Columns", "Choose, order and size the columns."),
    Key("group", "b", "group", "Group by", "Group by session, by tag, or not at all."),
    Key("filters", "f", "filters", "Filters", "Use a saved filter, save this one, or delete one."),
    Key("others", "O", "others", "Others", "List jobs of other accounts, too, or no longer.", False),
    Key("preview", "p", "preview", "Preview", "Show the job under the cursor in short, or do not.", False),
    Key("view", "V", "views", "Views", "Open a saved view of the table, or delete one.", False),
    Key("copy", "y", "copy", "Copy id", "Send the job's id to the terminal's clipboard."),
    Key("refresh", "r", "refresh", "Refresh", "Ask the service now."),
    Key("next_unseen", "n", "next_unseen", "Unseen", "Go to the next job not looked at.", False),
    Key("see_all", "Z", "see_all", "All seen", "Take all jobs for looked at.", False),
    Key(
        "delete",
        "D",
        "delete",
        "Delete",
        "Delete the job or the marked ones; asks first.",
        False,
        changes=True,
    ),
    Key("older", "end,G", "older", "Last", "Go to the end of the list; fetches older jobs.", False),
    Key("line", "w", "line", "Waiting", "Withdraw or reorder submissions that wait.", False, changes=True),
    Key("turn", "S", "turn", "Turn round", "Sort the other way round.", False),
    Key("mark_down", "J,shift+down", "mark_on(1)", "Mark down", "Mark this job and the next.", False),
    Key("mark_up", "K,shift+up", "mark_on(-1)", "Mark up", "Mark this job and the one above.", False),
    Key("mark_range", "v", "mark_range", "Mark range", "Mark from the last mark to here.", False),
    Key("mark_all", "a", "mark_all", "Mark all", "Mark every job shown, or none.", False),
    Key("drop", "escape", "drop", "Drop", "Unmark all; once more: drop the filter.", False),
)
FILTER = _place(
    "filter",
    Key("take", "tab", "take", "Complete", "Complete the word at the cursor."),
    Key("next", "down", "choose(1)", "Next", "Choose the next of what it may become.", False),
    Key("previous", "up", "choose(-1)", "Before", "Choose the one before.", False),
)
JOB = _place(
    "job",
    Key("back", "escape", "back", "Back", "Back to the job table."),
    Key("cancel", "c", "cancel", "Cancel job", "Cancel the job, after a question.", changes=True),
    Key(
        "delete",
        "D",
        "delete",
        "Delete",
        "Delete the job and its result, after a question.",
        False,
        changes=True,
    ),
    Key("edit", "e", "edit", "Edit", "Open the circuit in the editor."),
    Key("tags", "t", "tags", "Tags", "Change the tags of the job: +new -old.", False, changes=True),
    Key("copy", "y", "copy", "Copy id", "Send the job's id to the terminal's clipboard."),
    Key("export", "x", "export", "Export", "Take it away: files, pictures, clipboard."),
    *(
        Key(f"view{place}", str(place), f"view_at({place - 1})", name, f"Show the {name.lower()}.", False)
        for place, name in enumerate(
            ("Result", "Bits", "Time", "Calibration", "Circuit", "Source", "Details", "Log", "Raw"), 1
        )
    ),
    Key("map", "m", "map", "Map", "Show the calibration on the map of the device, or its table.", False),
    Key("bars", "b", "bars", "Bars", "Bars by outcome, by number of ones, or by distance."),
    Key("rerun", "R", "rerun", "Run again", "Run the job again, exactly as it was.", changes=True),
    Key("compare", "C", "compare", "Ideal", "Compare the job with its ideal."),
    Key("copy_as", "Y", "copy_as", "Copy", "Send id, link, counts or Python to the clipboard.", False),
    Key("order", "o", "order", "Order", "Outcomes by frequency, value, ones or distance.", False),
    Key("distance", "d", "distance", "Distance", "Choose the bit string distances count to.", False),
    Key("together", "a", "together", "Together", "Count all registers together, or each by itself.", False),
    Key("log", "l", "log_scale", "Log scale", "Bars on a logarithmic scale, or back.", False),
    Key("more", "plus", "rows(1)", "More", "Show more outcomes one by one.", False),
    Key("fewer", "minus", "rows(-1)", "Fewer", "Show fewer outcomes one by one.", False),
    Key("next_pub", "n", "pub(1)", "Next PUB", "Show the circuit of the job's next PUB.", False),
    Key("previous_pub", "p", "pub(-1)", "Previous PUB", "Show the circuit of the PUB before.", False),
    Key("next", "tab", "view(1)", "Next view", "Show the next view of the job."),
    Key("previous", "shift+tab", "view(-1)", "Previous", "Show the view before.", False),
    Key("refresh", "r", "refresh", "Refresh", "Ask the service now.", False),
)
COMPARISON = _place(
    "comparison",
    Key("back", "escape", "back", "Back", "Back to where it was called."),
    *(
        Key(f"view{place}", str(place), f"view_at({place - 1})", name, f"Show the {name.lower()}.", False)
        for place, name in enumerate(("Results", "Differences", "Circuits"), 1)
    ),
    Key("next", "tab", "view(1)", "Next view", "Show the next view."),
    Key("previous", "shift+tab", "view(-1)", "Previous", "Show the view before.", False),
)
COMPARE = _place(
    "compare",
    Key("ideal", "i", "ideal", "Ideal", "Against the ideal result, simulated; once more: without it."),
    Key("first", "f", "first", "First", "Hold the others against the next one."),
    Key("export", "x", "export", "Export", "Take the jobs away."),
    Key("refresh", "r", "refresh", "Refresh", "Compare anew.", False),
)
EDITOR = _place(
    "editor",
    Key("transpile", "f8", "transpile", "Transpile", "Transpile and review.", priority=True),
    Key(
        "run", "f9", "run", "Run", "Transpile with the current choices and run.", priority=True, changes=True
    ),
    Key("open", "ctrl+o", "open", "Open", "Open a file or an example.", priority=True),
    Key("save", "ctrl+s", "save", "Save", "Save the file.", priority=True),
    Key("new", "ctrl+n", "new", "New", "Start an empty circuit.", priority=True),
    Key("save_as", "f12", "save_as", "Save as", "Save under another path.", False, True),
    Key("outline", "alt+o", "outline", "Outline", "List what is declared, to go there.", False, True),
    Key(
        "definition",
        "alt+j",
        "definition",
        "Definition",
        "Go to where the name at the cursor is declared, and back.",
        False,
        True,
    ),
    Key("uses", "alt+u", "uses", "Uses", "List where the name at the cursor is used.", False, True),
    Key("rename", "alt+r", "rename", "Rename", "Change the name at the cursor everywhere.", False),
    Key("format", "alt+l", "format", "Format", "Lay the text out: the circuit stays the same.", False, True),
    Key("convert", "alt+v", "convert", "Convert", "Write it in the other OpenQASM, 2 or 3.", False, True),
    Key("jump", "ctrl+g", "jump(1)", "Next error", "Go to the next error.", True, True),
    Key("jump_back", "alt+h", "jump(-1)", "Error before", "Go to the error before.", False, True),
    Key("fix", "alt+q", "fix", "Correct", "Correct what the message at the cursor tells of.", False, True),
    Key("circuit", "alt+c", "circuit", "Circuit", "Go to the drawn circuit, and back.", False, True),
    Key("simulate", "f10", "simulate", "Simulate", "Simulate the circuit without noise.", False, True),
    Key("text", "escape", "text", "Text", "Go back from the circuit to the text.", priority=True),
    Key("stop", "escape", "stop", "Stop", "Stop a check that takes long.", priority=True),
    Key("find", "ctrl+f", "find(False)", "Find", "Find in the text.", False, True),
    Key("replace", "ctrl+r", "find(True)", "Replace", "Find and replace in the text.", False, True),
    Key("next_match", "alt+n", "match(1)", "Next match", "Go to the next match.", False, True),
    Key("previous_match", "alt+p", "match(-1)", "Match before", "Go to the match before.", False, True),
    Key("line", "alt+g", "line", "Go to line", "Go to a line by its number.", False, True),
    Key(
        "next_buffer",
        "ctrl+pagedown,alt+t",
        "buffer(1)",
        "Next text",
        "Show the next text.",
        False,
        True,
    ),
    Key(
        "previous_buffer",
        "ctrl+pageup,alt+shift+t",
        "buffer(-1)",
        "Text before",
        "Show the text before.",
        False,
        True,
    ),
    Key("close", "alt+x", "close", "Close", "Close the text.", False, True),
    Key("outside", "alt+e", "outside", "$EDITOR", "Edit the text in your own editor.", False, True),
    Key("split", "alt+s", "split", "Split", "Show two texts side by side, or one again.", False, True),
)
TEXT = _place(
    "text",
    Key("top", "ctrl+home", "go_to_end(-1)", "Beginning", "Go to the beginning of the text.", False),
    Key("bottom", "ctrl+end", "go_to_end(1)", "End", "Go to the end of the text.", False),
    Key("to_top", "ctrl+shift+home", "go_to_end(-1, True)", "Select up", "Select to the beginning.", False),
    Key("to_bottom", "ctrl+shift+end", "go_to_end(1, True)", "Select down", "Select to the end.", False),
    Key(
        "comment",
        "ctrl+slash,ctrl+underscore",
        "toggle_comment",
        "Comment",
        "Comment the lines selected, or undo that.",
        False,
    ),
    Key("up", "alt+up", "move_lines(-1)", "Move up", "Move the line, or those selected, up.", False),
    Key("down", "alt+down", "move_lines(1)", "Move down", "Move the line, or those selected, down.", False),
    Key("double", "alt+d", "double_lines", "Double", "Copy the line, or those selected, below.", False),
    Key("word", "alt+w", "select_the_word", "Select word", "Select the word at the cursor.", False),
    Key("all", "alt+a", "select_all", "Select all", "Select the whole text.", False),
    Key("bracket", "alt+m", "bracket", "Bracket", "Go to the partner of the bracket at the cursor.", False),
    Key("indent", "tab", "indent", "Indent", "Indent the lines selected, or go to a tab stop.", False, True),
    Key("outdent", "shift+tab", "outdent", "Outdent", "Take a step of indentation away.", False, True),
)
FIND = _place(
    "find",
    Key("close", "escape", "close", "Close", "Stop a search under way, or close the bar.", priority=True),
    Key("next", "down", "step(1)", "Next", "Select the next match; enter does, too."),
    Key("previous", "up", "step(-1)", "Previous", "Select the match before."),
    Key("all", "alt+a", "replace_all", "Replace all", "Replace all matches; one step for undo."),
    Key("case", "alt+k", "switch('case')", "Case", "Tell capital letters from small ones.", False),
    Key("word", "alt+w", "switch('word')", "Word", "Find whole words alone.", False),
    Key(
        "regex",
        "alt+r",
        "switch('regex')",
        "Regex",
        "Take what is looked for as a regular expression.",
        False,
    ),
)
TRANSPILE = _place(
    "transpile",
    Key("go", "f8", "transpile", "Transpile", "Transpile with the choices above.", priority=True),
    Key("run", "f9", "submit", "Run", "Submit the transpiled circuit.", priority=True, changes=True),
    Key(
        "refine",
        "ctrl+o",
        "refine",
        "Options",
        "Ask the cloud transpiler for more than the line has room for.",
        priority=True,
    ),
    Key("all", "b", "all_backends", "All backends", "Search all online backends for the best one.", False),
    Key("map", "1", "view('map')", "Map", "Show where on the device the circuit runs.", False),
    Key("changes", "2", "view('changes')", "Changes", "Show the circuit's sizes before and after.", False),
    Key("timeline", "3", "view('timeline')", "Timeline", "Show what runs when on which qubit.", False),
    Key("program", "4", "view('program')", "QASM", "Show the program that would run.", False),
    Key("drawing", "5", "view('drawing')", "Drawing", "Show the drawing of the circuit.", False),
    Key("save", "ctrl+s", "save", "Save QASM", "Save the transpiled program in a file.", False, True),
    Key("together", "alt+m", "together", "More", "Run other circuits with this one.", False, True, True),
    Key("preset", "alt+p", "preset", "Preset", "Keep the form's options under a name.", False, True),
    Key(
        "dry_run",
        "ctrl+r",
        "dry_run",
        "Dry run",
        "Ask the service what the run would take; nothing is measured.",
        priority=True,
        changes=True,
    ),
    Key("stop", "escape", "stop", "Stop", "Stop transpiling, or waiting for a price or a dry run."),
)
CANDIDATES = _place(
    "candidates",
    Key("compare", "C", "compare", "Compare", "Compare the candidates with the one under review.", False),
)
"""Keys of the candidates of a circuit."""
SESSIONS = _place(
    "sessions",
    Key("new", "n", "new", "New", "Open a session or a batch.", changes=True),
    Key("use", "u", "use", "Use", "Run the next jobs in this session.", changes=True),
    Key("drain", "d", "drain", "Drain", "Take no more jobs; what is queued still runs.", changes=True),
    Key("cancel", "c", "cancel", "Cancel", "Close now; what is queued is dropped.", changes=True),
    Key("refresh", "r", "refresh", "Refresh", "Ask the service now."),
)
BACKENDS = _place(
    "backends",
    Key("use", "enter", "use", "Use", "Transpile for this backend."),
    Key("map", "1", "view('map')", "Map", "Show the device as a map."),
    Key("qubits", "2", "view('qubits')", "Qubits", "Show the figures of each qubit."),
    Key("couplers", "3", "view('couplers')", "Couplers", "Show the figures of each coupler."),
    Key("history", "4", "view('history')", "History", "Show the calibrations seen of the device."),
    Key("figure", "m", "figure", "Figure", "Letter the map by the next figure."),
    Key("least", "b", "least_busy", "Least busy", "Go to the least busy backend that is online."),
    Key("sort", "s", "sort", "Sort", "Sort the table by the next column.", False),
    Key("turn", "S", "turn", "Turn round", "Sort the other way round.", False),
    Key("refresh", "r", "refresh", "Refresh", "Ask the service now."),
    Key("list", "escape", "list", "List", "Back to the list of backends.", False),
)
LOGIN_LIST = _place(
    "login",
    Key("sandbox", "s", "screen.sandbox('platform')", "Sandbox", "Use the simulated service."),
    Key(
        "sandbox_classic",
        "S",
        "screen.sandbox('classic')",
        "Sandbox, classic face",
        "Use the simulated service as the one of hub/group/project.",
    ),
)
"""Single letters, so they work in the list alone: a token is made of letters too."""
LOGIN = _place("login", Key("back", "escape", "back", "Back", "Look around without signing in."))
ACCOUNT = _place(
    "account",
    Key("out", "o", "sign_out", "Sign out", "End the access token and say what that achieved."),
    Key("other", "a", "other", "Another", "Sign in with another account, leaving this one."),
    Key("back", "escape", "back", "Close", "Back to the section."),
)
DIALOG = _place("dialog", Key("cancel", "escape", "cancel", "Cancel", "Close without doing it."))
SETTING = _place(
    "setting",
    Key("change", "enter", "change", "Change", "Change the setting under the cursor."),
    Key("standard", "d", "standard", "Default", "Have the default of the setting under the cursor."),
    Key("cancel", "escape", "cancel", "Close", "Close the settings."),
)
PICK = _place(
    "pick",
    Key("take", "enter", "take", "Take", "Take what is under the cursor."),
    Key("delete", "d", "delete", "Delete", "Delete what is under the cursor.", False),
    Key("cancel", "escape", "cancel", "Cancel", "Close without taking anything."),
)
COLUMNS = _place(
    "columns",
    Key("take", "enter", "take", "Take", "Show the columns so."),
    Key("toggle", "space", "show", "Show", "Show the column or hide it."),
    Key("up", "K,shift+up", "shift(-1)", "Up", "Move the column to the left."),
    Key("down", "J,shift+down", "shift(1)", "Down", "Move the column to the right."),
    Key("wider", "plus", "widen(1)", "Wider", "Give the column a cell more."),
    Key("narrower", "minus", "widen(-1)", "Narrower", "Give the column a cell less."),
    Key("auto", "0", "auto", "Auto", "As wide as it needs."),
    Key("standard", "d", "standard", "Standard", "All columns as at first."),
    Key("cancel", "escape", "cancel", "Cancel", "Leave the columns as they were."),
)
TOGETHER = _place(
    "together",
    Key("take", "enter", "take", "Take", "Run the marked circuits, too."),
    Key("mark", "space", "mark", "Mark", "Mark the circuit, or take the mark away."),
    Key("batch", "b", "batch", "Job or batch", "Run them as PUBs of one job, or each in a batch."),
    Key("cancel", "escape", "cancel", "Cancel", "Leave it as it was."),
)
MESSAGES = _place("messages", Key("close", "escape,q,ctrl+t", "close", "Close", "Back."))
HELP = _place("help", Key("close", "escape,q,f1,question_mark", "close", "Close", "Back."))


def key_by_id(key_id: str | None) -> Key | None:
    """Return the registered key of a binding.

    Returns:
        The key; `None` for a widget's own binding.
    """
    return next((key for place in PLACES for key in place if key.id == key_id), None)


def bindings(keys: tuple[Key, ...]) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Return Textual's `BINDINGS` for a place."""
    return [key.binding() for key in keys]
