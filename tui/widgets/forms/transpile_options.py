"""The choices above the transpile review: backend, level, where, seed; below, what the cloud is asked."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Select, Static

from tui.common.sanitize import plain
from tui.domain.backends import Backend
from tui.domain.circuits import DEFAULT_LEVEL, TranspileOptions
from tui.domain.cloud_transpiler import NOTHING_ASKED, CloudOptions
from tui.widgets.forms.cloud_options import CloudChoices
from tui.widgets.forms.select import Choice

LEVELS: tuple[tuple[str, int], ...] = (("0 none", 0), ("1 light", 1), ("2 medium", 2), ("3 heavy", 3))
"""Qiskit's optimization levels."""
MAX_SEED = 2**31 - 1
LOCAL, CLOUD = "local", "cloud"


class TranspileChoices(Vertical):
    """Says with `Changed` that the user chose otherwise; `options` and `backend` say what."""

    DEFAULT_CSS = """
    TranspileChoices { height: auto; }
    #anywhere { height: 1; padding: 0 1; }
    #anywhere > Static { width: auto; height: 1; color: $text-muted; }
    #anywhere > Choice { margin-right: 1; }
    #anywhere > #backend { width: 1fr; max-width: 48; }
    #anywhere > #level { width: 11; }
    #anywhere > #where { width: 8; }
    #anywhere > #seed { width: 7; }
    #anywhere > #seed.-wrong { background: $error 30%; }
    """

    class Changed(Message):
        """Another backend, level, place or seed was chosen."""

    def compose(self) -> ComposeResult:
        """The fields in one line, and another for the cloud."""
        with Horizontal(id="anywhere"):
            yield Static(Content("Backend "))
            yield Choice[str]("none", id="backend")
            yield Static(Content("Level "))
            yield Choice[int]("", LEVELS, DEFAULT_LEVEL, id="level")
            yield Choice[str]("", ((LOCAL, LOCAL), (CLOUD, CLOUD)), LOCAL, id="where")
            yield Static(Content("Seed "))
            seed = Input(placeholder="any", id="seed", compact=True, restrict=r"[0-9]*", max_length=10)
            seed.cursor_blink = False
            yield seed
        yield CloudChoices(id="asked")

    def on_mount(self) -> None:
        """The cloud is not chosen yet."""
        self._arrange()

    def show(self, backend: str, options: TranspileOptions) -> None:
        """Set the fields to these choices, without telling of a change."""
        with self.prevent(Select.Changed, Input.Changed):
            choice = self.query_one("#backend", Choice)
            choice.offer(choice.offered, backend)
            self.query_one("#level", Choice).value = options.optimization_level
            self.query_one("#where", Choice).value = CLOUD if options.cloud else LOCAL
            self.query_one("#seed", Input).value = "" if options.seed is None else str(options.seed)
        if options.cloud:
            self.query_one(CloudChoices).show(options.asked)
        self._arrange()

    def refine(self, asked: CloudOptions) -> None:
        """Ask the cloud this, as the user chose."""
        self.query_one(CloudChoices).show(asked)
        self.post_message(self.Changed())

    def offer_backends(self, backends: Sequence[Backend], chosen: str) -> None:
        """Offer these backends."""
        self.query_one("#backend", Choice).offer([(_told(one), one.name) for one in backends], chosen)

    def offer_cloud(self, there: bool) -> None:
        """Show where to transpile only when there is a choice."""
        where = self.query_one("#where", Choice)
        where.display = there
        if not there:
            with self.prevent(Select.Changed):
                where.value = LOCAL
            self._arrange()

    @property
    def cloud(self) -> bool:
        """Whether the cloud is chosen."""
        return self.query_one("#where", Choice).selection == CLOUD

    @property
    def backend(self) -> str:
        """The backend chosen; empty when there is none."""
        chosen = self.query_one("#backend", Choice).selection
        return chosen if isinstance(chosen, str) else ""

    def options(self) -> TranspileOptions:
        """How to transpile.

        Raises:
            ValueError: the seed is too large, or given twice.
        """
        level = self.query_one("#level", Choice).selection
        field = self.query_one("#seed", Input)
        seed = int(field.value) if field.value else None
        field.set_class(seed is not None and seed > MAX_SEED, "-wrong")
        if seed is not None and seed > MAX_SEED:
            raise ValueError(f"Seed: a whole number up to {MAX_SEED}, or empty.")
        return TranspileOptions(
            optimization_level=level if isinstance(level, int) else DEFAULT_LEVEL,
            seed=seed,
            cloud=self.cloud,
            asked=self.query_one(CloudChoices).options() if self.cloud else NOTHING_ASKED,
        )

    @on(Select.Changed)
    @on(Input.Changed)
    @on(CloudChoices.Changed)
    def _changed(self, event: Select.Changed | Input.Changed | CloudChoices.Changed) -> None:
        event.stop()
        self._arrange()
        self.post_message(self.Changed())

    def _arrange(self) -> None:
        self.query_one(CloudChoices).display = self.cloud


def _told(backend: Backend) -> str:
    """`ibm_cusco 127q, 3 queued`: what decides between backends, in one line."""
    words = [plain(backend.name, limit=40)]
    if backend.qubits is not None:
        words.append(f"{backend.qubits}q,")
    if not backend.operational:
        words.append(plain(backend.status, limit=20))
    elif backend.queue_length is not None:
        words.append(f"{backend.queue_length} queued")
    return " ".join(words)
