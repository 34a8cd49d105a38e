"""The `convkit` command: its verbs, and what an error or an interruption becomes."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from importlib import import_module
from typing import Any

import click

from convkit._version import __version__
from convkit.cli import ending
from convkit.engine.outcome import ExitCode
from convkit.errors import ConvkitError, InputError, OutputError, UsageError
from convkit.model.visible import visible

_VERBS = {
    "scan": "Show what is in folders of DICOM files.",
    "sort": "Put files into a tree of patients, studies and series.",
    "convert": "Convert series to NIfTI, NRRD, MHA or NumPy volumes.",
    "preview": "Make windowed pictures, and a page to look through them.",
    "report": "Tell on one page what is in a data set: distributions, pairs, pixels, what does not fit.",
    "check": "Look for what identifies people in outputs, and for broken references.",
    "deid": "Write copies without what identifies.",
}
"""Verb to its one line; a verb's module is imported only when it is used."""


class _Verbs(click.Group):
    """A group that imports a verb when it is called, so that --help stays fast."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = import_module(f"convkit.cli.{cmd_name}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="convkit", message="%(prog)s %(version)s")
def main() -> None:
    """DICOM series to research-ready volumes, or a coded reason why not.

    `convkit VERB --help` tells the options of a verb. Exit codes: 0 all done, 1 unexpected failure, 2 wrong usage,
    3 nothing to do, 4 some items failed, 5 every item failed, 6 a check that found something or a
    warning under --strict, 130 interrupted, 143 ended by SIGTERM.
    """


def run(args: list[str] | None = None) -> None:
    """Run the command and exit; entry point of the console script."""
    # NumPy starts a thread a core for linear algebra, which spins; matrices of 4 x 4 have no use for it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Plug-ins of other packages have no business with profiles, and to look for them takes a tenth of the start.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()  # while modules are loaded, nothing becomes garbage; `console.begin_work` enables it
    ending.unwind_when_terminated()
    try:
        _load_ahead(sys.argv[1:] if args is None else args)
        code: Any = main.main(args=args, prog_name="convkit", standalone_mode=False)
    except click.ClickException as err:
        _say_usage(err)
        sys.exit(err.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        click.echo(f"convkit: {ending.cause()}; nothing is half-written; give the same command again.", err=True)
        sys.exit(ending.code())
    except UsageError as err:
        _say(err)
        sys.exit(2)
    except InputError as err:
        _say(err)
        sys.exit(2)  # a source that does not exist; a bad file never comes here
    except OutputError as err:
        _say(err)
        sys.exit(5)  # nothing can be written, so every item failed
    except ConvkitError as err:
        _say(err)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our results has left; Python would complain about it at exit
        sys.exit(ending.code(ExitCode.UNEXPECTED))
    except OSError as err:
        click.echo(f"convkit: a file that is no input cannot be used ({err.strerror}).", err=True)
        sys.exit(1)  # standard output that is full, or a part of the installation
    finally:
        ending.unwind_no_more()
        gc.enable()
    sys.exit(ending.code() if code == ExitCode.INTERRUPTED else int(code or 0))


def _load_ahead(args: list[str]) -> None:
    """Let Dask be loaded beside all that we have to load ourselves, where a cluster is named."""
    if any(each.partition("=")[0] == "--cluster" for each in args):
        import_module("convkit.engine.dask.speaker").load_ahead()


_WATCHERS = frozenset({"cProfile", "profile", "pdb", "trace"})
"""Modules that want to have the last word where they run the program."""


def program() -> None:
    """The console script: `run`, then an end that gives the memory back in one go, where nothing else is left to do.

    To free thousands of headers one by one, and modules after them, takes as long as to convert a hundred slices.
    """
    try:
        run()
    except SystemExit as end:
        is_watched = not sys.modules.keys().isdisjoint(_WATCHERS)
        if threading.active_count() > 1 or is_watched or not isinstance(end.code, int):
            raise
        atexit._run_exitfuncs()  # noqa: SLF001 (what libraries have left for the end is done)
        try:
            for stream in filter(None, (sys.stdout, sys.stderr)):  # one that was closed is None
                stream.flush()
        except (OSError, ValueError):
            raise end from None  # nobody reads on, or a full disk: Python says so
        os._exit(end.code)


def _say_usage(err: click.ClickException) -> None:
    """An error of the command line in the form of all others, after the usage."""
    if isinstance(err, click.UsageError) and err.ctx is not None:
        click.echo(f"{err.ctx.get_usage()}\nTry '{err.ctx.command_path} --help' for help.\n", err=True)
    click.echo(f"convkit: {err.format_message()} [{UsageError.default_code}]", err=True)


def _say(err: ConvkitError) -> None:
    click.echo(visible(f"convkit: {err} [{err.code}]"), err=True)
