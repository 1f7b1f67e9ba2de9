"""What the terminal shows is the same as when every cell is sent, and what is sent is only what changed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.support.emulator import Terminal, difference
from tui.widgets.terminal.cells import CharWidth, cells_of
from tui.widgets.terminal.escape_sequences import rendition_of, transition
from tui.widgets.terminal.screen_buffer import ScreenBuffer

_LETTERS = ("a", "b", " ", " ", "─", "│", "é", "Ж", "漢", "字", "한", "e\u0301", "字\u0308")
_STYLES = (
    None,
    Style(),
    Style(bold=True),
    Style(color="red", bgcolor="#102030"),
    Style(color="#aabbcc", bgcolor="#102030"),
    Style(color="#aabbcc", bgcolor="#102030", meta={"@click": "app.quit"}),
    Style(color="#aabbcc", italic=True, reverse=True),
    Style(color="default", bgcolor="default", underline=True),
    Style(color="bright_blue", bgcolor="color(200)"),
)
_WIDTHS = {"漢": 2, "字": 2, "한": 2, "字\u0308": 2}


def console(system: str = "truecolor") -> Console:
    """A console as Textual makes one."""
    return Console(color_system=system, force_terminal=True, legacy_windows=False)  # type: ignore[arg-type]


class Frames:
    """Random updates of one screen, as a compositor makes them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.width = self.random.randint(6, 44)
        self.height = self.random.randint(1, 7)
        self.cuts: list[list[int]] = []
        self.chops: list[dict[int, Strip]] = []
        self.covered: list[tuple[list[list[int]], list[dict[int, Strip]]]] = []
        self.arrange()

    def lay_out(self) -> None:
        """Other widgets in other places, or what was there before: a dialog opens or closes."""
        self.covered.append((self.cuts, self.chops))
        if self.random.random() < 0.5:
            self.cuts, self.chops = self.random.choice(self.covered)
        else:
            self.arrange()

    def arrange(self) -> None:
        """Put widgets in random places."""
        inner = range(1, self.width)
        self.cuts = [
            [0, *sorted(self.random.sample(inner, self.random.randint(0, 3))), self.width]
            for _ in range(self.height)
        ]
        self.chops = [{x: self.strip(end - x) for x, end in pairwise(cuts)} for cuts in self.cuts]

    def strip(self, width: int) -> Strip:
        """A strip of random text in random styles, sometimes shorter than its place."""
        if self.random.random() < 0.1:
            width = self.random.randint(0, width)
        segments: list[Segment] = []
        room = width
        while room:
            text, size = "", 0
            for _ in range(self.random.randint(1, 6)):
                letter = self.random.choice(_LETTERS)
                if size + _WIDTHS.get(letter, 1) <= room:
                    text += letter
                    size += _WIDTHS.get(letter, 1)
            if text:
                segments.append(Segment(text, self.random.choice(_STYLES)))
                room -= size
        return Strip(segments, width)

    def change(self) -> None:
        """Some widgets show something else: a little, much, or the same in new objects."""
        for cuts, chops in zip(self.cuts, self.chops, strict=True):
            for x, end in pairwise(cuts):
                luck = self.random.random()
                if luck < 0.2:
                    chops[x] = self.strip(end - x)
                elif luck < 0.4 and (segments := list(chops[x])):
                    place = self.random.randrange(len(segments))
                    segments[place] = Segment(segments[place].text, self.random.choice(_STYLES))
                    chops[x] = Strip(segments, chops[x].cell_length)
                elif luck < 0.5:
                    chops[x] = Strip(list(chops[x]), chops[x].cell_length)

    def layout(self) -> LayoutUpdate:
        """Everything; strips as long as their places, as the compositor sees to."""
        lines: list[Iterable[Strip]] = [
            [chops[x].adjust_cell_length(end - x) for x, end in pairwise(cuts)]
            for cuts, chops in zip(self.cuts, self.chops, strict=True)
        ]
        return LayoutUpdate(lines, Region(0, 0, self.width, self.height))

    def partial(self) -> ChopsUpdate:
        """Some places of some rows; what is not refreshed is not rendered."""
        spans = []
        for y in sorted(self.random.sample(range(self.height), self.random.randint(1, self.height))):
            first = self.random.randint(0, self.width - 1)
            spans.append((y, first, self.random.randint(first + 1, self.width)))
        chops = [
            {x: strip if self.random.random() < 0.9 else None for x, strip in row.items()}
            for row in self.chops
        ]
        return ChopsUpdate(chops, spans, [cuts[1:] for cuts in self.cuts])


def _compare(seed: int, frames: int, *, strict: bool) -> tuple[int, int]:
    """Show random frames on two terminals, one of them sent the changes only; the bytes of both."""
    made = Frames(seed)
    out = console(made.random.choice(["truecolor", "256", "standard"]))
    plain = Terminal(made.width, made.height, strict=strict)
    diffed = Terminal(made.width, made.height, strict=strict)
    buffer = ScreenBuffer()
    sent = [0, 0]
    for number in range(frames):
        luck = made.random.random()
        if luck < 0.05:
            made.lay_out()
        elif luck < 0.9:
            made.change()
        if luck > 0.97:
            diffed.resize(made.width, made.height, litter="#")
            plain.resize(made.width, made.height)
            buffer.invalidate()
        whole = number == 0 or luck < 0.2 or luck > 0.97
        update = made.layout() if whole else made.partial()
        all_of_it, changes = update.render_segments(out), buffer.changes(update, out)
        plain.write(all_of_it + "\x1b[H")  # as `App._display` does; else a row without pieces could scroll
        diffed.write(changes + "\x1b[H")
        assert not difference(diffed.picture(), plain.picture()), (seed, number)
        assert buffer.changes(update, out) == "", (seed, number)
        sent[0] += len(all_of_it)
        sent[1] += len(changes)
    return sent[0], sent[1]


@pytest.mark.parametrize("strict", [False, True], ids=["pyte", "strict"])
def test_screen_buffer_random_frames_match_full_frames_in_fewer_bytes(strict: bool) -> None:
    sent = [_compare(seed, 50, strict=strict) for seed in range(25)]
    assert sum(diffed for _, diffed in sent) < 0.6 * sum(plain for plain, _ in sent)


@pytest.mark.slow
@pytest.mark.parametrize("strict", [False, True], ids=["pyte", "strict"])
def test_screen_buffer_many_random_frames_match_full_frames(strict: bool) -> None:
    for seed in range(1000, 1500):
        _compare(seed, 80, strict=strict)


@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from(["1", "2", "3", "4", "7", "9", "21", "53"])),
            st.sampled_from(["", "31", "97", "39", "38;5;200", "38;2;1;2;3", "38;2;1;2;4"]),
            st.sampled_from(["", "40", "107", "49", "48;5;20", "48;2;1;2;3", "48;2;38;48;5"]),
            st.sampled_from(["", "\0id=1;http://a", "\0id=2;http://a"]),
        ),
        max_size=8,
    )
)
def test_transition_chain_ends_in_the_same_rendition_as_one_transition(
    looks: list[tuple[set[str], str, str, str]],
) -> None:
    renditions = [";".join(filter(None, (*sorted(on), fore, back))) + link for on, fore, back, link in looks]
    sent, now = "", ""
    for rendition in renditions:
        sent += transition(now, rendition)
        now = rendition
        assert _drawn(sent) == _drawn(transition("", rendition))
    assert _drawn(sent + transition(now, "")) == _drawn("")


def _drawn(sequences: str) -> tuple[frozenset[int], str, str, str]:
    """Attributes, colours and link that SGR and OSC 8 leave a terminal with; no colour is the default one."""
    attributes: set[int] = set()
    fore, back, link = "39", "49", ";"
    for sequence in sequences.split("\x1b")[1:]:
        if sequence.startswith("]8;"):
            link = sequence[3:]
        if not sequence.startswith("["):
            continue
        codes = sequence[1:-1].split(";")
        while codes:
            code = int(codes[0])
            size = 1 if code not in {38, 48} else 5 if codes[1] == "2" else 3
            value, codes = ";".join(codes[:size]), codes[size:]
            if code == 0:
                attributes, fore, back = set(), "39", "49"
            elif 30 <= code < 40 or 90 <= code < 98:
                fore = value
            elif 40 <= code < 50 or 100 <= code < 108:
                back = value
            else:
                attributes.add(code)
    return frozenset(attributes), fore, back, link


def _row(buffer: ScreenBuffer, *strips: Strip) -> str:
    width = sum(strip.cell_length for strip in strips)
    return buffer.changes(LayoutUpdate([strips], Region(0, 0, width, 1)), console())


def _strip(text: str, style: Style | None = None) -> Strip:
    return Strip([Segment(text, style)])


def test_screen_buffer_sends_only_the_changed_cell() -> None:
    buffer = ScreenBuffer()
    _row(buffer, _strip("queued 12", Style(bold=True)))
    assert _row(buffer, _strip("queued 13", Style(bold=True))) == "\x1b[1;9H\x1b[1m3\x1b[0m"
    assert _row(buffer, _strip("queued 13", Style(bold=True))) == ""


def test_screen_buffer_resends_short_gap_and_jumps_over_long_one() -> None:
    buffer = ScreenBuffer()
    _row(buffer, _strip("0000000000"))
    assert _row(buffer, _strip("1001000000")) == "\x1b[1H1001"
    assert _row(buffer, _strip("2001000002")) == "\x1b[1H2\x1b[8C2"


def test_screen_buffer_sends_wide_characters_whole() -> None:
    buffer = ScreenBuffer()
    _row(buffer, _strip("a漢字b"))
    assert _row(buffer, _strip("a漢 한")) == "\x1b[1;4H 한"
    assert _row(buffer, _strip("ab漢한")) == "\x1b[1;2Hb漢"


def test_screen_buffer_ignores_changed_click_actions() -> None:
    buffer = ScreenBuffer()
    _row(buffer, _strip("Run", Style(bold=True)))
    assert _row(buffer, _strip("Run", Style(bold=True, meta={"@click": "app.run"}))) == ""


def test_screen_buffer_ignores_colours_the_terminal_maps_to_one() -> None:
    out, buffer = console("standard"), ScreenBuffer()
    one, other = (_strip("Run", Style(color=f"#ff000{last}")) for last in (0, 1))
    buffer.changes(LayoutUpdate([[one]], Region(0, 0, 3, 1)), out)
    assert buffer.changes(LayoutUpdate([[other]], Region(0, 0, 3, 1)), out) == ""


def test_screen_buffer_sends_strip_of_unsure_width_whole() -> None:
    buffer = ScreenBuffer()
    _row(buffer, _strip("⚠\ufe0f old "), _strip("next"))
    changes = _row(buffer, _strip("⚠\ufe0f new "), _strip("next"))
    assert changes == "\x1b[1H⚠\ufe0f new \x1b[1;8Hnext"
    assert _row(buffer, _strip("⚠\ufe0f new "), _strip("next")) == ""


def test_screen_buffer_is_invalid_after_control_characters() -> None:
    buffer = ScreenBuffer()
    line = (_strip("left"), Strip([Segment("\x1b[2J")], 4))
    first = _row(buffer, *line)
    assert _row(buffer, *line) == first


def test_cells_of_classifies_character_widths() -> None:
    system = ColorSystem.TRUECOLOR
    for text in ("plain", "漢字", "e\u0301", "─│┌▸✘…"):
        assert not isinstance(cells_of(_strip(text), system), CharWidth)
    for text in ("🚀", "👩\u200d🔬", "⚠\ufe0f", "a\u200bb", "\u0301a", "soft\xadhyphen"):
        assert cells_of(_strip(text), system) is CharWidth.UNSURE
    for text in ("\t", "\x1b[2J", "\x9b", "🚀\n"):
        assert cells_of(_strip(text), system) is CharWidth.CONTROL


def test_screen_buffer_closes_hyperlinks() -> None:
    buffer = ScreenBuffer()
    style = Style(link="https://example.org")
    changes = _row(buffer, _strip("docs", style), _strip(" end"))
    assert changes.count("\x1b]8;") == 2
    assert changes.index("\x1b]8;;\x1b\\") < changes.index(" end")
    assert rendition_of(style, ColorSystem.TRUECOLOR) != ""
