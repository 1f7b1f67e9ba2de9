"""Changes of `settings.toml` by commands and screens: one setting at a time, what else is in it stays."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping, Sequence, Sized
from pathlib import Path

import msgspec

from tui.common.atomic_file import make_folder, replace_file
from tui.common.bounded_read import read_file
from tui.common.errors import ErrorKind, QdeckError
from tui.common.file_lock import file_lock
from tui.common.safe_text import plain
from tui.config.settings import SETTINGS, Settings, load_settings, parse_settings
from tui.domain.presets import Preset

_MOST_BYTES = 1_000_000
_LOCK_SECONDS = 5.0
PRESET_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""Names that need no quotes in the file and no escape on a command line."""


class SettingValue(msgspec.Struct, frozen=True):
    """A setting with its value.

    Attributes:
        name: as in the file.
        value: in force, as JSON would have it; `None`: as qdeck thinks fit.
        default: its value where the file does not say.
        in_file: whether the file says it.
    """

    name: str
    value: object
    default: object
    in_file: bool


def setting_values(path: Path) -> tuple[SettingValue, ...]:
    """Return every setting with its value.

    Raises:
        QdeckError: `SETTINGS`: the file cannot be read.
    """
    settings, said = load_settings(path), _said(path)
    return tuple(
        SettingValue(name, _plain(settings, name), _plain(Settings(), name), name in said)
        for name in SETTINGS
    )


def set_value(path: Path, name: str, text: str) -> Settings:
    """Give a setting a value, and write the file.

    Args:
        path: the file; it is made where it is not there.
        name: of the setting; of a preset's option, its place: `presets.quick.shots`.
        text: a value of TOML, or a string without its quotes.

    Returns:
        The settings as they are then.

    Raises:
        QdeckError: `SETTINGS`: there is no such setting, or it does not take this value; nothing is written.
            `STORAGE`: the file cannot be written.
    """
    _known(name)
    try:
        return _change(path, name, _toml_value(text))
    except QdeckError as refusal:
        if refusal.kind is not ErrorKind.SETTINGS or isinstance(_toml_value(text), str):
            raise
        try:
            return _change(path, name, text)
        except QdeckError:
            raise refusal from None


def preset_trouble(name: str) -> str:
    """Say what is wrong with a name for a preset; empty: nothing."""
    if PRESET_NAME.fullmatch(name.strip()):
        return ""
    return f"{plain(name, limit=60)!r} is no name for a preset: letters, digits, - and _, at most 40."


def write_preset(path: Path, name: str, preset: Preset) -> Settings:
    """Keep options of a run under a name, in place of those that had it.

    Args:
        path: the settings' file; it is made where it is not there.
        name: letters, digits, `-` and `_`, at most 40.
        preset: what is kept; options that say nothing are left out.

    Returns:
        The settings as they are then.

    Raises:
        QdeckError: `SETTINGS`: no such name can be given, or the file is refused; nothing is written.
            `STORAGE`: the file cannot be written.
    """
    if trouble := preset_trouble(name):
        raise QdeckError(ErrorKind.SETTINGS, trouble)
    return _change(path, f"presets.{name}", _said_of(msgspec.to_builtins(preset)))


def remove_value(path: Path, name: str) -> Settings:
    """Remove a setting from the file: its default is in force again.

    Raises:
        QdeckError: as of `set_value`.
    """
    _known(name)
    return _change(path, name, None)


def _known(name: str) -> None:
    if name.split(".", 1)[0] not in SETTINGS:
        raise QdeckError(
            ErrorKind.SETTINGS,
            f"There is no setting {plain(name, limit=60)!r}.",
            f"There are: {', '.join(SETTINGS)}.",
        )


def _toml_value(text: str) -> object:
    try:
        read = tomllib.loads(f"value = {text}\n")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return read["value"] if read.keys() == {"value"} else text


def _change(path: Path, name: str, value: object) -> Settings:
    """Change one place of the file, under a lock, where its reader takes what comes out.

    Args:
        value: `None`: it is removed.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from tui.common.file_lock import LockTimeout

    def changed(body: bytes) -> bytes:
        document = tomlkit.parse(body.decode("utf-8"))
        table = document
        *above, last = name.split(".")
        for part in above:
            if part not in table and value is None:
                return body
            table = table.setdefault(part, tomlkit.table())
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
        return tomlkit.dumps(document).encode("utf-8")

    try:
        make_folder(path.parent)
        with file_lock(path.with_name(f"{path.name}.lock"), _LOCK_SECONDS):
            return _rewritten(path, changed)
    except LockTimeout:
        raise QdeckError(ErrorKind.STORAGE, f"Another qdeck is writing {path}.", "Try again.") from None
    except (TOMLKitError, AttributeError, TypeError, ValueError) as error:
        raise QdeckError(
            ErrorKind.SETTINGS, f"{path} does not take {plain(name, limit=60)!r} there.", "Edit it by hand."
        ) from error
    except OSError as error:
        raise QdeckError(
            ErrorKind.STORAGE, f"{path} cannot be written: {error.strerror or error}."
        ) from error


def _rewritten(path: Path, changed: Callable[[bytes], bytes]) -> Settings:
    try:
        body = read_file(path, _MOST_BYTES)
    except FileNotFoundError:
        body = b""
    parse_settings(body, path)
    written = changed(body)
    settings = parse_settings(written, path)
    replace_file(path.resolve(), [written], mode=0o600, keep_mode=True)
    return settings


def shown_value(one: SettingValue) -> str:
    """Return a value as it is typed; empty where it is as qdeck thinks fit."""
    if one.value is None or (isinstance(one.value, Sized) and not one.value):
        return ""
    if one.name == "on_finish" and isinstance(one.value, Sequence):
        return shlex.join(map(str, one.value))
    return one.value if isinstance(one.value, str) else json.dumps(one.value)


def _said(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(read_file(path, _MOST_BYTES).decode("utf-8"))
    except FileNotFoundError:
        return {}


def _plain(settings: Settings, name: str) -> object:
    value = getattr(settings, name)
    if isinstance(value, Path):
        return str(value)
    if name == "presets":
        return {key: _said_of(msgspec.to_builtins(preset)) for key, preset in value.items()}
    if isinstance(value, frozenset):
        return sorted(msgspec.to_builtins(value))
    return msgspec.to_builtins(value)


def _said_of(preset: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in preset.items() if value}
