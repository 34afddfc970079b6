import json

from edgekit.project.schema import build_schema
from tests.cli.command import run


def test_the_schema_is_printed_as_json() -> None:
    done = run("schema")
    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out) == json.loads(json.dumps(build_schema()))
