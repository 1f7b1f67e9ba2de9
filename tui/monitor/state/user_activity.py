"""Whether anybody looks: decides how often the service is asked for what nobody waits for."""

from __future__ import annotations

from tui.common.clock import Clock

LASTS = 120.0
"""Seconds after the last thing the user did here in which what is new elsewhere is looked for."""


class UserActivity:
    """What is known of the user at the terminal. Terminals that tell no focus are taken to have it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._noticed = clock.monotonic()
        self.focused = True
        """Whether the terminal has the focus."""

    @property
    def paid(self) -> bool:
        """Whether the terminal has the focus and was used in the last two minutes."""
        return self.focused and self._clock.monotonic() - self._noticed < LASTS

    def noticed(self) -> None:
        """The user did something here."""
        self._noticed = self._clock.monotonic()

    def focus(self, focused: bool) -> None:
        """The terminal got or lost the focus."""
        self.focused = focused
        if focused:
            self.noticed()
