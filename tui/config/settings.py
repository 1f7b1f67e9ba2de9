"""Where qdeck keeps its files, and the settings a user writes."""

from __future__ import annotations

import contextlib
import shlex
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from tui.common.atomic_file import make_folder
from tui.common.bounded_read import read_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import plain
from tui.common.values import Value
from tui.domain.circuits import OTHER_MAKERS, Maker
from tui.domain.presets import Preset, read_presets
from tui.domain.search import scheduler_address

HOME_VARIABLE = "QDECK_HOME"
_MOST_BYTES = 1_000_000


class Folders(Value, frozen=True):
    """The folders qdeck uses: `config` (settings, accounts), `data` (history, results, the sandbox's
    state), `state` (logs, what was open last)."""

    config: Path
    data: Path
    state: Path

    @property
    def accounts_file(self) -> Path:
        """qdeck's own saved accounts, mode 0600."""
        return self.config / "accounts.json"

    @property
    def settings_file(self) -> Path:
        """The settings that the user writes, TOML."""
        return self.config / "settings.toml"

    @property
    def history_file(self) -> Path:
        """The TinyDB history, a journal."""
        return self.data / "history.journal"

    @property
    def old_history_file(self) -> Path:
        """The history of earlier versions, taken over when it is found."""
        return self.data / "history.json"

    @property
    def results(self) -> Path:
        """Result bodies, one file a job."""
        return self.data / "results"

    @property
    def sandbox(self) -> Path:
        """State that the sandbox keeps between its starts."""
        return self.data / "sandbox"

    def create(self) -> None:
        """Make the folders that are missing, mode 0700.

        Raises:
            OSError: a folder cannot be made.
        """
        for folder in (self.config, self.data, self.state):
            make_folder(folder)


class Settings(Value, frozen=True):
    """What `settings.toml` says.

    Attributes:
        on_finish: program and arguments run for each job that finished; empty: none.
        on_finish_variables: names of environment variables that it gets beside the usual ones.
        kept_mib: MiB that results and circuits may take on the disk; `None`: as qdeck thinks fit.
        ca_file: CA certificates to trust beside the system's, a file or a folder; `None`: none.
        session_idle_minutes: minutes without a job after which an open session is warned of; 0: never.
        auto_result_mib: MiB up to which results are fetched by themselves; larger ones when a job is opened.
        transpile_seconds: time that transpiling a circuit here may take.
        search_seconds: time of a search for candidates.
        search_workers: processes that search at the same time; `None`: by the processors there are, up to 4.
        search_makers: who is asked for candidates beside Qiskit as it is.
        dask: address of a Dask scheduler whose workers search; empty: processes of this machine do.
        timeout_seconds: seconds that a command, and each request of the app, waits for the service; `None`:
            as each thinks fit.
        readonly: nothing is submitted, cancelled or changed on the service.
        program: how primitives are submitted on the platform: `executor` or `legacy`.
        completion: the editor offers words and arguments while they are typed.
        presets: options of a run by name.
        theme: name of the colours; empty: those that fit the terminal.
        keymap: other keys by the id of an action.
    """

    on_finish: tuple[str, ...] = ()
    on_finish_variables: tuple[str, ...] = ()
    kept_mib: int | None = None
    ca_file: Path | None = None
    session_idle_minutes: int = 5
    auto_result_mib: int = 5
    transpile_seconds: int = 300
    readonly: bool = False
    program: str = "executor"
    timeout_seconds: int | None = None
    search_seconds: float = 2
    search_workers: int | None = None
    search_makers: frozenset[Maker] = OTHER_MAKERS
    dask: str = ""
    completion: bool = True
    presets: Mapping[str, Preset] = {}  # msgspec copies an empty one
    theme: str = ""
    keymap: Mapping[str, str] = {}


def _whole(least: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and value >= least


def _scheduler(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(scheduler_address(value))
    except ValueError:
        return False


class Setting(Value, frozen=True):
    """A setting as the user meets it.

    Attributes:
        meaning: its effect, in a few words.
        form: the values that are accepted, in words.
        accepts: whether a value of TOML is accepted.
    """

    meaning: str
    form: str
    accepts: Callable[[object], bool] = lambda _: True


SETTINGS: dict[str, Setting] = {
    "on_finish": Setting(
        "run for each job that finished", "a string, a command", lambda value: isinstance(value, str)
    ),
    "on_finish_variables": Setting(
        "environment variables that on_finish gets beside the usual ones",
        "a list of names of variables",
        lambda value: isinstance(value, list) and all(isinstance(name, str) and name for name in value),
    ),
    "kept_mib": Setting(
        "space for results and circuits on the disk", "a whole number of MiB, at least 1", _whole(1)
    ),
    "ca_file": Setting(
        "CA certificates to trust beside the system's", "a string, the path of a file or a folder"
    ),
    "session_idle_minutes": Setting(
        "time without a job after which an open session is warned of",
        "a whole number of minutes, 0 for no warning",
        _whole(0),
    ),
    "auto_result_mib": Setting(
        "size up to which results are fetched by themselves",
        "a whole number of MiB, 0 to fetch no result by itself",
        _whole(0),
    ),
    "transpile_seconds": Setting(
        "time that transpiling a circuit here may take", "a whole number of seconds, at least 1", _whole(1)
    ),
    "readonly": Setting(
        "submit, cancel and change nothing on the service",
        "true or false",
        lambda value: type(value) is bool,
    ),
    "program": Setting(
        "how primitives are submitted on the platform",
        '"executor" or "legacy"',
        lambda value: value in ("executor", "legacy"),
    ),
    "timeout_seconds": Setting(
        "time that the service is waited for", "a whole number of seconds, at least 1", _whole(1)
    ),
    "search_seconds": Setting(
        "time of a search for the best candidate",
        "a number of seconds, more than 0 and up to 3600",
        lambda value: type(value) in (int, float) and 0 < float(str(value)) <= 3600,
    ),
    "search_workers": Setting(
        "processes that search at the same time",
        "a whole number of processes, 1 to 64",
        lambda value: type(value) is int and 1 <= value <= 64,
    ),
    "search_makers": Setting(
        "who is asked for candidates beside Qiskit as it is",
        f"a list of {', '.join(sorted(OTHER_MAKERS))}, or [] for none",
        lambda value: isinstance(value, list) and all(one in tuple(OTHER_MAKERS) for one in value),
    ),
    "dask": Setting(
        "Dask scheduler whose workers search for candidates",
        "an address such as tls://host:8786 or tcp://127.0.0.1:8786",
        _scheduler,
    ),
    "completion": Setting(
        "the editor offers words and arguments while they are typed",
        "true or false",
        lambda value: type(value) is bool,
    ),
    "presets": Setting("options of a run by name", "tables, such as [presets.quick]"),
    "theme": Setting(
        "colours of the app",
        "the name of a theme, as the palette lists them",
        lambda value: isinstance(value, str) and 0 < len(value) <= 60,
    ),
    "keymap": Setting(
        "other keys for actions",
        'a table such as [keymap] with "jobs.cancel" = "x"; `qdeck help keys` has the names',
        lambda value: (
            isinstance(value, dict)
            and all(isinstance(keys, str) and 0 < len(keys) <= 100 for keys in value.values())
        ),
    ),
}
"""Every setting by name; `ca_file` and `presets` have checks of their own beside."""


def load_settings(path: Path) -> Settings:
    """Read the user's settings.

    Returns:
        The settings; the defaults where the file is not there.

    Raises:
        QdeckError: `SETTINGS`: the file cannot be read, or has something unknown in it, with the place.
    """
    try:
        body = read_file(path, _MOST_BYTES)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        why = error.strerror or str(error)
        raise QdeckError(ErrorKind.SETTINGS, f"{path} cannot be read: {why}.", "Correct it.") from error
    return parse_settings(body, path)


def parse_settings(body: bytes, path: Path) -> Settings:
    """Read the text of `settings.toml`.

    Args:
        body: the text, UTF-8.
        path: the file, for messages and for relative paths in it.

    Raises:
        QdeckError: `SETTINGS`: it cannot be read, or has something unknown in it, with the place.
    """
    try:
        values = tomllib.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise QdeckError(ErrorKind.SETTINGS, f"{path} cannot be read: {error}.", "Correct it.") from error
    unknown = sorted(values.keys() - SETTINGS.keys())
    if unknown:
        raise QdeckError(
            ErrorKind.SETTINGS,
            f"{path}: there is no setting {unknown[0]!r}.",
            f"There are: {', '.join(SETTINGS)}.",
        )
    for name, setting in SETTINGS.items():
        if name in values and not setting.accepts(values[name]):
            raise QdeckError(ErrorKind.SETTINGS, f"{path}: {name} must be {setting.form}.")
    try:
        presets = read_presets(values.pop("presets", {}))
    except ValueError as error:
        raise QdeckError(
            ErrorKind.SETTINGS, f"{path}: {plain(str(error), limit=500)}.", "Correct it."
        ) from error
    if "search_makers" in values:
        values["search_makers"] = frozenset(map(Maker, values["search_makers"]))
    command, ca_file = values.pop("on_finish", ""), _ca_file(values.pop("ca_file", None), path)
    try:
        return Settings(
            on_finish=tuple(shlex.split(command)),
            on_finish_variables=tuple(values.pop("on_finish_variables", ())),
            ca_file=ca_file,
            presets=presets,
            **values,
        )
    except ValueError as error:
        raise QdeckError(
            ErrorKind.SETTINGS, f"{path}: on_finish cannot be taken apart: {error}.", "Check its quotes."
        ) from error


def _ca_file(value: object, settings_file: Path) -> Path | None:
    """Resolve the CA file; a relative path starts beside `settings.toml`."""
    if value is None:
        return None
    if isinstance(value, str) and value.strip():
        with contextlib.suppress(RuntimeError):  # ~somebody, who is not known here
            return settings_file.parent / Path(value.strip()).expanduser()
    raise QdeckError(
        ErrorKind.SETTINGS, f"{settings_file}: ca_file must be a string, the path of a file or a folder."
    )


def folders(environ: Mapping[str, str]) -> Folders:
    """The folders for this user: below `QDECK_HOME` when it is set, else the platform's own places."""
    home = environ.get(HOME_VARIABLE, "")
    if home:
        root = Path(home).expanduser()
        return Folders(root / "config", root / "data", root / "state")
    return Folders(
        Path(platformdirs.user_config_dir("qdeck", appauthor=False)),
        Path(platformdirs.user_data_dir("qdeck", appauthor=False)),
        Path(platformdirs.user_state_dir("qdeck", appauthor=False)),
    )
