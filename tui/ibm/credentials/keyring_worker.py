"""The system's keyring, asked in a process of its own, and the messages to and from it.

The process is short-lived: one question each. Its imports and whatever the keyring does (D-Bus, a dialog)
hold up nobody, and one that never answers is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from tui.common.safe_text import plain
from tui.common.worker_process import serve

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "qdeck"


class Ask(StrEnum):
    """What is asked of the keyring."""

    NAME = "name"
    READ = "read"
    STORE = "store"
    DROP = "drop"


class Refusal(StrEnum):
    """Why the keyring did not do it."""

    NOT_INSTALLED = "not installed"
    WORTHLESS = "worthless"
    LOCKED = "locked"
    UNREACHED = "unreached"
    FAILED = "failed"


class Question(msgspec.Struct, frozen=True):
    """One question; entry and token where they are needed."""

    ask: Ask
    entry: str = ""
    token: str = ""


class Answer(msgspec.Struct, frozen=True):
    """The keyring's answer.

    Attributes:
        text: the token that was read, else the keyring's name; `None`: there is no such entry.
        refusal: why there is no answer; `None`: there is one.
        error: the name of the error's class, with `Refusal.FAILED`: its own text may repeat a token.
    """

    text: str | None = None
    refusal: Refusal | None = None
    error: str = ""


def main() -> None:
    """Answer questions until standard input closes."""
    serve(lambda: _answers)


def _answers(body: bytes) -> Iterator[bytes]:
    question = msgspec.json.decode(body, type=Question)
    yield msgspec.json.encode(_answer(question))


def _answer(question: Question) -> Answer:
    try:
        import keyring
        from keyring.errors import InitError, KeyringLocked, NoKeyringError
    except ImportError:
        return Answer(refusal=Refusal.NOT_INSTALLED)
    try:
        # The one that the library chose, or the user by its own settings.
        backend = keyring.get_keyring()
        # `fail` and `null` have 0 and less: the one keeps nothing, the other says so.
        if backend.priority <= 0:
            return Answer(refusal=Refusal.WORTHLESS)
        return Answer(_ACTIONS[question.ask](backend, question))
    except KeyringLocked:
        return Answer(refusal=Refusal.LOCKED)
    except (InitError, NoKeyringError):
        return Answer(refusal=Refusal.UNREACHED)
    except Exception as problem:
        return Answer(refusal=Refusal.FAILED, error=type(problem).__name__)


def _name(backend: KeyringBackend, _: Question) -> str:
    return plain(backend.name, limit=60)


def _read(backend: KeyringBackend, question: Question) -> str | None:
    return backend.get_password(SERVICE, question.entry)


def _store(backend: KeyringBackend, question: Question) -> str:
    backend.set_password(SERVICE, question.entry, question.token)
    return _name(backend, question)


def _drop(backend: KeyringBackend, question: Question) -> str:
    from keyring.errors import PasswordDeleteError

    try:
        backend.delete_password(SERVICE, question.entry)
    except PasswordDeleteError:
        # Not there, or it refuses: only the first is well.
        if backend.get_password(SERVICE, question.entry) is not None:
            raise
    return _name(backend, question)


_ACTIONS: dict[Ask, Callable[[KeyringBackend, Question], str | None]] = {
    Ask.NAME: _name,
    Ask.READ: _read,
    Ask.STORE: _store,
    Ask.DROP: _drop,
}
