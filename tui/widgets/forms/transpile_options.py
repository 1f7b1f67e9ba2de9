"""The fields of the transpile review: backend, level, place, seed, and what the cloud transpiler is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Select, Static

from tui.common.safe_text import plain
from tui.domain.circuits import DEFAULT_LEVEL, TranspileOptions
from tui.domain.cloud_transpiler import NOTHING_ASKED, Ai, CloudOptions, LayoutMode, Preference
from tui.domain.devices.backends import Backend
from tui.widgets.forms.select import SearchableSelect

Preferences = tuple[Preference, ...]
AIS: tuple[tuple[str, Ai], ...] = tuple((ai.word, ai) for ai in Ai)
GATES: tuple[tuple[str, bool], ...] = (("standard", False), ("fractional", True))
_OF_AI = "#ai-layout-label, #ai-layout, #goal-label, #goal"
_ANY: tuple[str, Preferences] = ("any", ())
_EACH: tuple[tuple[str, Preferences], ...] = tuple((one.value, (one,)) for one in Preference)


class CloudOptionsForm(Horizontal):
    """Says with `Changed` that the user chose otherwise; `options` says what.

    Coupling map and Qiskit options are not chosen here: `refine` sets them, and the line says how many there
    are.
    """

    DEFAULT_CSS = """
    CloudOptionsForm { height: 1; padding: 0 1; }
    CloudOptionsForm > Static { width: auto; height: 1; color: $text-muted; }
    CloudOptionsForm > SearchableSelect { margin-right: 1; }
    CloudOptionsForm > #ai { width: 7; }
    CloudOptionsForm > #ai-layout { width: 11; }
    CloudOptionsForm > #goal { width: 14; }
    CloudOptionsForm > #gates { width: 13; }
    """

    class Changed(Message):
        """Something else is asked of the cloud transpiler."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._refined = NOTHING_ASKED

    def compose(self) -> ComposeResult:
        """Yield the fields in one line."""
        yield Static(Content("AI "))
        yield SearchableSelect("", AIS, Ai.AUTO, id="ai")
        yield Static(Content("Layout "), id="ai-layout-label")
        modes = [(mode.value, mode) for mode in LayoutMode]
        yield SearchableSelect("", modes, LayoutMode.OPTIMIZE, id="ai-layout")
        yield Static(Content("Goal "), id="goal-label")
        yield SearchableSelect("", (_ANY, *_EACH), (), id="goal")
        yield Static(Content("Gates "))
        yield SearchableSelect("", GATES, False, id="gates")
        yield Static(id="more", markup=False)

    def show(self, options: CloudOptions) -> None:
        """Set the fields without posting `Changed`.

        Args:
            options: those without a field of their own are counted at the end of the line.
        """
        self._refined = options
        with self.prevent(Select.Changed):
            self.query_one("#ai", SearchableSelect).value = options.ai
            self.query_one("#ai-layout", SearchableSelect).value = options.layout_mode
            self.query_one("#gates", SearchableSelect).value = options.fractional_gates
            several = options.preferences if len(options.preferences) > 1 else ()
            more = ((", ".join(several), several),) if several else ()
            self.query_one("#goal", SearchableSelect).offer((_ANY, *_EACH, *more), options.preferences)
        self._arrange()

    def options(self) -> CloudOptions:
        """Return the options asked for.

        Returns:
            The options; those of the AI passes have their defaults while AI is off.
        """
        ai = self._ai
        of_ai = ai is not Ai.OFF
        mode = self.query_one("#ai-layout", SearchableSelect).selection
        goal = self.query_one("#goal", SearchableSelect).selection
        return replace(
            self._refined,
            ai=ai,
            layout_mode=mode if of_ai and isinstance(mode, LayoutMode) else LayoutMode.OPTIMIZE,
            preferences=goal if of_ai and isinstance(goal, tuple) else (),
            fractional_gates=self.query_one("#gates", SearchableSelect).selection is True,
        )

    @property
    def _ai(self) -> Ai:
        chosen = self.query_one("#ai", SearchableSelect).selection
        return chosen if isinstance(chosen, Ai) else Ai.AUTO

    @on(Select.Changed)
    def _changed(self, event: Select.Changed) -> None:
        event.stop()
        self._arrange()
        self.post_message(self.Changed())

    def _arrange(self) -> None:
        for of_ai in self.query(_OF_AI):
            of_ai.display = self._ai is not Ai.OFF
        many = self._refined.refinements
        self.query_one("#more", Static).update(Content(f"+{many} more" if many else ""))


BEST = -1
LEVELS: tuple[tuple[str, int], ...] = (
    ("best", BEST),
    ("0 none", 0),
    ("1 light", 1),
    ("2 medium", 2),
    ("3 heavy", 3),
)
"""The search for the best, and Qiskit's optimization levels."""
MAX_SEED = 2**31 - 1
LOCAL, CLOUD = "local", "cloud"


class TranspileOptionsForm(Vertical):
    """Says with `Changed` that the user chose otherwise; `options` and `backend` say what."""

    DEFAULT_CSS = """
    TranspileOptionsForm { height: auto; }
    #anywhere { height: 1; padding: 0 1; }
    #anywhere > Static { width: auto; height: 1; color: $text-muted; }
    #anywhere > SearchableSelect { margin-right: 1; }
    #anywhere > #backend { width: 1fr; max-width: 48; }
    #anywhere > #level { width: 11; }
    #anywhere > #where { width: 8; }
    #anywhere > #seed { width: 7; }
    #anywhere > #seed.-wrong { background: $error 30%; }
    """

    class Changed(Message):
        """Another backend, level, place or seed was chosen."""

    def compose(self) -> ComposeResult:
        """Yield the fields in one line, and another for the cloud."""
        with Horizontal(id="anywhere"):
            yield Static(Content("Backend "))
            yield SearchableSelect[str]("none", id="backend")
            yield Static(Content("Level "))
            yield SearchableSelect[int]("", LEVELS, BEST, id="level")
            yield SearchableSelect[str]("", ((LOCAL, LOCAL), (CLOUD, CLOUD)), LOCAL, id="where")
            yield Static(Content("Seed "))
            seed = Input(placeholder="any", id="seed", compact=True, restrict=r"[0-9]*", max_length=10)
            seed.cursor_blink = False
            yield seed
        yield CloudOptionsForm(id="asked")

    def on_mount(self) -> None:
        """Hide the line of the cloud until it is chosen."""
        self._arrange()

    def show(self, backend: str, options: TranspileOptions, *, search: bool = False) -> None:
        """Set the fields without posting `Changed`.

        Args:
            backend: name of the backend to choose.
            options: level, place, seed, and the cloud's options.
            search: choose the search for the best instead of the level and the seed.
        """
        with self.prevent(Select.Changed, Input.Changed):
            choice = self.query_one("#backend", SearchableSelect)
            choice.offer(choice.offered, backend)
            self.query_one("#level", SearchableSelect).value = BEST if search else options.optimization_level
            self.query_one("#where", SearchableSelect).value = CLOUD if options.cloud else LOCAL
            seed = "" if search or options.seed is None else str(options.seed)
            self.query_one("#seed", Input).value = seed
        if options.cloud:
            self.query_one(CloudOptionsForm).show(options.asked)
        self._arrange()

    def refine(self, asked: CloudOptions) -> None:
        """Set the cloud's options as the user chose, and post `Changed`."""
        self.query_one(CloudOptionsForm).show(asked)
        self.post_message(self.Changed())

    def offer_backends(self, backends: Sequence[Backend], chosen: str) -> None:
        """Offer these backends.

        Args:
            backends: in the order of the list.
            chosen: name of the one to choose; the first where it is not among them.
        """
        self.query_one("#backend", SearchableSelect).offer(
            [(_backend_label(one), one.name) for one in backends], chosen
        )

    def offer_cloud(self, there: bool) -> None:
        """Show the choice of the place only when there is one.

        Args:
            there: whether the account has the cloud transpiler.
        """
        where = self.query_one("#where", SearchableSelect)
        where.display = there
        if not there:
            with self.prevent(Select.Changed):
                where.value = LOCAL
            self._arrange()

    @property
    def cloud(self) -> bool:
        """True when the cloud is chosen."""
        return self.query_one("#where", SearchableSelect).selection == CLOUD

    @property
    def backend(self) -> str:
        """Name of the backend chosen; empty for none."""
        chosen = self.query_one("#backend", SearchableSelect).selection
        return chosen if isinstance(chosen, str) else ""

    @property
    def search(self) -> bool:
        """True when the best is to be searched for: here, and with no seed of the user's own."""
        best = self.query_one("#level", SearchableSelect).selection == BEST
        return best and not self.cloud and not self.query_one("#seed", Input).value

    def options(self) -> TranspileOptions:
        """Return the options to transpile with, where it is not to be searched.

        Raises:
            ValueError: the seed is too large.
        """
        level = self.query_one("#level", SearchableSelect).selection
        field = self.query_one("#seed", Input)
        seed = int(field.value) if field.value else None
        field.set_class(seed is not None and seed > MAX_SEED, "-wrong")
        if seed is not None and seed > MAX_SEED:
            raise ValueError(f"Seed: a whole number up to {MAX_SEED}, or empty.")
        return TranspileOptions(
            optimization_level=level if isinstance(level, int) and level != BEST else DEFAULT_LEVEL,
            seed=seed,
            cloud=self.cloud,
            asked=self.query_one(CloudOptionsForm).options() if self.cloud else NOTHING_ASKED,
        )

    @on(Select.Changed)
    @on(Input.Changed)
    @on(CloudOptionsForm.Changed)
    def _changed(self, event: Select.Changed | Input.Changed | CloudOptionsForm.Changed) -> None:
        event.stop()
        level = self.query_one("#level", SearchableSelect)
        if self.cloud and level.selection == BEST:
            # The search is made here.
            with self.prevent(Select.Changed):
                level.value = DEFAULT_LEVEL
        self._arrange()
        self.post_message(self.Changed())

    def _arrange(self) -> None:
        self.query_one(CloudOptionsForm).display = self.cloud


def _backend_label(backend: Backend) -> str:
    """`ibm_cusco 127q, 3 queued`: what decides between backends, in one line."""
    words = [plain(backend.name, limit=40)]
    if backend.qubits is not None:
        words.append(f"{backend.qubits}q,")
    if not backend.operational:
        words.append(plain(backend.status, limit=20))
    elif backend.queue_length is not None:
        words.append(f"{backend.queue_length} queued")
    return " ".join(words)
