"""loihi-deploy versions"""

import click

from deploy.cli.console import say


@click.command()
def versions() -> None:
    """Say which Nengo there is."""
    import nengo

    say(f"Nengo {nengo.__version__}")
