"""Secrets of the environment: read, and never shown."""

import pytest

from edgekit.diagnostics.diagnostic import EdgekitError
from edgekit.replay.bearer import has_token
from edgekit.replay.options import Options
from edgekit.replay.request import Request
from edgekit.replay.secrets import Secrets, read_secrets
from tests.replay.sending import ENVIRONMENT, KEY, SECRET, TOKEN


def test_what_is_empty_is_not_set() -> None:
    assert read_secrets({}) == Secrets() == read_secrets(dict.fromkeys(ENVIRONMENT, ""))


@pytest.mark.parametrize("text", [SECRET, SECRET.rstrip("="), SECRET.removeprefix("whsec_")])
def test_a_webhooks_secret_is_its_key(text: str) -> None:
    assert read_secrets({"EDGEKIT_WEBHOOK_SECRET": text}).webhook == KEY


@pytest.mark.parametrize(
    "text", ["secret", "whsec_", "whsec_" + "A" * 30, "whsec_" + "%" * 44, "whsec_" + "é" * 44, "A" * 33, SECRET + "=a"]
)
def test_what_is_no_webhook_secret_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(EdgekitError) as raised:
        read_secrets({"EDGEKIT_WEBHOOK_SECRET": text})
    assert raised.value.status == 2
    assert [(found.code, found.message) for found in raised.value.diagnostics] == [
        ("EK456", "`EDGEKIT_WEBHOOK_SECRET` is no webhook secret: `whsec_`, and base64 of 24 bytes or more")
    ]


def test_secrets_are_not_printed() -> None:
    options = Options(secrets=read_secrets(ENVIRONMENT))
    for text in (repr(options), str(options), f"{options.secrets!r}", str(options.secrets)):
        assert TOKEN not in text
        assert repr(KEY) not in text


@pytest.mark.parametrize(
    ("values", "has"),
    [
        ([b"Bearer t"], True),
        ([b"bearer  t "], True),
        ([b"Bearer tt"], False),
        ([b"Bearer"], False),
        ([b"t"], False),
        ([], False),
        ([b"Bearer t", b"Bearer t"], False),
    ],
)
def test_a_bearer_token_stands_alone_in_its_header(values: list[bytes], has: bool) -> None:
    request = Request(b"/", 0, headers=tuple((b"authorization", value) for value in values))
    assert has_token(request, b"t") == has
    assert not has_token(request, b"")
