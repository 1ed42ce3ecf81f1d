"""loihi-deploy sites"""

from __future__ import annotations

import sys

import click

from deploy.cli import completion
from deploy.cli.console import print_table, say, say_json, say_text
from deploy.cli.options import as_json
from deploy.jobs import remote
from deploy.jobs.site import TEMPLATE, find_site, load_sites, sites_file


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def sites(context: click.Context, as_json: bool) -> None:
    """List the sites where jobs can run; see also: sites check NAME, sites template."""
    if context.invoked_subcommand is None:
        if as_json:
            known = {s.name: s.to_dict() for s in load_sites().values()}
            say_json({"file": str(sites_file()), "sites": known})
            return
        rows = [
            [s.name, s.host or "this machine", s.take, s.partition, " ".join(s.python_words)]
            for s in load_sites().values()
        ]
        print_table(["site", "reached by", "jobs by", "partition", "Python"], rows)
        say(f"sites are written in {sites_file()}")


@sites.command("check")
@click.argument("name", shell_complete=completion.sites)
@as_json
def check(name: str, as_json: bool) -> None:
    """Try each step of a site, and say what fails."""
    found = remote.check_site(find_site(name))
    if as_json:
        say_json(found)
    else:
        print_table(
            ["step", "works", ""],
            [[f["step"], "yes" if f["works"] else "NO", f["answer"]] for f in found],
        )
    sys.exit(0 if all(f["works"] for f in found) else 3)


@sites.command("template")
def template() -> None:
    """Print a file of sites to start from."""
    say_text(TEMPLATE)
