"""The system's keyring, for users who ask that it holds their token.

A keyring may be locked, may ask on a desktop where nobody sits, or may never answer (D-Bus over SSH). So
every question is put to it in a thread of its own and waited for only so long; a thread that is still stuck
when qdeck ends does not hold it up. The library is imported by the first question, never before.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from importlib.util import find_spec
from typing import TYPE_CHECKING, TypeVar

from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret, plain
from tui.config.settings import Folders

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "qdeck"
ANSWER_SECONDS = 30.0
"""Seconds in which a keyring has to answer: long enough to type its password into a dialog."""
LOOK_SECONDS = 5.0
"""Seconds in which the library has to name the keyring."""
IN_A_FILE = (
    "Or run `qdeck login` without --keyring, which keeps the account in a file that only you can read."
)
NOT_INSTALLED = (
    "The system's keyring needs Python's `keyring` library, which is not installed: "
    'pip install "qdeck[keyring]" brings it.'
)

T = TypeVar("T")


def installed() -> bool:
    """Return whether the library is installed; does not import it."""
    return find_spec("keyring") is not None


def entry_name(account: str, folders: Folders) -> str:
    """Return the user name of the keyring's entry: accounts of the same name in two folders differ in it."""
    return f"{account} in {folders.config.absolute()}"


async def keyring_name() -> str:
    """Return the name of the system's keyring; empty when there is none that works."""
    if not installed():
        return ""
    try:
        return await _asked(lambda: plain(_backend().name, limit=60), LOOK_SECONDS)
    except QdeckError:
        return ""


async def read_token(entry: str) -> Secret:
    """Return the token of an entry.

    Raises:
        QdeckError: `UNAVAILABLE`: there is no keyring, or it is locked; `TIMEOUT`: it does not answer;
            `SETTINGS`: it has no such entry.
    """
    token = await _asked(lambda: _backend().get_password(SERVICE, entry), ANSWER_SECONDS)
    if not token:
        message = f"The keyring has no token for {entry!r} (any more)."
        advice = "Run `qdeck login --keyring` again."
        raise QdeckError(ErrorKind.SETTINGS, message, advice)
    return Secret(token)


async def store_token(entry: str, token: Secret) -> str:
    """Put the token into the keyring.

    Returns:
        The name of that keyring.

    Raises:
        QdeckError: `UNAVAILABLE` or `TIMEOUT`: it is not kept.
    """
    given_up = threading.Event()

    def store() -> str:
        backend = _backend()
        backend.set_password(SERVICE, entry, token.reveal())
        if given_up.is_set():
            # The user has been informed that it is not kept.
            backend.delete_password(SERVICE, entry)
        return plain(backend.name, limit=60)

    try:
        return await _asked(store, ANSWER_SECONDS)
    except BaseException:
        given_up.set()
        raise


async def drop_token(entry: str) -> None:
    """Remove the token; one that is not there is no error.

    Raises:
        QdeckError: `UNAVAILABLE` or `TIMEOUT`: it may still be there, and the advice says how to remove it.
    """

    def drop() -> None:
        from keyring.errors import PasswordDeleteError

        backend = _backend()
        try:
            backend.delete_password(SERVICE, entry)
        except PasswordDeleteError:
            # Not there, or it refuses: only the first is well.
            if backend.get_password(SERVICE, entry) is not None:
                raise

    try:
        await _asked(drop, ANSWER_SECONDS)
    except QdeckError as error:
        message = f"The token is still in the keyring: {error.message}"
        advice = f"Remove the entry of service {SERVICE!r}, user {entry!r} there."
        raise QdeckError(error.kind, message, advice) from error


def _backend() -> KeyringBackend:
    """Return the keyring that the library chose, or the user by its own settings; blocks.

    Raises:
        QdeckError: `UNAVAILABLE`: there is none that keeps anything.
    """
    try:
        import keyring
    except ImportError as problem:
        raise QdeckError(ErrorKind.UNAVAILABLE, NOT_INSTALLED, IN_A_FILE) from problem
    chosen = keyring.get_keyring()
    # `fail` and `null` have 0 and less: the one keeps nothing, the other says so.
    if chosen.priority <= 0:
        message = "No system keyring works here: over SSH there is mostly none."
        raise QdeckError(ErrorKind.UNAVAILABLE, message, IN_A_FILE)
    return chosen


async def _asked(question: Callable[[], T], seconds: float) -> T:
    """Return the answer of the keyring to a question, when it comes within so many seconds.

    Raises:
        QdeckError: it does not, or refuses. Its own text may repeat a token, so it is not shown.
    """
    answer: Future[T] = Future()

    def ask() -> None:
        answer.set_running_or_notify_cancel()
        try:
            answer.set_result(question())
        except BaseException as problem:
            answer.set_exception(problem)

    threading.Thread(target=ask, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(answer)
    except TimeoutError:
        raise QdeckError(
            ErrorKind.TIMEOUT,
            f"The keyring did not answer within {seconds:.0f} s: it may be waiting on the desktop to be "
            "unlocked.",
            f"Unlock it there and try again. {IN_A_FILE}",
        ) from None
    except QdeckError:
        raise
    except Exception as problem:
        raise _refused(problem) from None


def _refused(problem: Exception) -> QdeckError:
    from keyring.errors import InitError, KeyringLocked, NoKeyringError

    if isinstance(problem, KeyringLocked):
        message = "The keyring is locked."
        advice = f"Unlock it (log in to the desktop, or open its password manager) and try again. {IN_A_FILE}"
        return QdeckError(ErrorKind.UNAVAILABLE, message, advice)
    if isinstance(problem, InitError | NoKeyringError):
        return QdeckError(ErrorKind.UNAVAILABLE, "No system keyring is reached from here.", IN_A_FILE)
    message = f"The keyring failed ({type(problem).__name__})."
    return QdeckError(ErrorKind.UNAVAILABLE, message, f"Try again. {IN_A_FILE}")
