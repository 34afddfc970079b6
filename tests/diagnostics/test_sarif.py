import json
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from edgekit.diagnostics.catalogue import list_codes, read_entry
from edgekit.diagnostics.diagnostic import Diagnostic
from edgekit.diagnostics.sarif import build_sarif

SCHEMA = Draft4Validator(
    json.loads(Path(__file__).with_name("sarif-schema-2.1.0.json").read_text("utf-8")),
    format_checker=Draft4Validator.FORMAT_CHECKER,
)

FOUND = Diagnostic(
    code="EK203",
    message="`user.name` is indexed",
    help="make it a field of its own",
    file="/srv/shop/site/pages/product/[sku].html",
    line=12,
    pages=("/product/p-1", "/product/p-2"),
    source="<b>{{ user.name[0] }}</b>",
)
BARE = Diagnostic(code="EK101", message="there is no site here", help="name one", severity="warning")


def run_of(*found: Diagnostic) -> dict[str, Any]:
    """The one run of the log, which the schema takes."""
    log = json.loads(json.dumps(build_sarif(found, "/srv/shop")))
    SCHEMA.validate(log)
    (run,) = log["runs"]
    return run


def test_the_schema_refuses_what_is_no_log() -> None:
    assert not SCHEMA.is_valid({"version": "2.1.0", "runs": [{"results": []}]})


def test_without_findings_there_is_a_run_without_results() -> None:
    run = run_of()
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_a_result_has_rule_level_message_and_place() -> None:
    (result,) = run_of(FOUND)["results"]
    assert result == {
        "ruleId": "EK203",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "`user.name` is indexed (and in 1 other page)\nhelp: make it a field of its own"},
        "properties": {"pages": ["/product/p-1", "/product/p-2"]},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "site/pages/product/%5Bsku%5D.html", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 12, "snippet": {"text": "<b>{{ user.name[0] }}</b>"}},
                }
            }
        ],
    }


def test_a_finding_without_a_file_has_no_location() -> None:
    (result,) = run_of(BARE)["results"]
    assert "locations" not in result
    assert result["level"] == "warning"


def test_a_file_without_a_line_has_no_region() -> None:
    (result,) = run_of(msgspec.structs.replace(FOUND, line=None))["results"]
    assert list(result["locations"][0]["physicalLocation"]) == ["artifactLocation"]


def test_each_code_is_one_rule_that_its_results_point_to() -> None:
    run = run_of(FOUND, BARE, FOUND)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["EK101", "EK203"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["EK203", "EK101", "EK203"]


def test_a_rule_is_the_catalogues_entry() -> None:
    (rule,) = run_of(FOUND)["tool"]["driver"]["rules"]
    entry = read_entry("EK203")
    assert rule["shortDescription"] == {"text": entry.title}
    assert entry.good in rule["help"]["markdown"]


def test_every_entry_is_a_rule_that_the_schema_takes() -> None:
    found = [msgspec.structs.replace(BARE, code=code) for code in list_codes()]
    assert [rule["id"] for rule in run_of(*found)["tool"]["driver"]["rules"]] == list(list_codes())


def test_the_log_names_no_folder_of_the_machine() -> None:
    assert "/srv" not in json.dumps(build_sarif([FOUND], "/srv/shop"))


@given(st.text(), st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1), st.text())
def test_every_text_gives_a_valid_log(message: str, name: str, source: str) -> None:
    run_of(msgspec.structs.replace(FOUND, message=message, file=f"/srv/shop/{name}", source=source))
