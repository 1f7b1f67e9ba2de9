"""Arguments of `qdeck help` and `qdeck completion`: what helps with the commands themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from tui.commands.shared.output import Exit, emit_text

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMPLETION_VARIABLE = "_QDECK_COMPLETE"
"""Set by the shell's script when it asks for completions."""


def _offer(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from tui.commands.shared.help import topics

    known = {**topics(), **dict.fromkeys(_commands(context), "")}
    return [CompletionItem(name, help=about) for name, about in known.items() if name.startswith(begun)]


def _commands(context: click.Context) -> Mapping[str, click.Command]:
    root = context.find_root().command
    return root.commands if isinstance(root, click.Group) else {}


@click.command("help")
@click.argument("words", metavar="[TOPIC]", nargs=-1, shell_complete=_offer)
@click.pass_context
def help_(context: click.Context, words: tuple[str, ...]) -> int:
    """Print the page on TOPIC, or the help of a command; without TOPIC, the list of topics."""
    from tui.commands.shared.help import page, topics

    if not words:
        width = max(map(len, topics()))
        listed = "".join(f"  {name.ljust(width)}  {title}\n" for name, title in topics().items())
        emit_text(f"Topics:\n{listed}\n`qdeck help COMMAND` prints the help of a command.\n")
        return Exit.DONE
    text = page(words[0]) if len(words) == 1 else ""
    if not text:
        text = _help_of(context, words)
    emit_text(text)
    return Exit.DONE


def _help_of(context: click.Context, words: tuple[str, ...]) -> str:
    """Return the help of a command.

    Raises:
        click.UsageError: there is none of these words.
    """
    from tui.commands.shared.help import topics

    root = context.find_root()
    command, within = root.command, root
    for word in words:
        found = command.commands.get(word) if isinstance(command, click.Group) else None
        if found is None:
            raise click.UsageError(
                f"There is no topic and no command {' '.join(words)!r}. Topics: {', '.join(topics())}."
            )
        command, within = found, click.Context(found, info_name=word, parent=within)
    return command.get_help(within) + "\n"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the script that lets SHELL complete commands, options, and ids of jobs and backends.

    \b
    bash:  eval "$(qdeck completion bash)"                   in ~/.bashrc
    zsh:   eval "$(qdeck completion zsh)"                    in ~/.zshrc, after compinit
    fish:  qdeck completion fish > ~/.config/fish/completions/qdeck.fish

    Ids, tags and names come from the history and the files on this machine; nothing is asked.
    """
    from tui.commands.shared.completion import script

    emit_text(script(shell, context.find_root().command, "qdeck", COMPLETION_VARIABLE) + "\n")
    return Exit.DONE
