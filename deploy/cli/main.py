"""The command line: a thin skin over `deploy.run`, `deploy.compare` and friends."""

from __future__ import annotations

import contextlib
import importlib
import signal
import sys
import warnings
from typing import Any, List, Optional, TextIO, Type

import click

import deploy
from deploy.cli import COMMANDS
from deploy.cli.console import say_error
from deploy.cli.encoding import take_over_streams
from deploy.cli.signals import Stopped, end_by_signals
from deploy.cli.streams import settle_streams
from deploy.errors import DeployError
from deploy.files.cache import fix_cache_folder
from loihi_rules.likely import likely


class Commands(click.Group):
    """Loads a command when it is called, so that ``status`` does not wait for matplotlib."""

    def list_commands(self, context: click.Context) -> List[str]:
        return list(COMMANDS)

    def resolve_command(self, context: click.Context, args: List[str]) -> Any:
        """As click's, which does not say what may have been meant."""
        if args[0] not in COMMANDS:
            meant = likely(args[0], COMMANDS)
            raise click.UsageError(f"there is no command {args[0]!r}{meant}", context)
        return super().resolve_command(context, args)

    def invoke(self, context: click.Context) -> Any:
        """As click's, which ends with an empty line where a model's file raises this itself."""
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            raise Stopped(signal.SIGINT) from None

    def get_command(self, context: click.Context, name: str) -> Optional[click.Command]:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"deploy.cli.{name}"), name)
        return command


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    invoke_without_command=True,
)
@click.version_option(deploy.__version__, prog_name="loihi-deploy")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run a Nengo model on Loihi 1 or its emulator, and compare it with the CPU.

    MODEL is a built-in system (see: loihi-deploy systems), or path.py[:name], where
    name is a nengo.Network in that file, or a function that returns one (default: model).

    Exit codes: 0 ok, 1 no parity or not decided, 2 bad input, 3 target not available.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        sys.exit(2)


def main(arguments: Optional[List[str]] = None) -> None:
    """Entry point: errors become one line and an exit code, never a traceback."""
    settle_streams()
    fix_cache_folder()
    take_over_streams()
    warnings.showwarning = _say_warning
    end_by_signals()
    try:
        code = cli.main(arguments, prog_name="loihi-deploy", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except DeployError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "loihi-deploy"
        _fail(f"{error.format_message()} (see: {path} --help)", 2)
    except Stopped as error:
        _fail("stopped; only what was complete is kept", 128 + int(error.args[0]))
    except MemoryError:
        _fail("there is not enough memory for this model and duration", 2)
    except ImportError as error:
        _fail(f"a library cannot be loaded ({error}); that may be for want of memory too", 2)
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 2)
    except RecursionError:
        _fail("the model is nested too deeply", 2)


def _say_warning(
    message: Any,
    category: Type[Warning],
    filename: str,
    lineno: int,
    file: Optional[TextIO] = None,
    line: Optional[str] = None,
) -> None:
    """As Python does it, but for its line of source; the text may be of a model."""
    say_error(f"{filename}:{lineno}: {category.__name__}: {message}")


def _fail(text: str, code: int) -> None:
    with contextlib.suppress(OSError):  # of a terminal that is gone
        say_error(f"loihi-deploy: {text}")
    sys.exit(code)
