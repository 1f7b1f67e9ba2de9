"""Runs the sandbox as a process of its own: options, the first line, and a clean end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from tui.sandbox.app import build
from tui.sandbox.base.clock import PacedClock
from tui.sandbox.base.tokens import Secrets
from tui.sandbox.core.identity import CLASSIC_INSTANCE
from tui.sandbox.core.limits import limits_named
from tui.sandbox.core.service import Service
from tui.sandbox.db.database import StateInUseError, Store
from tui.sandbox.faults.connections import Connections
from tui.sandbox.faults.middleware import Misbehaving, dated
from tui.sandbox.faults.plan import GRAMMAR, Fault, FaultPlan, parse
from tui.sandbox.faults.routes import PATH as FAULTS_PATH
from tui.sandbox.faults.routes import FaultControl
from tui.sandbox.lifecycle.info import announce, withdraw
from tui.sandbox.lifecycle.launch import IN_USE
from tui.sandbox.lifecycle.leases import LeaseRoute, Leases
from tui.sandbox.lifecycle.parent_pipe import Parent
from tui.sandbox.simulator.engine import Engine

HOST = "127.0.0.1"
SIMULATED = ("x-qdeck-sandbox", "simulated")
"""On every answer, so that no client has to take its results for a QPU's."""
_FAILED = 1


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="qdeck sandbox", description="An IBM Quantum of your own, on this machine's loopback."
    )
    made.add_argument("--port", type=int, default=0, metavar="N", help="port (default: a free one)")
    made.add_argument("--state", type=Path, required=True, metavar="DIR", help="folder that keeps the jobs")
    made.add_argument("--queue", type=_count, default=0, metavar="N", help="jobs of others ahead of yours")
    made.add_argument("--pace", type=_pace, default=1.0, metavar="X", help="how fast simulated time runs")
    made.add_argument("--limits", choices=("none", "ibm"), default="none", help="limits of the Open plan")
    made.add_argument(
        "--parent-pipe",
        action="store_true",
        help="end when standard input closes, unless others hold it",
    )
    made.add_argument("--fault", type=_fault, action="append", default=[], metavar=GRAMMAR, help="what fails")
    made.add_argument(
        "--faults-control", action="store_true", help=f"let {FAULTS_PATH} change the faults, with the API key"
    )
    return made


def _fault(text: str) -> Fault:
    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 10_000:
        raise argparse.ArgumentTypeError("must be 0 to 10000")
    return value


def _pace(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1_000_000:
        raise argparse.ArgumentTypeError("must be above 0 and at most 1000000")
    return value


class SandboxServer(uvicorn.Server):
    """A uvicorn server that says when it listens and takes a signal as a wish to end well."""

    def __init__(
        self, config: uvicorn.Config, listening: Callable[[], None], ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._listening = listening
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's own, does not raise the signal again afterwards: the exit status is 0."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.end)
        yield

    def end(self) -> None:
        """Take no more work and end."""
        self._ending()
        self.should_exit = True


def web_config(app: ASGIApp, plan: FaultPlan, connections: Connections) -> uvicorn.Config:
    """How the application is served, with the faults of a plan."""
    return uvicorn.Config(
        dated(Misbehaving(app, plan, connections)),
        # uvicorn's own is some seconds old on a busy machine.
        date_header=False,
        http=connections.protocol(),
        access_log=False,
        log_config=None,
        ws="none",
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        headers=[SIMULATED],
        timeout_graceful_shutdown=1,
    )


def connection_info(url: str, crn: str, secrets: Secrets) -> dict[str, Any]:
    """What a client needs, in the form of the first line."""
    return {
        "url": url,
        "api_key": secrets.api_key,
        "crn": crn,
        "api_token": secrets.api_token,
        "instance": CLASSIC_INSTANCE,
        "classic": {"auth": f"{url}/auth/api", "runtime": f"{url}/runtime", "transpiler": url},
    }


def main(
    argv: Sequence[str] | None = None, *, on_ready: Callable[[dict[str, Any]], None] | None = None
) -> int:
    """Serve until a signal, or until the parent is gone. Returns the exit status.

    Args:
        argv: options, see `parser`.
        on_ready: called once with `connection_info`, instead of printing it as the first line.
    """
    options = parser().parse_args(argv)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        listener = socket.create_server((HOST, options.port))
        # asyncio sets this only on sockets made with an explicit protocol; without it every answer on a
        # kept connection waits 40 ms for a delayed acknowledgement. Accepted sockets inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        print(f"qdeck sandbox: port {options.port} cannot be used: {error.strerror}", file=sys.stderr)
        return _FAILED
    try:
        store = Store(options.state)
    except (StateInUseError, OSError) as error:
        print(f"qdeck sandbox: {error}", file=sys.stderr)
        return IN_USE if isinstance(error, StateInUseError) else _FAILED
    withdraw(options.state)
    secrets = Secrets.random()
    clock = PacedClock(options.pace)
    service = Service(store, Engine(), clock, secrets, limits_named(options.limits), options.queue)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    info = connection_info(url, service.identity.crn, secrets)
    leases = Leases(on_last=lambda: server.end())
    # The parent's, or, in the foreground, that of whoever can press Ctrl+C.
    leases.take()
    plan = FaultPlan()
    plan.set(options.fault)
    control = FaultControl(plan, secrets.api_key) if options.faults_control else None
    app = build(service, LeaseRoute(leases, secrets.api_key), control)
    config = web_config(app, plan, Connections())

    def listening() -> None:
        announce(options.state, info)
        (on_ready or _first_line)(info)

    def ending() -> None:
        withdraw(options.state)
        leases.end()

    server = SandboxServer(config, listening, ending)
    parent = Parent(leases, server) if options.parent_pipe else None
    asyncio.run(_serve(server, listener, parent))
    return 0


def _first_line(info: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(info) + "\n")
    sys.stdout.flush()


async def _serve(server: SandboxServer, listener: socket.socket, parent: Parent | None) -> None:
    if parent is not None:
        parent.follow(asyncio.get_running_loop())
    await server.serve(sockets=[listener])
