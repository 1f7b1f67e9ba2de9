"""What the user does with submissions that are no job yet: withdraw, send first, send again."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.submissions import WaitingSubmission, WaitState
from tui.domain.text import shorten
from tui.screens.base import SectionScreen
from tui.screens.dialogs.pick import Option, Pick

_WITHDRAW, _FIRST, _AGAIN = "withdraw", "first", "again"


async def ask_line(screen: SectionScreen) -> None:
    """Offer what can be done with each, and do what is picked.

    Raises:
        QdeckError: it is too late for that, or the service did not answer.
    """
    options = [option for one in screen.deck.waiting() for option in _options(one)]
    if not options:
        screen.shell.tell("Nothing waits: every submission is a job, or was refused.")
        return
    picked = await screen.app.push_screen_wait(Pick("Submissions that wait", options))
    if picked is None:
        return
    what, _, tag = picked.key.partition(" ")
    if what == _FIRST:
        place = next((one.place for one in screen.deck.waiting() if one.tag == tag), 1)
        await screen.deck.move(tag, 1 - place)
    elif what == _AGAIN:
        await screen.deck.send_again(tag)
    else:
        await screen.deck.withdraw(tag)


def _options(one: WaitingSubmission) -> Iterator[Option]:
    if one.elsewhere or one.state is WaitState.SENDING:
        return
    name = shorten(one.submission.name or one.submission.primitive, 24)
    if one.state is WaitState.WAITING:
        yield Option(f"{_WITHDRAW} {one.tag}", f"withdraw {name}", "nothing was sent")
        if one.place > 1:
            yield Option(f"{_FIRST} {one.tag}", f"send {name} first", f"now number {one.place} in line")
    elif one.state is WaitState.NOT_CREATED:
        yield Option(f"{_AGAIN} {one.tag}", f"send {name} again", "the service has no such job")
        yield Option(f"{_WITHDRAW} {one.tag}", f"drop {name}", "the service has no such job")
    else:
        yield Option(f"{_WITHDRAW} {one.tag}", f"let go of {name}", "it may have become a job")
