"""Saves accounts, all in the file or with the token in the keyring, and forgets them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tui.common.errors import QdeckError
from tui.config.settings import Folders
from tui.domain.accounts import Account, Keep
from tui.ibm.credentials.account_file import forget_account, own_entries, save_account
from tui.ibm.credentials.discovery import ENVIRONMENT
from tui.ibm.credentials.keyring import drop_token, entry_name, read_token, store_token
from tui.ibm.credentials.slurm import SOURCE


async def with_token(account: Account) -> Account:
    """Return the account with its token, read from the keyring where that holds it.

    Raises:
        QdeckError: as `read_token`.
    """
    if account.token or not account.keyring:
        return account
    return replace(account, token=await read_token(account.keyring))


async def keep_account(account: Account, folders: Folders, keep: Keep) -> str:
    """Save an account under its name, in place of one of that name.

    Returns:
        Where it is saved, in words; empty where it is not to be.

    Raises:
        QdeckError: `STORAGE`, `UNAVAILABLE`, `TIMEOUT`: it is not saved, or not in the way asked for.
    """
    if keep is Keep.NOT:
        return ""
    entries, _ = await asyncio.to_thread(own_entries, folders)
    former = next((known.keyring for known in entries if known.name == account.name), "")
    if keep is Keep.FILE:
        await asyncio.to_thread(save_account, replace(account, keyring=""), folders)
        if former:
            await drop_token(former)
        return f"{folders.accounts_file}, which only you can read"
    entry = entry_name(account.name, folders)
    keyring = await store_token(entry, account.token)
    try:
        await asyncio.to_thread(save_account, replace(account, keyring=entry), folders)
    except QdeckError:
        if former != entry:
            await drop_token(entry)
        raise
    return f"{folders.accounts_file}, its token in the system's keyring ({keyring})"


async def forget(account: Account, folders: Folders) -> None:
    """Forget an account that was saved, and remove its token from the keyring.

    Raises:
        QdeckError: `STORAGE`: the file cannot be written; else: forgotten, but the keyring has the token yet.
    """
    await asyncio.to_thread(forget_account, account.name, folders)
    if account.keyring:
        await drop_token(account.keyring)


def token_place(account: Account) -> str:
    """Return the place of a found account's token: `keyring`, `environment` or `file`."""
    if account.keyring:
        return "keyring"
    return "environment" if account.source in {ENVIRONMENT, SOURCE} else "file"
