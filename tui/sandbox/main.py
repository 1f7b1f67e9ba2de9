"""The sandbox as a process of its own: options, server, first line, and a clean end."""

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

from tui.sandbox.app import build_app
from tui.sandbox.base.clock import PacedClock
from tui.sandbox.base.tokens import Secrets
from tui.sandbox.core.calibrations import EVERY_HOURS
from tui.sandbox.core.instance import CLASSIC_INSTANCE, limits_named
from tui.sandbox.core.service import Service
from tui.sandbox.db.database import SandboxDatabase, StateInUseError
from tui.sandbox.faults.connections import Connections
from tui.sandbox.faults.middleware import FaultMiddleware, with_date_header
from tui.sandbox.faults.plan import FAULTS_PATH, GRAMMAR, Fault, FaultControl, FaultPlan, parse_fault
from tui.sandbox.lifecycle.info import remove_running_file, write_running_file
from tui.sandbox.lifecycle.launch import IN_USE
from tui.sandbox.lifecycle.leases import LeaseRoute, Leases, ParentPipe
from tui.sandbox.simulator.engine import Engine

HOST = "127.0.0.1"
SIMULATED = ("x-qdeck-sandbox", "simulated")
"""Header of every response, so that no client mistakes its results for a QPU's."""
_FAILED = 1


def option_parser() -> argparse.ArgumentParser:
    """Return the parser of the options of `python -m tui.sandbox`."""
    parser = argparse.ArgumentParser(
        prog="qdeck sandbox", description="An IBM Quantum of your own, on this machine's loopback."
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port (default: a free one)")
    parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="folder that keeps the jobs")
    parser.add_argument("--queue", type=_count, default=0, metavar="N", help="jobs of others ahead of yours")
    parser.add_argument("--pace", type=_pace, default=1.0, metavar="X", help="how fast simulated time runs")
    parser.add_argument("--limits", choices=("none", "ibm"), default="none", help="limits of the Open plan")
    parser.add_argument(
        "--recalibrate",
        type=_hours,
        default=EVERY_HOURS,
        metavar="HOURS",
        help="simulated hours from one drifted calibration to the next; 0: the recorded one for good",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the calibrations' drift")
    parser.add_argument(
        "--archive", action="store_true", help="an archived instance as well, with jobs of a retired device"
    )
    parser.add_argument(
        "--parent-pipe",
        action="store_true",
        help="end when standard input closes, unless others hold it",
    )
    parser.add_argument(
        "--fault", type=_fault, action="append", default=[], metavar=GRAMMAR, help="what fails"
    )
    parser.add_argument(
        "--faults-control", action="store_true", help=f"let {FAULTS_PATH} change the faults, with the API key"
    )
    return parser


def _fault(text: str) -> Fault:
    try:
        return parse_fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 10_000:
        raise argparse.ArgumentTypeError("must be 0 to 10000")
    return value


def _hours(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError("must be 0 to 1000000")
    return value


def _pace(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1_000_000:
        raise argparse.ArgumentTypeError("must be above 0 and at most 1000000")
    return value


class SandboxServer(uvicorn.Server):
    """A uvicorn server that reports when it listens, and that a signal ends with exit status 0.

    Args:
        config: see `uvicorn_config`.
        on_listening: called once it accepts connections.
        on_ending: called when it begins to end.

    Attributes:
        failure: what `on_listening` raised; it ends the server.
    """

    def __init__(
        self, config: uvicorn.Config, on_listening: Callable[[], None], on_ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self.failure: Exception | None = None
        self._on_listening = on_listening
        self._on_ending = on_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, see uvicorn."""
        await super().startup(sockets)
        if self.started:
            try:
                self._on_listening()
            except Exception as error:
                # Raised from here it would leave the application started, and waited for for ever.
                self.failure = error
                self.end()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on a signal; unlike uvicorn's own, without raising it again afterwards."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.end)
        yield

    def end(self) -> None:
        """Begin to end: no more requests are accepted."""
        self._on_ending()
        self.should_exit = True


def uvicorn_config(app: ASGIApp, plan: FaultPlan, connections: Connections) -> uvicorn.Config:
    """Return the configuration that serves an application.

    Args:
        app: the application.
        plan: the faults of its responses.
        connections: registry that the faults break connections with.
    """
    return uvicorn.Config(
        with_date_header(FaultMiddleware(app, plan, connections)),
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
    """Return the members of the first line: URLs and secrets that a client needs."""
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
    """Serve until a signal, or until the last holder is gone.

    Args:
        argv: options, see `option_parser`; None for those of this process.
        on_ready: called once with `connection_info`, instead of printing it as the first line.

    Returns:
        The exit status: 0 after a clean end, 1 when it cannot start, 3 when another sandbox uses the folder.

    Raises:
        Exception: what `on_ready` raised, after the end of everything that was started.
    """
    options = option_parser().parse_args(argv)
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
        database = SandboxDatabase(options.state)
    except (StateInUseError, OSError) as error:
        print(f"qdeck sandbox: {error}", file=sys.stderr)
        return IN_USE if isinstance(error, StateInUseError) else _FAILED
    remove_running_file(options.state)
    secrets = Secrets.random()
    service = Service(
        database,
        Engine(),
        PacedClock(options.pace),
        secrets,
        limits_named(options.limits),
        options.queue,
        options.archive,
        options.recalibrate,
        options.seed,
    )
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    info = connection_info(url, service.identity.crn, secrets)
    leases = Leases(on_last=lambda: server.end())
    # The parent's, or, in the foreground, the user's, who can press Ctrl+C.
    leases.acquire()
    plan = FaultPlan()
    plan.set(options.fault)
    control = FaultControl(plan, secrets.api_key) if options.faults_control else None
    app = build_app(service, LeaseRoute(leases, secrets.api_key), control)
    config = uvicorn_config(app, plan, Connections())

    def on_listening() -> None:
        write_running_file(options.state, info)
        (on_ready or _print_first_line)(info)

    def on_ending() -> None:
        remove_running_file(options.state)
        leases.end()

    server = SandboxServer(config, on_listening, on_ending)
    parent = ParentPipe(leases) if options.parent_pipe else None
    asyncio.run(_serve(server, listener, parent))
    if server.failure is None:
        return 0
    if on_ready is not None:
        raise server.failure
    print(f"qdeck sandbox: it cannot say where it listens: {server.failure}", file=sys.stderr)
    return _FAILED


def _print_first_line(info: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(info) + "\n")
    sys.stdout.flush()


async def _serve(server: SandboxServer, listener: socket.socket, parent: ParentPipe | None) -> None:
    if parent is not None:
        parent.watch(asyncio.get_running_loop())
    await server.serve(sockets=[listener])
