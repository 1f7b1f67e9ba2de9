"""Words that the shell offers for a value of the command line, from files on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from tui.common.safe_text import plain
from tui.config.settings import SETTINGS, folders, load_settings

MOST_JOBS = 500
"""The newest jobs, whose ids, tags, ... are offered."""
Word = tuple[str, str]
"""A word that is offered, and a few words on it."""


class _Row(msgspec.Struct):
    """The members of a job's row that are offered, whatever else is in it."""

    id: str
    created: str = ""
    name: str = ""
    status: str = ""
    backend: str = ""
    session_id: str = ""
    tags: tuple[str, ...] = ()


def words(kind: str, begun: str) -> list[Word]:
    """Return the words of a kind that begin as what was typed; none where nothing can be read.

    Args:
        kind: one of `KINDS`.
        begun: what is typed so far.
    """
    try:
        found = dict(KINDS[kind]())
    except Exception:
        # A completion has nowhere to say what went wrong, and the command will.
        return []
    return [(word, about) for word, about in found.items() if word.startswith(begun) and _typed(word)]


def _typed(word: str) -> bool:
    """Return whether a word can be typed as it is: what was made elsewhere may hold anything."""
    return bool(word) and plain(word) == word and not set(word) & set("\"'`$\\!*?;&|<>(){}[]#~\t\n ")


def _rows() -> list[_Row]:
    from tui.store.journal.file import newest_documents

    decoder = msgspec.json.Decoder(_Row)

    def created(document: bytes) -> str:
        try:
            return decoder.decode(document).created
        except msgspec.MsgspecError:
            return ""

    path = folders(os.environ).history_file
    documents = newest_documents(path, "jobs", MOST_JOBS, created)
    return [decoder.decode(one) for one in documents if created(one)]


def _jobs() -> Iterator[Word]:
    for row in _rows():
        yield row.id, plain(" ".join((row.status, row.name, row.backend)).strip(), limit=60)


def _sessions() -> Iterator[Word]:
    for row in _rows():
        yield row.session_id, plain(row.backend, limit=60)


def _tags() -> Iterator[Word]:
    for row in _rows():
        yield from ((tag, "") for tag in row.tags if not tag.startswith("qdeck-"))


def _backends() -> Iterator[Word]:
    yield from sorted({(row.backend, "") for row in _rows()})


def _accounts() -> Iterator[Word]:
    from tui.ibm.credentials.discovery import found_accounts

    for account in found_accounts(os.environ, folders(os.environ)).accounts:
        yield account.name, str(account.channel)


def _settings() -> Iterator[Word]:
    yield from ((name, one.meaning) for name, one in SETTINGS.items())


def _presets() -> Iterator[Word]:
    yield from ((name, "") for name in load_settings(folders(os.environ).settings_file).presets)


def _views() -> Iterator[Word]:
    from tui.config.view_settings import load_view

    yield from ((one.name, plain(one.filter, limit=60)) for one in load_view(folders(os.environ).state).views)


KINDS: dict[str, Callable[[], Iterable[Word]]] = {
    "jobs": _jobs,
    "sessions": _sessions,
    "tags": _tags,
    "backends": _backends,
    "accounts": _accounts,
    "settings": _settings,
    "presets": _presets,
    "views": _views,
}


def script(shell: str, command: Any, program: str, variable: str) -> str:
    """Return the script by which a shell asks qdeck for completions.

    Args:
        shell: bash, zsh or fish.
        command: the whole command line, of click.
        program: its name.
        variable: set by the script when it asks.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    return made(command, {}, program, variable).source()
