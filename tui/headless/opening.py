"""A signed-in deck for the length of one command."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tui.domain.accounts import Identity
from tui.domain.errors import QdeckError
from tui.headless.choice import ServiceChoice, require_account
from tui.headless.talk import Exit, explain, say
from tui.monitor.deck import Deck
from tui.monitor.events import Event, FreshnessChanged, Notice, Severity


@dataclass(frozen=True, slots=True)
class OpenDeck:
    """A deck and who is signed in to it."""

    deck: Deck
    identity: Identity


@asynccontextmanager
async def started_deck(environ: Mapping[str, str]) -> AsyncIterator[Deck]:
    """The deck over this user's folders, history open, nobody signed in; closed at the end."""
    from tui.monitor.live import open_deck

    deck: Deck = open_deck(environ)
    unsubscribe = deck.subscribe(_talk_of)
    try:
        await deck.start()
        yield deck
    finally:
        unsubscribe()
        await deck.aclose()


async def sign_in(deck: Deck, choice: ServiceChoice) -> Identity:
    """Sign in to the sandbox or to the account the options and the machine say.

    Raises:
        UsageFault: there is no account.
        QdeckError: the service refused or was not reached.
    """
    if choice.sandbox:
        say("Starting the sandbox: a simulated IBM Quantum on this machine.")
        return await deck.sign_in_sandbox(choice.sandbox_channel)
    return await deck.sign_in(require_account(deck.found_accounts(), choice))


@asynccontextmanager
async def signed_in_deck(choice: ServiceChoice, environ: Mapping[str, str]) -> AsyncIterator[OpenDeck]:
    """The deck, signed in as `choice` says."""
    async with started_deck(environ) as deck:
        yield OpenDeck(deck, await sign_in(deck, choice))


def _talk_of(event: Event) -> None:
    if isinstance(event, Notice) and event.severity is not Severity.INFORMATION:
        say(f"qdeck: {event.text}")
    elif isinstance(event, FreshnessChanged) and event.freshness.offline_since is not None:
        why = event.freshness.error
        say(f"qdeck: the service does not answer; trying again. {why.message if why else ''}".rstrip())


def run_command(command: Callable[[], Awaitable[Exit]]) -> int:
    """Run one command to its end and turn what happens into an exit status.

    SIGTERM and SIGHUP end the command like Ctrl+C does (the deck is closed, a sandbox ended), with
    the status of the signal.

    Raises:
        KeyboardInterrupt: Ctrl+C, after the command has cleaned up.
        UsageFault: the command was called in a way it cannot work with.
    """
    ended_by: list[int] = []

    async def supervised() -> Exit:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            ended_by.append(number)
            if task is not None:
                task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, end, number)
        return await command()

    try:
        return int(asyncio.run(supervised()))
    except asyncio.CancelledError:
        return 128 + ended_by[0] if ended_by else int(Exit.INTERRUPTED)
    except QdeckError as error:
        explain(error)
        return int(Exit.FAILED)


def process_environment() -> Mapping[str, str]:
    """The environment the commands work with."""
    return os.environ
