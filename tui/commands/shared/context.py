"""A signed-in services for the length of one command."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tui.commands.shared.output import Exit, explain, say
from tui.commands.shared.progress import told_when_slow
from tui.commands.shared.selection import ServiceChoice, require_account
from tui.common.crash_log import CrashLogHandler
from tui.common.errors import ErrorKind, QdeckError
from tui.common.termination import ends_on_signal
from tui.common.timing import Clock, SystemClock
from tui.compiler.client import Compiler
from tui.config.settings import Settings, folders, load_settings
from tui.domain.accounts import Account, Identity
from tui.domain.primitives import JobProgram
from tui.domain.submissions import slurm_tag
from tui.ibm.api.service import QuantumService
from tui.monitor.account_manager import Dependencies
from tui.monitor.services import AppServices, Options
from tui.monitor.state.events import Event, FreshnessChanged, Notice, Severity
from tui.openqasm.analysis.client import Analyzer
from tui.sandbox.lifecycle.info import RunningSandbox


@dataclass(frozen=True, slots=True)
class OpenServices:
    """The services of one command, and who is signed in."""

    services: AppServices
    identity: Identity


def make_services(
    environ: Mapping[str, str],
    clock: Clock | None = None,
    *,
    read_only: bool = False,
    sends: bool = True,
    timeout: float | None = None,
) -> AppServices:
    """The services over this user's folders, with the real services; nothing is opened or started yet.

    It is read-only when that is asked for here or in the settings, or when these cannot be read. Without
    `sends`, what earlier runs left in line stays there. What is logged goes to the log file from now on.
    `timeout` is the seconds that each request may take, before the setting.
    """
    places = folders(environ)
    logging.lastResort = CrashLogHandler(places.state)

    async def start_sandbox() -> RunningSandbox:
        from tui.sandbox.lifecycle.launch import launch

        return await launch(places.sandbox)

    def connect(account: Account, clock: Clock) -> QuantumService:
        from tui.ibm.factory import make_service
        from tui.ibm.transport.client import HttpOptions

        options = HttpOptions(
            spill_folder=places.data / "spool",
            ca_file=settings.ca_file,
            budget=timeout or settings.timeout_seconds,
        )
        return make_service(account, clock, options)

    try:
        settings = load_settings(places.settings_file)
    except QdeckError as error:
        # The app does not start with it. A command tells what it can, but changes nothing: perhaps the file
        # says that nothing is to be changed.
        explain(error)
        settings = Settings(readonly=True)
    kept = settings.kept_mib
    dependencies = Dependencies(
        folders=places,
        environ=environ,
        clock=clock or SystemClock(),
        compiler=Compiler(
            transpile_seconds=settings.transpile_seconds,
            search_workers=settings.search_workers,
            dask=settings.dask,
        ),
        analyzer=Analyzer(),
        make_service=connect,
        launch_sandbox=start_sandbox,
        chance=random.SystemRandom(),
    )
    options = Options(
        read_only=read_only or settings.readonly,
        sends=sends,
        quota=None if kept is None else kept << 20,
        session_idle_minutes=settings.session_idle_minutes,
        auto_result=settings.auto_result_mib << 20,
        program=JobProgram(settings.program),
        search_seconds=settings.search_seconds,
        search_makers=settings.search_makers,
        tag=slurm_tag(environ),
    )
    return AppServices(dependencies, options)


@asynccontextmanager
async def started_services(
    environ: Mapping[str, str], *, sends: bool = False, timeout: float | None = None
) -> AsyncIterator[AppServices]:
    """The services over this user's folders, history open, nobody signed in; closed at the end.

    Only with `sends` jobs are submitted: a command that looks must not send what waits from before.
    """
    services = make_services(environ, sends=sends, timeout=timeout)
    unsubscribe = services.events.subscribe(_talk_of)
    try:
        await services.start()
        yield services
    finally:
        await services.aclose()
        unsubscribe()


async def sign_in(services: AppServices, choice: ServiceChoice) -> Identity:
    """Sign in to the sandbox, or to the account that the options and the machine say; print which one it is.

    Returns:
        The identity.

    Raises:
        UsageFault: there is no account.
        QdeckError: the service refused or was not reached.
    """
    if choice.sandbox:
        say("Starting the sandbox.")
        identity = await services.account.sign_in_sandbox(choice.sandbox_channel)
    else:
        identity = await services.account.sign_in(require_account(services.account.found, choice))
    if identity.sandbox:
        say("SANDBOX: what follows is simulated, not hardware.")
    if identity.notice:
        say(f"Instance {identity.instance_name or identity.instance}: {identity.notice}")
    if identity.unverified:
        say("CERTIFICATES NOT CHECKED, as the saved account says: the key could be read on the way.")
    return identity


@asynccontextmanager
async def signed_in_services(
    choice: ServiceChoice, environ: Mapping[str, str], *, submits: bool = False, seconds: float | None = None
) -> AsyncIterator[OpenServices]:
    """The services, signed in as `choice` says, within `seconds`.

    With `submits` they send what is in line, and have Qiskit started beside them.
    """
    environ = choice.environment(environ)
    async with started_services(environ, sends=submits, timeout=choice.timeout) as services:
        if submits:
            await services.compiler.start()
        async with waiting_for_service(time_limit(choice, environ, seconds)):
            identity = await sign_in(services, choice)
        yield OpenServices(services, identity)


def time_limit(choice: ServiceChoice, environ: Mapping[str, str], seconds: float | None) -> float | None:
    """Return the seconds that the service is waited for: as the option says, the setting, or the command.

    Args:
        seconds: the command's own; it does not hold for the sandbox, which may have to be started.
    """
    if choice.timeout is not None:
        return choice.timeout
    with contextlib.suppress(QdeckError):  # it was told
        set_by_user = load_settings(folders(environ).settings_file).timeout_seconds
        if set_by_user is not None:
            return set_by_user
    return None if choice.sandbox else seconds


@asynccontextmanager
async def waiting_for_service(seconds: float | None = None) -> AsyncIterator[None]:
    """Print now and then that the service is waited for, from the second second on.

    Args:
        seconds: longest time; `None`: none is set here.

    Raises:
        QdeckError: `TIMEOUT`: the service did not answer in that time.
    """
    try:
        with told_when_slow("Waiting for the service", seconds):
            async with asyncio.timeout(seconds):
                yield
    except TimeoutError:
        raise QdeckError(
            ErrorKind.TIMEOUT,
            f"The service did not answer within {seconds:g} s.",
            "Give it longer with --timeout SECONDS, or timeout_seconds in settings.toml.",
        ) from None


def _talk_of(event: Event) -> None:
    if isinstance(event, Notice) and event.severity is not Severity.INFORMATION:
        say(f"qdeck: {event.text}")
    elif isinstance(event, FreshnessChanged) and event.freshness.offline_since is not None:
        why = event.freshness.error
        say(f"qdeck: the service does not answer; trying again. {why.message if why else ''}".rstrip())


def run_command(command: Callable[[], Awaitable[Exit]]) -> int:
    """Run one command to its end.

    `command` itself is called before the event loop starts, what it returns is awaited in it.
    SIGTERM and SIGHUP end it like Ctrl+C does (services closed, a sandbox ended), but within a second in any
    case; the status tells which.

    Returns:
        The exit status of the process.

    Raises:
        KeyboardInterrupt: Ctrl+C, after the command has cleaned up.
        UsageFault, QdeckError: as the command raises them.
    """
    ended_by: list[int] = []
    work = command()

    async def supervised() -> Exit:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()

        def end(number: int) -> None:
            ended_by.append(number)
            if task is not None:
                with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended already
                    loop.call_soon_threadsafe(task.cancel)

        with ends_on_signal(end):
            return await work

    try:
        return int(asyncio.run(supervised()))
    except asyncio.CancelledError:
        return 128 + ended_by[0] if ended_by else int(Exit.INTERRUPTED)
