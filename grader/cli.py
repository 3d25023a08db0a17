"""The command line: `grader` and its commands, which stand in `grader.commands`."""

import gc
import sys

# What is imported stays: looking through it for garbage finds none. So this comes first.
gc.disable()

import click  # noqa: E402  below gc.disable()

from grader import __version__  # noqa: E402  below gc.disable()
from grader.commands import grading, looking, proving  # noqa: E402  below gc.disable()
from grader.errors import GraderError  # noqa: E402  below gc.disable()

gc.freeze()
gc.enable()


class Grader(click.Group):
    """Turns our named errors into one line and their exit status."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except GraderError as error:
            click.echo(f"grader: {error}", err=True)
            sys.exit(error.exit_status)


@click.group(cls=Grader, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def main() -> None:
    """Grade circuit breakers by execution.

    Exit status: 0 graded, 1 a gate was not met, 2 wrong usage or input, 3 the grader failed.
    """


for command in (*grading.COMMANDS, *proving.COMMANDS, *looking.COMMANDS):
    main.add_command(command)
