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
from tui.domain.presets import Preset, read_presets

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
        timeout_seconds: seconds that a command, and each request of the app, waits for the service; `None`:
            as each thinks fit.
        readonly: nothing is submitted, cancelled or changed on the service.
        program: how primitives are submitted on the platform: `executor` or `legacy`.
        presets: options of a run by name.
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
    presets: Mapping[str, Preset] = {}  # msgspec copies an empty one


_KNOWN = Settings.__struct_fields__


def _whole(least: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and value >= least


_VALUES: dict[str, tuple[Callable[[object], bool], str]] = {
    "on_finish": (lambda value: isinstance(value, str), "a string, a command"),
    "on_finish_variables": (
        lambda value: isinstance(value, list) and all(isinstance(name, str) and name for name in value),
        "a list of names of variables",
    ),
    "kept_mib": (_whole(1), "a whole number of MiB, at least 1"),
    "session_idle_minutes": (_whole(0), "a whole number of minutes, 0 for no warning"),
    "auto_result_mib": (_whole(0), "a whole number of MiB, 0 to fetch no result by itself"),
    "transpile_seconds": (_whole(1), "a whole number of seconds, at least 1"),
    "search_seconds": (
        lambda value: type(value) in (int, float) and 0 < float(str(value)) <= 3600,
        "a number of seconds, more than 0 and up to 3600",
    ),
    "search_workers": (
        lambda value: type(value) is int and 1 <= value <= 64,
        "a whole number of processes, 1 to 64",
    ),
    "timeout_seconds": (_whole(1), "a whole number of seconds, at least 1"),
    "readonly": (lambda value: type(value) is bool, "true or false"),
    "program": (lambda value: value in ("executor", "legacy"), '"executor" or "legacy"'),
}
"""Of each setting what is accepted, and that in words; `ca_file` has a check of its own."""


def load_settings(path: Path) -> Settings:
    """Read the user's settings.

    Returns:
        The settings; the defaults where the file is not there.

    Raises:
        QdeckError: `SETTINGS`: the file cannot be read, or has something unknown in it, with the place.
    """
    try:
        values = tomllib.loads(read_file(path, _MOST_BYTES).decode("utf-8"))
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        why = error.strerror or str(error)
        raise QdeckError(ErrorKind.SETTINGS, f"{path} cannot be read: {why}.", "Correct it.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise QdeckError(ErrorKind.SETTINGS, f"{path} cannot be read: {error}.", "Correct it.") from error
    unknown = sorted(values.keys() - set(_KNOWN))
    if unknown:
        raise QdeckError(
            ErrorKind.SETTINGS,
            f"{path}: there is no setting {unknown[0]!r}.",
            f"There are: {', '.join(_KNOWN)}.",
        )
    for name, (accepts, words) in _VALUES.items():
        if name in values and not accepts(values[name]):
            raise QdeckError(ErrorKind.SETTINGS, f"{path}: {name} must be {words}.")
    try:
        presets = read_presets(values.pop("presets", {}))
    except ValueError as error:
        raise QdeckError(
            ErrorKind.SETTINGS, f"{path}: {plain(str(error), limit=500)}.", "Correct it."
        ) from error
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
