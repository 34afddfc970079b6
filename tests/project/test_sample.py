"""The tiers that the sample users of `users.jsonl` have."""

from pathlib import Path

import pytest

from edgekit.project.load import load_site
from tests.project.folder import write_site

PATRON = '{"id": "1", "tier": "patron"}\n'
VIP = '{"id": "2", "tier": "vip"}\n'


def warned(folder: Path, users: str | bytes | None) -> list[tuple[str, str, str]]:
    site = load_site(write_site(folder, {"segments/patron.toml": "", "users.jsonl": users}))
    return [(one.code, Path(one.file or "").name, one.message) for one in site.warnings]


def missing(tier: str, rest: str = "") -> tuple[str, str, str]:
    return "EK804", f"{tier}.toml", f"no user in `users.jsonl` has tier `{tier}`{rest}"


@pytest.mark.parametrize(
    ("users", "expected"),
    [
        (None, []),
        ("", []),
        ("no JSON\n[]\n", []),
        (PATRON + VIP, []),
        (PATRON, [missing("vip")]),
        ('{"id": "1"}\n', [missing("patron"), missing("vip")]),
        ('{"id": "1", "tier": 7}\n' + VIP, [missing("patron")]),
        ('{"id": "1", "tier": "free"}\nno JSON\n' + VIP, [missing("patron")]),
        ('{"id": "1", "tier": "Patron"}\n' + VIP, [missing("patron", "; one has `Patron`")]),
        (VIP + " " * 4 * 1024 * 1024, []),
    ],
)
def test_tiers_that_no_sample_user_has(
    users: str | bytes | None, expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    assert warned(tmp_path, users) == expected
