"""TLS contexts: the certificates that are trusted on the way to the hosts."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import certifi

from tui.common.bounded_read import require_readable
from tui.common.errors import ErrorKind, QdeckError
from tui.domain.accounts import Route

CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Read by Qiskit's HTTP library; `SSL_CERT_FILE` and `SSL_CERT_DIR` are read by OpenSSL itself."""
NAME_THE_CA = "In a company network, name its CA file: in REQUESTS_CA_BUNDLE, or as ca_file in settings.toml."


def ca_bundle(environ: Mapping[str, str]) -> str:
    """Return the CA file that the environment names beside OpenSSL's own variables; empty: none."""
    return next((environ[name] for name in CA_VARIABLES if environ.get(name)), "")


@cache
def trust(bundle: str = "", ca_file: Path | None = None) -> ssl.SSLContext:
    """Return a context that trusts the system's certificates (or `SSL_CERT_FILE`), Mozilla's, and these.

    Args:
        bundle: a file, or a folder, of CA certificates that the environment names; empty: none.
        ca_file: the same, as `settings.toml` names it.

    Raises:
        QdeckError: `SETTINGS` when one of them cannot be read.
    """
    context = _system_context()
    context.load_verify_locations(certifi.where())
    if bundle:
        try:
            require_readable(Path(bundle))
            folder = Path(bundle).is_dir()
            context.load_verify_locations(
                cafile=None if folder else bundle, capath=bundle if folder else None
            )
        except (OSError, ssl.SSLError) as problem:
            message = f"The CA file {bundle} cannot be read: {problem.strerror or problem}."
            advice = f"Correct {' or '.join(CA_VARIABLES)}, or unset it."
            raise QdeckError(ErrorKind.SETTINGS, message, advice) from problem
    if ca_file is not None:
        _add(context, ca_file)
    return context


def _system_context() -> ssl.SSLContext:
    """Return a context that trusts the system's certificates.

    Raises:
        QdeckError: `SETTINGS` when `SSL_CERT_FILE` names what cannot be read: OpenSSL would wait for ever.
    """
    named = os.environ.get("SSL_CERT_FILE", "")
    try:
        if named and Path(named).exists():
            require_readable(Path(named))
    except OSError as problem:
        message = f"SSL_CERT_FILE is {named}, which cannot be read: {problem.strerror or problem}."
        raise QdeckError(ErrorKind.SETTINGS, message, "Correct it, or unset it.") from problem
    return ssl.create_default_context()


def _add(context: ssl.SSLContext, ca_file: Path) -> None:
    """Trust a file of certificates, or every one in a folder, whatever they are called there.

    Raises:
        QdeckError: `SETTINGS`, naming the setting.
    """
    loaded = False
    why = "it holds no certificate in PEM form"
    try:
        require_readable(ca_file)
        files = [ca_file]
        if ca_file.is_dir():
            files = sorted(file for file in ca_file.iterdir() if file.is_file())
            why = "no file in it holds a certificate in PEM form"
        for file in files:
            try:
                context.load_verify_locations(cafile=file)
            except ssl.SSLError:
                continue
            loaded = True
    except OSError as problem:
        loaded, why = False, problem.strerror or str(problem)
    if not loaded:
        message = f"ca_file in settings.toml is {ca_file}, which cannot be used: {why}."
        advice = "Correct ca_file in settings.toml, or take it out (`qdeck where` tells where that file is)."
        raise QdeckError(ErrorKind.SETTINGS, message, advice)


@cache
def no_trust() -> ssl.SSLContext:
    """Return a context that checks no certificate: for an account that says so itself, and for no other."""
    context = _system_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def context_for(
    route: Route, environ: Mapping[str, str] | None = None, ca_file: Path | None = None
) -> ssl.SSLContext:
    """Return the TLS context of an account.

    Args:
        route: whether certificates are checked.
        environ: names CA files; `None`: the process's own.
        ca_file: CA file or folder that `settings.toml` names.

    Raises:
        QdeckError: as `trust`.
    """
    if not route.verify:
        return no_trust()
    return trust(ca_bundle(os.environ if environ is None else environ), ca_file)
