"""`edgekit schema`: the JSON Schema of `edgekit.toml`."""

import json

import click

from edgekit.cli.options import output_options
from edgekit.cli.output import Output
from edgekit.project.schema import build_schema


@click.command
@output_options(json=False)
@click.pass_obj
def command(output: Output) -> None:
    """Print the JSON Schema of edgekit.toml, with which editors complete and check it.

    Where an editor knows Taplo's or Tombi's comments (VS Code with Even Better TOML does), this line at the top of
    edgekit.toml names the schema beside it: #:schema ./edgekit.schema.json

    \b
    edgekit schema > site/edgekit.schema.json
    """
    output.line(json.dumps(build_schema(), ensure_ascii=False, indent=2))
