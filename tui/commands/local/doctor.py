"""`qdeck doctor`: tries each step between here and the service, and names the one that fails."""

from __future__ import annotations

import locale
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tui.commands.shared.listing import AS_TABLE, Format, Output, Table, emit_listing
from tui.commands.shared.output import Exit, say
from tui.commands.shared.selection import ServiceChoice, choose_account
from tui.common.atomic_file import make_folder
from tui.common.errors import QdeckError
from tui.common.timing import SystemClock
from tui.config.settings import Folders, Settings, folders, load_settings
from tui.domain.accounts import Account, Channel
from tui.domain.jobs import JobQuery
from tui.ibm.api.service import QuantumService
from tui.ibm.credentials.discovery import found_accounts
from tui.ibm.credentials.keyring import keyring_name
from tui.ibm.credentials.save import token_place, with_token
from tui.ibm.factory import make_service
from tui.ibm.transport.client import HttpOptions, Timeouts
from tui.ibm.transport.connectivity import steps_to
from tui.ibm.transport.endpoints import for_instance
from tui.ibm.transport.request import RetryPolicy, origin
from tui.ibm.transport.tls import trust

_QUICK = Timeouts(connect=10, read=20, whole=40)
_ONCE_MORE = RetryPolicy(attempts=2)
_LITTLE_SPACE = 100 * 1024 * 1024
_SKEW_SHOWN, _SKEW_TOO_MUCH = 30.0, 300.0
_SMALLEST = (60, 16)


class State(StrEnum):
    """How a step ended."""

    GOOD = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One step: what was tried, how it ended, what to do about it."""

    step: str
    state: State
    message: str
    advice: str = ""
    seconds: float | None = None


async def doctor(choice: ServiceChoice, environ: Mapping[str, str], listing: Output = AS_TABLE) -> Exit:
    """Try every step and print the findings. Never prints a token.

    Returns:
        The exit status: a failure when one step failed.
    """
    environ = choice.environment(environ)
    places = folders(environ)
    settings, settings_findings = _settings(places)
    findings = [terminal(environ), *storage(places), *settings_findings]
    found = found_accounts(environ, places)
    findings += [Finding("accounts", State.WARNING, warning) for warning in found.warnings]
    account = choose_account(found.accounts, choice)
    if account is None:
        what = f"No {choice.channel} account was found." if choice.channel else "No account was found."
        advice = "Sign in with `qdeck login`, or set QISKIT_IBM_TOKEN; `qdeck --sandbox` needs none."
        findings.append(Finding("account", State.FAILED, what, advice))
    else:
        what = f"{account.name} ({account.channel}), from: {account.source}; token in: {token_place(account)}"
        findings.append(Finding("account", State.GOOD, what))
        if not account.route.verify:
            advice = "Remove `verify: false` from it, and name the company's CA as ca_file in settings.toml."
            findings.append(
                Finding("account", State.WARNING, "The account turns certificate checks off.", advice)
            )
        findings += await _network(account, environ, settings.ca_file)
        account, asked = await _with_token(account)
        findings += asked
        if any(finding.state is State.FAILED for finding in findings if finding.step in _NETWORK_STEPS):
            findings.append(Finding("service", State.SKIPPED, "not tried: it is not reached"))
        elif not account.token:
            findings.append(Finding("service", State.SKIPPED, "not tried: there is no token to sign in with"))
        else:
            findings += await _service(account, environ, settings.ca_file)
    failed = [finding for finding in findings if finding.state is State.FAILED]
    _print(findings, listing)
    return Exit.FAILED if failed else Exit.DONE


_NETWORK_STEPS = {"DNS", "TCP", "proxy", "TLS"}


def terminal(environ: Mapping[str, str]) -> Finding:
    """Check that the app can be shown here.

    Returns:
        The finding; never a failure, for the commands need no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Finding("terminal", State.SKIPPED, "not one here: the app needs one, the commands do not")
    kind = environ.get("TERM", "")
    if kind in {"", "dumb"}:
        return Finding(
            "terminal",
            State.WARNING,
            f"TERM is {kind or 'not set'}: the app cannot draw.",
            "Set TERM, e.g. to xterm-256color; in tmux, tmux-256color.",
        )
    columns, rows = shutil.get_terminal_size()
    if columns < _SMALLEST[0] or rows < _SMALLEST[1]:
        advice = f"Make it {_SMALLEST[0]}x{_SMALLEST[1]} or larger."
        return Finding("terminal", State.WARNING, f"It is only {columns}x{rows}.", advice)
    encoding = locale.getpreferredencoding(False)
    if encoding.lower().replace("-", "") != "utf8":
        return Finding(
            "terminal", State.WARNING, f"Its text is {encoding}.", "Set LANG to a UTF-8 locale, e.g. C.UTF-8."
        )
    return Finding("terminal", State.GOOD, f"{kind}, {columns}x{rows}, {_colours(environ, kind)}")


def _colours(environ: Mapping[str, str], kind: str) -> str:
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return "all colours"
    return "256 colours" if "256" in kind else "16 colours"


def storage(places: Folders) -> list[Finding]:
    """Check that the folders can be written, belong to nobody else, and have room.

    Returns:
        A finding for each folder.
    """
    named = {"settings": places.config, "history": places.data, "state": places.state}
    return [_folder(name, folder) for name, folder in named.items()]


def _folder(name: str, folder: Path) -> Finding:
    step = f"storage: {name}"
    try:
        make_folder(folder)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"0" * 4096)
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(folder).free
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError as problem:
        why = problem.strerror or str(problem)
        advice = "Make room, correct the permissions, or set QDECK_HOME to another folder."
        return Finding(step, State.FAILED, f"{folder} cannot be written: {why}.", advice)
    if mode & 0o077:
        return Finding(
            step, State.WARNING, f"Others on this machine can look into {folder}.", f"chmod 700 {folder}"
        )
    if free < _LITTLE_SPACE:
        return Finding(
            step, State.WARNING, f"Only {free // 1024 // 1024} MB are free for {folder}.", "Make room."
        )
    return Finding(step, State.GOOD, f"{folder}, {free / 1e9:.1f} GB free")


def _settings(places: Folders) -> tuple[Settings, list[Finding]]:
    """What `settings.toml` says, and whether it can be read and its CA file used."""
    try:
        settings = load_settings(places.settings_file)
    except QdeckError as error:
        return Settings(), [Finding("settings.toml", State.FAILED, error.message, error.advice)]
    if settings.ca_file is None:
        return settings, []
    try:
        trust(ca_file=settings.ca_file)
    except QdeckError as error:
        return settings, [Finding("CA file", State.FAILED, error.message, error.advice)]
    what = f"{settings.ca_file}, named in settings.toml, is trusted beside the system's"
    return settings, [Finding("CA file", State.GOOD, what)]


async def _with_token(account: Account) -> tuple[Account, list[Finding]]:
    """The account with its token, where the keyring has it and gives it."""
    if not account.keyring:
        return account, []
    started = time.monotonic()
    try:
        account = await with_token(account)
    except QdeckError as error:
        finding = Finding("keyring", State.FAILED, error.message, error.advice)
    else:
        finding = Finding("keyring", State.GOOD, f"{await keyring_name()} gave the token")
    return account, [replace(finding, seconds=time.monotonic() - started)]


async def _network(account: Account, environ: Mapping[str, str], ca_file: Path | None) -> list[Finding]:
    """Check the network path to each host of the account, hosts on one origin once."""
    findings: list[Finding] = []
    checked: set[str] = set()
    for url, without in _hosts(account):
        if url and origin(url) not in checked:
            checked.add(origin(url))
            findings += await _steps(url, account, environ, ca_file, without)
    return _without_repeats(findings)


def _hosts(account: Account) -> list[tuple[str, str]]:
    """The base URLs that the account asks, and what is missing when one is not reached; empty: everything."""
    ends = account.endpoints
    if account.channel is Channel.CLASSIC:
        return [(ends.auth, ""), (ends.runtime, ""), (ends.transpiler, "cloud transpiling")]
    wanted = account.instance.strip()
    crn, auto = wanted.startswith("crn:"), wanted.lower() in {"", "auto"}
    hosts = [(ends.iam, ""), (for_instance(ends, wanted).api, "")]
    if not crn and not auto:
        hosts.append((ends.resources, ""))
    hosts.append((ends.search, "" if auto else "the choice among instances"))
    return [*hosts, (ends.catalog, "the names of plans")]


async def _steps(
    url: str, account: Account, environ: Mapping[str, str], ca_file: Path | None, without: str = ""
) -> list[Finding]:
    """Check the steps to the host of `url`; a failure is a warning where all goes on `without` something."""
    findings: list[Finding] = []
    started = time.monotonic()
    try:
        async for step in steps_to(url, account.route, environ, ca_file):
            now = time.monotonic()
            failed = Finding(step.name, State.FAILED, step.message, step.advice)
            if without:
                advice = f"{step.advice} All works but {without}."
                failed = replace(failed, state=State.WARNING, advice=advice.strip())
            good = Finding(step.name, State.GOOD, step.message, step.advice)
            findings.append(replace(good if step.good else failed, seconds=now - started))
            started = now
    except Exception as problem:
        findings.append(_unexpected("TCP", problem))
    return findings


def _without_repeats(findings: list[Finding]) -> list[Finding]:
    """Hosts on one machine take the same steps: each is listed once."""
    return list({(finding.step, finding.message): finding for finding in reversed(findings)}.values())[::-1]


async def _service(account: Account, environ: Mapping[str, str], ca_file: Path | None) -> list[Finding]:
    """Logging in, the instance, the interface's version, the clock, and a first question."""
    service = make_service(
        account, SystemClock(), HttpOptions(policy=_ONCE_MORE, timeouts=_QUICK, ca_file=ca_file)
    )
    try:
        return await _asked(service, lambda url: _steps(url, account, environ, ca_file))
    finally:
        try:
            await service.sign_out()
        except QdeckError as error:
            say(f"qdeck: {error}")
        await service.aclose()


async def _asked(service: QuantumService, steps: Callable[[str], Awaitable[list[Finding]]]) -> list[Finding]:
    login = "login" if service.account.channel is Channel.CLASSIC else "IAM"
    findings = [await _tried("API version", lambda: _version(service))]
    findings.append(await _tried(login, lambda: _login(service)))
    findings.append(clock(service.clock_skew))
    if findings[1].state is State.FAILED:
        return [*findings, Finding("instance", State.SKIPPED, "not tried: nobody is signed in")]
    instance = await _tried("instance", lambda: _instance(service))
    # Which region is asked is known only with the instance that was chosen.
    if region := await _region(service):
        findings += await steps(region)
    findings.append(instance)
    if findings[-1].state is not State.FAILED:
        findings.append(await _tried("jobs", lambda: _jobs(service)))
    return findings


async def _region(service: QuantumService) -> str:
    """The base URL of the region that was chosen with the instance; empty: checked before."""
    account = service.account
    if account.channel is Channel.CLASSIC:
        return ""
    try:
        chosen = for_instance(account.endpoints, (await service.renew()).instance).api
    except QdeckError:
        return ""
    return "" if origin(chosen) in {origin(url) for url, _ in _hosts(account) if url} else chosen


async def _tried(step: str, ask: Callable[[], Awaitable[Finding]]) -> Finding:
    started = time.monotonic()
    try:
        finding = await ask()
    except QdeckError as error:
        code = f" (code {error.code})" if error.code else ""
        finding = Finding(step, State.FAILED, f"{error.message}{code}", error.advice)
    except Exception as problem:
        finding = _unexpected(step, problem)
    return replace(finding, step=step, seconds=time.monotonic() - started)


def _unexpected(step: str, problem: Exception) -> Finding:
    """What nobody thought of; its text is not shown, for it could hold a key."""
    what = f"qdeck itself failed here ({type(problem).__name__})."
    return Finding(step, State.FAILED, what, "Please report this line.")


async def _version(service: QuantumService) -> Finding:
    api = await service.api_version()
    if api is None:
        return Finding("", State.SKIPPED, "this service has no versions")
    if not api.status:
        what = f"The service does not know {api.version}, which is spoken here; its newest is {api.newest}."
        return Finding("", State.FAILED, what, "Update qdeck.")
    if api.status != "live":
        what = f"{api.version} is {api.status}" + (f" until {api.sunset}" if api.sunset else "")
        return Finding("", State.WARNING, f"{what}.", "Update qdeck.")
    newer = f" (there is {api.newest})" if api.newest > api.version else ""
    return Finding("", State.GOOD, f"{api.version} is live{newer}")


async def _login(service: QuantumService) -> Finding:
    identity = await service.renew()
    until = f", valid until {identity.expires:%H:%M} UTC" if identity.expires else ""
    return Finding("", State.GOOD, f"the key was taken; access token got{until}")


async def _instance(service: QuantumService) -> Finding:
    identity = await service.sign_in()
    name = identity.instance_name or identity.instance
    sandbox = "SANDBOX, simulated: " if identity.sandbox else ""
    return Finding("", State.GOOD, f"{sandbox}{name} {identity.notice}".strip())


async def _jobs(service: QuantumService) -> Finding:
    page = await service.jobs(JobQuery(limit=1))
    return Finding("", State.GOOD, "listed" if page.total is None else f"{page.total:,} listed")


def clock(skew: float | None) -> Finding:
    """Judge by how many seconds the service's clock is ahead of this machine's.

    Args:
        skew: seconds; negative when it is behind; `None` when no answer had the time.

    Returns:
        The finding.
    """
    if skew is None:
        return Finding("clock", State.SKIPPED, "not known: no answer told the time")
    advice = "Set it right, e.g. by NTP."
    off = f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} the service's"
    if abs(skew) > _SKEW_TOO_MUCH:
        return Finding("clock", State.FAILED, f"This machine's clock is {off}.", advice)
    if abs(skew) > _SKEW_SHOWN:
        return Finding(
            "clock", State.WARNING, f"This machine's clock is {off}.", "Set it right, e.g. by NTP."
        )
    return Finding("clock", State.GOOD, "agrees with the service's")


def _print(findings: list[Finding], listing: Output) -> None:
    failed = [finding for finding in findings if finding.state is State.FAILED]
    steps = [
        {
            "step": finding.step,
            "state": str(finding.state),
            "message": finding.message,
            "advice": finding.advice,
            "seconds": None if finding.seconds is None else round(finding.seconds, 3),
        }
        for finding in findings
    ]
    rows = [(str(f.state), f.step, f"{f.message} {f.advice}".strip()) for f in findings]
    emit_listing(
        listing,
        answer={"ok": not failed, "steps": steps},
        entries=steps,
        tables=[Table(("STATE", "STEP", "WHAT"), rows)],
    )
    if listing.format is not Format.TABLE:
        return
    if failed:
        say(f"What fails first is {failed[0].step}: {failed[0].message} {failed[0].advice}".rstrip())
    else:
        say("Nothing fails.")
