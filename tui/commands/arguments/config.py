"""Arguments of `qdeck config`: list, get, set, unset."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from tui.commands.arguments.options import STATUSES, completes, listing_options

if TYPE_CHECKING:
    from tui.commands.shared.listing import Output

name_argument = click.argument("name", shell_complete=completes("settings"))


@click.group(epilog=STATUSES)
def config() -> None:
    """List, read or change the settings in settings.toml."""


@config.command("list", epilog=STATUSES)
@listing_options()
def list_(listing: Output) -> int:
    """List every setting with its value, where that comes from, and its meaning."""
    from tui.commands.local.config import list_settings

    return int(list_settings(os.environ, listing))


@config.command(epilog=STATUSES)
@name_argument
@listing_options()
def get(name: str, listing: Output) -> int:
    """Print the value of the setting NAME; an empty line where it is as qdeck thinks fit."""
    from tui.commands.local.config import get_setting

    return int(get_setting(os.environ, name, listing))


@config.command("set", epilog=STATUSES)
@name_argument
@click.argument("value")
@listing_options()
def set_(name: str, value: str, listing: Output) -> int:
    """Give the setting NAME this VALUE: TOML, or a string without quotes.

    An option of a preset is named presets.NAME.OPTION. What the reader of the settings refuses is not
    written (status 1); comments and everything else in the file stay.
    """
    from tui.commands.local.config import change_setting

    return int(change_setting(os.environ, name, value, listing))


@config.command(epilog=STATUSES)
@name_argument
@listing_options()
def unset(name: str, listing: Output) -> int:
    """Remove the setting NAME from the file: its default is in force again."""
    from tui.commands.local.config import change_setting

    return int(change_setting(os.environ, name, None, listing))
