"""The two lines above every screen: where you are signed in, how old the picture is, and the sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.common.safe_text import plain
from tui.common.timing import Clock
from tui.domain.accounts import Channel
from tui.widgets.text.format import (
    format_minute,
    format_token_life,
    format_usage,
    freshness_age,
    open_sessions,
    open_sessions_labels,
)
from tui.widgets.text.styled_text import Span, StyledLine, TextStyle, justify, line, width_of
from tui.widgets.text.text_widgets import LineWidget

if TYPE_CHECKING:  # it brings the HTTP client and the store along
    from tui.monitor.services import AppServices

SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("jobs", "F2", "Jobs"),
    ("editor", "F3", "Editor"),
    ("transpile", "F4", "Transpile"),
    ("sessions", "F5", "Sessions"),
    ("backends", "F6", "Backends"),
)
"""The sections: mode, key and title."""
UNVERIFIED = "certificates not checked"
"""Shown in red at all times for an account that says so."""
_TICK = 10.0
"""Seconds between looks at the clock: the ages shown are no finer."""


class StatusBar(LineWidget):
    """Identity and freshness above, sections and token life below, then a rule."""

    DEFAULT_CSS = "StatusBar { dock: top; height: 3; }"

    def __init__(self, services: AppServices, clock: Clock, section: str) -> None:
        super().__init__()
        self._services = services
        self._clock = clock
        self._section = section
        self._signing_in = ""

    def on_mount(self) -> None:
        """Follow the clock: ages change by themselves."""
        self.set_interval(_TICK, self.repaint)

    def signing_in(self, where: str) -> None:
        """Show that a sign-in is under way.

        Args:
            where: name of the account; empty when it is over.
        """
        self._signing_in = plain(where, limit=80)
        self.repaint()

    def build_lines(self, width: int) -> Sequence[StyledLine]:
        """Return identity and freshness, sections and token life, and a rule."""
        rule = line(("─" * width, TextStyle.MUTED))
        return (justify(self._where(width), self._freshness(), width), self._sections(width), rule)

    def _where(self, width: int) -> StyledLine:
        read_only = ("READ ONLY  ", TextStyle.WARNING) if self._services.read_only else ("", TextStyle.PLAIN)
        name = (" qdeck  ", TextStyle.STRONG)
        identity = self._services.connection.identity
        if identity is None:
            text = f"Signing in to {self._signing_in} …" if self._signing_in else "Not signed in"
            return line(name, read_only, (text, TextStyle.MUTED))
        usage = self._services.connection.usage
        service = "IBM Quantum" if identity.channel is Channel.PLATFORM else "IBM Quantum classic"
        plan = usage.plan if usage is not None else ""
        facts = [
            service if width >= 100 else "",
            plain(identity.instance_name or identity.instance, limit=60 if width >= 100 else 26),
            f"{plain(plan, limit=20)} plan" if plan else "",
            format_usage(usage),
        ]
        mark = Span(" SANDBOX ", TextStyle.SANDBOX) if identity.sandbox else Span("")
        open_to_all = Span(f"{UNVERIFIED} · ", TextStyle.BAD) if identity.unverified else Span("")
        gap = "  " if identity.sandbox else ""
        return line(name, read_only, mark, gap, open_to_all, " · ".join(fact for fact in facts if fact))

    def _freshness(self) -> StyledLine:
        freshness, now = self._services.connection.freshness, self._clock.now()
        if freshness.offline_since is not None:
            return line((f"○ offline since {format_minute(freshness.offline_since)} ", TextStyle.BAD))
        if self._services.connection.identity is None or freshness.confirmed is None:
            return ()
        text = freshness_age(freshness.confirmed, now)
        return line(
            ("● " if text == "live" else "◌ ", TextStyle.GOOD if text == "live" else TextStyle.WARNING),
            f"{text} ",
        )

    def _sections(self, width: int) -> StyledLine:
        """Sections, open sessions and token life: as much of them as there is room for."""
        now, token = self._clock.now(), self._token()
        words = open_sessions_labels(open_sessions(self._services), now)
        # Token life changes in width; the sections must not move with it.
        room = width - max(12, width_of(token)) - 1
        for keys, length in ((True, 0), (False, 0), (False, 1)):
            tabs, text = self._tabs(keys=keys), self._open(words[length])
            if width_of(tabs) + width_of(text) <= room:
                return justify(tabs, (*text, *token), width)
        if not words[0]:
            return justify(tabs, token, width)
        # Where there is no room for both, what costs goes before what renews itself.
        long = width_of(tabs) + width_of(text) + 1 > width
        return justify(tabs, self._open(words[2]) if long else text, width)

    @staticmethod
    def _open(words: str) -> StyledLine:
        if not words:
            return ()
        go = "app.section('sessions')"
        return (Span("● ", TextStyle.BUSY, go), Span(f"{words} ", TextStyle.PLAIN, go), Span(" "))

    def _tabs(self, *, keys: bool) -> StyledLine:
        def tab(mode: str, key: str, title: str, *, keys: bool) -> tuple[Span, ...]:
            action = f"app.section('{mode}')"
            if mode == self._section:
                shown = f"{key} {title}" if keys else title
                return (Span(f"[{shown}]", TextStyle.CURRENT, action), Span(" "))
            head = (
                (Span(f" {key} ", TextStyle.KEY, action),) if keys else (Span(" ", TextStyle.PLAIN, action),)
            )
            return (*head, Span(f"{title} ", TextStyle.PLAIN, action), Span(" "))

        return tuple(span for section in SECTIONS for span in tab(*section, keys=keys))

    def _token(self) -> StyledLine:
        identity = self._services.connection.identity
        if identity is None:
            return (
                Span("F7 ", TextStyle.KEY, "app.account"),
                Span("sign in ", TextStyle.PLAIN, "app.account"),
            )
        text = format_token_life(identity.expires, self._clock.now())
        style = TextStyle.WARNING if text in {"token over", "token <1m"} else TextStyle.MUTED
        return (Span(f"{text} ", style, "app.account"),) if text else ()
