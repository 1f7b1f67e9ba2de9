"""What the user does with submissions that are no job yet: withdraw, send earlier or later, send again."""

from __future__ import annotations

from collections.abc import Iterator

from tui.common.sanitize import shorten
from tui.domain.submissions import WaitingSubmission, WaitState
from tui.screens.base.section import SectionScreen
from tui.screens.dialogs.pick import Option, Pick

_WITHDRAW, _FIRST, _EARLIER, _LATER, _AGAIN = "withdraw", "first", "earlier", "later", "again"


async def ask_line(screen: SectionScreen) -> None:
    """Offer what can be done with each, and do what is picked.

    Raises:
        QdeckError: it is too late for that, or the service did not answer.
    """
    waiting = screen.services.outbox.queue.waiting()
    last = max((one.place for one in waiting if not one.elsewhere), default=0)
    options = [option for one in waiting for option in _options(one, last)]
    if not options:
        screen.shell.tell("Nothing waits: every submission is a job, or was refused.")
        return
    picked = await screen.app.push_screen_wait(Pick("Submissions that wait", options))
    if picked is None:
        return
    what, _, tag = picked.key.partition(" ")
    if what == _FIRST:
        place = next((one.place for one in screen.services.outbox.queue.waiting() if one.tag == tag), 1)
        await screen.services.outbox.queue.move(tag, 1 - place)
    elif what in {_EARLIER, _LATER}:
        await screen.services.outbox.queue.move(tag, -1 if what == _EARLIER else 1)
    elif what == _AGAIN:
        await screen.services.outbox.send_again(tag)
    else:
        await screen.services.outbox.queue.withdraw(tag)


def _options(one: WaitingSubmission, last: int) -> Iterator[Option]:
    if one.elsewhere or one.state is WaitState.SENDING:
        return
    name = shorten(one.submission.name or one.submission.primitive, 24)
    if one.state is WaitState.WAITING:
        yield Option(f"{_WITHDRAW} {one.tag}", f"withdraw {name}", "nothing was sent")
        told = f"now number {one.place} in line"
        if one.place > 1:
            yield Option(f"{_FIRST} {one.tag}", f"send {name} first", told)
        if one.place > 2:
            yield Option(f"{_EARLIER} {one.tag}", f"send {name} one earlier", told)
        if one.place < last:
            yield Option(f"{_LATER} {one.tag}", f"send {name} one later", told)
    elif one.state is WaitState.NOT_CREATED:
        yield Option(f"{_AGAIN} {one.tag}", f"send {name} again", "it is looked for once more before")
        yield Option(f"{_WITHDRAW} {one.tag}", f"drop {name}", "no job of it is known")
    else:
        yield Option(f"{_WITHDRAW} {one.tag}", f"let go of {name}", "it may have become a job")
