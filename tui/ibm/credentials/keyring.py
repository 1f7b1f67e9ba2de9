"""The system's keyring, for users who ask that it holds their token.

A keyring may be locked, may ask on a desktop where nobody sits, or may never answer (D-Bus over SSH). So
every question is put to it by a short-lived process of its own (`keyring_worker`), which is waited for only
so long and then killed. The app's process never imports the library.
"""

from __future__ import annotations

import asyncio
import os
from importlib.util import find_spec

import msgspec

from tui.common.environment import hook_environment
from tui.common.errors import ErrorKind, QdeckError
from tui.common.safe_text import Secret
from tui.common.worker_process import WorkerDied, WorkerProcess
from tui.config.settings import Folders
from tui.ibm.credentials.keyring_worker import SERVICE, Answer, Ask, Question, Refusal

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
_WORKER = "tui.ibm.credentials.keyring_worker"
_VARIABLES = ("PYTHON_KEYRING_BACKEND", "KEYRING_PROPERTY_", "GNOME_KEYRING_CONTROL", "KDE_")
"""Beginnings of the names of variables by which the library finds a keyring, beside those of the desktop."""


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
        return await _ask(Question(Ask.NAME), LOOK_SECONDS) or ""
    except QdeckError:
        return ""


async def read_token(entry: str) -> Secret:
    """Return the token of an entry.

    Raises:
        QdeckError: `UNAVAILABLE`: there is no keyring, or it is locked; `TIMEOUT`: it does not answer;
            `SETTINGS`: it has no such entry.
    """
    token = await _ask(Question(Ask.READ, entry), ANSWER_SECONDS)
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
    try:
        return await _ask(Question(Ask.STORE, entry, token.reveal()), ANSWER_SECONDS) or ""
    except (TimeoutError, asyncio.CancelledError, QdeckError) as error:
        # Killed, it may have stored it at the last moment, and the user is informed that it is not kept.
        if not isinstance(error, QdeckError) or error.kind is ErrorKind.TIMEOUT:
            await _drop_quietly(entry)
        raise


async def drop_token(entry: str) -> None:
    """Remove the token; one that is not there is no error.

    Raises:
        QdeckError: `UNAVAILABLE` or `TIMEOUT`: it may still be there, and the advice says how to remove it.
    """
    try:
        await _ask(Question(Ask.DROP, entry), ANSWER_SECONDS)
    except QdeckError as error:
        message = f"The token is still in the keyring: {error.message}"
        advice = f"Remove the entry of service {SERVICE!r}, user {entry!r} there."
        raise QdeckError(error.kind, message, advice) from error


async def _drop_quietly(entry: str) -> None:
    try:
        await _ask(Question(Ask.DROP, entry), LOOK_SECONDS)
    except QdeckError:
        # Then it hardly took the token, either.
        return


async def _ask(question: Question, seconds: float) -> str | None:
    """Return the answer of the keyring to a question, when it comes within so many seconds.

    Raises:
        QdeckError: it does not, or refuses.
    """
    if not installed():
        raise _error(Answer(refusal=Refusal.NOT_INSTALLED))
    try:
        async with asyncio.timeout(seconds):
            answer = await _answer_of_worker(question)
    except TimeoutError:
        raise QdeckError(
            ErrorKind.TIMEOUT,
            f"The keyring did not answer within {seconds:.0f} s: it may be waiting on the desktop to be "
            "unlocked.",
            f"Unlock it there and try again. {IN_A_FILE}",
        ) from None
    except (WorkerDied, OSError, msgspec.MsgspecError) as problem:
        raise _error(Answer(refusal=Refusal.FAILED, error=type(problem).__name__)) from None
    if answer.refusal is not None:
        raise _error(answer)
    return answer.text


async def _answer_of_worker(question: Question) -> Answer:
    wanted = [name for name in os.environ if name.startswith(_VARIABLES)]
    worker = await WorkerProcess.open(_WORKER, environment=hook_environment(os.environ, wanted))
    try:
        await worker.send(msgspec.json.encode(question))
        return msgspec.json.decode(await worker.receive(), type=Answer)
    finally:
        await worker.close()


def _error(answer: Answer) -> QdeckError:
    advice = IN_A_FILE
    match answer.refusal:
        case Refusal.NOT_INSTALLED:
            message = NOT_INSTALLED
        case Refusal.WORTHLESS:
            message = "No system keyring works here: over SSH there is mostly none."
        case Refusal.LOCKED:
            message = "The keyring is locked."
            advice = (
                f"Unlock it (log in to the desktop, or open its password manager) and try again. {advice}"
            )
        case Refusal.UNREACHED:
            message = "No system keyring is reached from here."
        case _:
            message = f"The keyring failed ({answer.error})."
            advice = f"Try again. {advice}"
    return QdeckError(ErrorKind.UNAVAILABLE, message, advice)
