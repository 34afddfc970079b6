"""`edgekit schema`: the JSON Schemas of what edgekit reads and prints."""

import json
from typing import Literal

import click

from edgekit.cli.options import output_options
from edgekit.cli.output import Output
from edgekit.diff.json import build_schema as build_diff_schema
from edgekit.project.schema import build_schema as build_site_schema


@click.command
@click.argument("what", type=click.Choice(["site", "diff"]), default="site")
@output_options(json=False)
@click.pass_obj
def command(output: Output, what: Literal["site", "diff"]) -> None:
    """Print a JSON Schema: of edgekit.toml (`site`, the default), or of what `edgekit diff --json` prints.

    With that of edgekit.toml editors complete and check it. Where one knows Taplo's or Tombi's comments (VS Code with
    Even Better TOML does), this line at the top of edgekit.toml names the schema beside it:
    #:schema ./edgekit.schema.json

    \b
    edgekit schema > site/edgekit.schema.json
    edgekit schema diff
    """
    schema = build_site_schema() if what == "site" else build_diff_schema()
    output.line(json.dumps(schema, ensure_ascii=False, indent=2))
