"""`--readonly`: what would change something on the service is not offered, and every such key is marked."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import pytest
from textual.binding import Binding
from textual.screen import Screen

import tui.screens
from tests.support.app import running, screen_text, settled
from tests.support.app_services import AppServicesHarness
from tests.support.circuits import BELL
from tests.support.sessions import SESSIONS
from tui.app import QDeckApp
from tui.monitor.actions.jobs import Jobs
from tui.monitor.actions.sessions import Sessions
from tui.monitor.outbox.outbox import Outbox
from tui.monitor.outbox.send_queue import SendQueue
from tui.store.records.models import PendingState
from tui.widgets.key import Key
from tui.widgets.keymap import PLACES, key_by_id

PARTS = {"jobs": Jobs, "sessions": Sessions, "outbox": Outbox, "queue": SendQueue}
CHANGING = {
    (part, name)
    for part, owner in PARTS.items()
    for name, command in vars(owner).items()
    if hasattr(command, "__wrapped__")
}
"""The commands that a read-only app refuses, with the part of the services they belong to."""
ASKED = {"submit", "cancel", "delete", "set_tags", "open_session", "drain_session", "close_session"}
"""What they ask of the service."""
WAITING = {
    "one": (PendingState.PREPARED, 1),
    "two": (PendingState.PREPARED, 2),
    "lost": (PendingState.UNSENT, 0),
}
"""Submissions that wait, whose state and place the others change."""
MARKED = [key for place in PLACES for key in place if key.changes]


def read_only_services(*, signed_in: bool = True) -> AppServicesHarness:
    services = AppServicesHarness(signed_in=signed_in, read_only=True)
    services.the_sessions = SESSIONS
    return services


def screens() -> Iterator[type[Screen[Any]]]:
    """Every screen and dialog."""
    for found in pkgutil.walk_packages(tui.screens.__path__, "tui.screens."):
        for one in vars(importlib.import_module(found.name)).values():
            if inspect.isclass(one) and issubclass(one, Screen) and one.__module__ == found.name:
                yield one


def imported_inside(tree: ast.AST) -> dict[str, object]:
    """What a function imports when it is called, by name."""
    return {
        alias.asname or alias.name: getattr(importlib.import_module(node.module), alias.name, None)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def part_of(of: type, name: str) -> type | None:
    """Return the class of a part that a screen has as a property of that name."""
    found = inspect.getattr_static(of, name, None)
    if not isinstance(found, property) or found.fget is None:
        return None
    kind = found.fget.__globals__.get(str(found.fget.__annotations__.get("return")))
    return kind if inspect.isclass(kind) and kind.__module__.startswith("tui.screens") else None


def changes_something(of: type, function: Callable[..., Any], seen: set[Callable[..., Any]]) -> bool:
    """Whether a method of `of`, or what it calls in the screens, uses a command that changes something."""
    function = inspect.unwrap(function)
    if function in seen or not isinstance(function, FunctionType):
        return False
    seen.add(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = function.__globals__ | imported_inside(tree)
    for node in ast.walk(tree):
        called: object = None
        if isinstance(node, ast.Attribute):
            owner = getattr(node.value, "attr", getattr(node.value, "id", ""))
            if (owner, node.attr) in CHANGING:
                return True
            if (part := part_of(of, owner)) is not None:
                method = getattr(part, node.attr, None)
                if callable(method) and changes_something(part, method, seen):
                    return True
            called = getattr(of, node.attr, None) if owner == "self" else None
        elif isinstance(node, ast.Name):
            called = names.get(node.id)
        ours = isinstance(called, FunctionType) and called.__module__.startswith("tui.screens")
        if isinstance(called, FunctionType) and ours and changes_something(of, called, seen):
            return True
    return False


def keys_of(screen: type[Screen[Any]]) -> Iterator[Key]:
    for bound in screen.BINDINGS:
        key = key_by_id(bound.id) if isinstance(bound, Binding) else None
        if key is not None:
            yield key


def test_keymap_marks_every_key_that_changes_something() -> None:
    found: set[str] = set()
    for screen in screens():
        for key in keys_of(screen):
            action = getattr(screen, f"action_{key.verb}", None)
            if action is not None and changes_something(screen, action, set()):
                found.add(key.id)
                assert key.changes, f"{key.id} changes something: give it changes=True"
    assert found >= {
        "jobs.cancel",
        "jobs.tags",
        "jobs.line",
        "job.cancel",
        "transpile.run",
        "sessions.new",
        "sessions.drain",
        "sessions.cancel",
    }


@pytest.mark.parametrize("section", ["f2", "f3", "f4", "f5", "f6"])
async def test_read_only_offers_no_changing_key(section: str) -> None:
    services = read_only_services()
    for name, (state, place) in WAITING.items():
        services.queue(name, state, place)
    async with running(services, size=(160, 40)) as pilot:
        app = pilot.app
        assert isinstance(app, QDeckApp)
        app.workspace.qasm = BELL
        await pilot.press(section)
        await settled(pilot)
        before, screen = screen_text(pilot), type(app.screen)
        assert "READ ONLY" in before and "F9" not in before
        bound = {active.binding.id for active in app.screen.active_bindings.values()}
        assert not bound & {key.id for key in MARKED}
        offered = {command.help for command in app.get_system_commands(app.screen)}
        assert not offered & {key.help for key in MARKED}
        here = [key for key in MARKED if key in keys_of(type(app.screen))]
        assert bool(here) == (section != "f6")
        for key in here:
            await pilot.press(key.keys)
            await settled(pilot)
        assert len(app.screen_stack) == 1 and type(app.screen) is screen
        assert not ASKED & {str(name) for name in services.names_asked()}
        assert {name: services.queued(f"qdeck-{name}") for name in WAITING} == WAITING


async def test_read_only_job_page_exports_and_does_not_cancel() -> None:
    async with running(read_only_services()) as pilot:
        await pilot.press("enter")
        await settled(pilot)
        last = screen_text(pilot).splitlines()[-1]
        assert "Export" in last and "Cancel" not in last


async def test_read_only_is_shown_before_sign_in() -> None:
    async with running(read_only_services(signed_in=False)) as pilot:
        await pilot.press("escape")
        await settled(pilot)
        assert "READ ONLY  Not signed in" in screen_text(pilot)


async def test_changing_keys_are_bound_unless_read_only() -> None:
    async with running(size=(160, 40)) as pilot:
        bound = {active.binding.id for active in pilot.app.screen.active_bindings.values()}
        assert {"jobs.cancel", "jobs.tags", "jobs.line"} <= bound
        assert "READ ONLY" not in screen_text(pilot)
