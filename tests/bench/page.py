"""The pages that are measured: about 50 KB, 97 cards, 20 slots, three tiers; loop-heavy and flat.

Both templates print the same bytes. The loop-heavy one makes them as a shop's page does; in the flat one everything
but the slots is literal text, the best case for a renderer at request time.
"""

import random
from typing import Any, Final

import jinja2
from markupsafe import Markup

PATH: Final = "/"
TIERS: Final = ("free", "premium", "vip")
FIELDS: Final = tuple(f"slot_{number:02d}" for number in range(20))
CARDS: Final = 97

_LOOP: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Anchor page</title></head>
<body class="tier-{{ tier }}"><main>
{% for card in cards %}<div class="card" data-slug="{{ card.slug }}">
<a class="card-link" href="/p/{{ card.slug }}/"><img class="card-img" loading="lazy" width="160" height="120" \
src="/img/{{ card.slug }}.webp" alt="{{ card.name }}"></a>
<h3 class="card-title"><a href="/p/{{ card.slug }}/">{{ card.name }}</a></h3>
<p class="card-price">{% if tier == "free" %}{{ card.price }}{% else %}<del>{{ card.price }}</del> \
{{ card.price_member }}{% endif %}</p>
<button class="card-add" data-add="{{ card.slug }}" aria-label="Add {{ card.name }}">Add</button>
</div>
{% if loop.index0 % 4 == 0 and loop.index0 < 80 %}\
<p class="you">For you: <b>{{ user[fields[loop.index0 // 4]] }}</b></p>
{% endif %}{% endfor %}</main></body></html>
"""


def make_record(number: int) -> dict[str, str]:
    """A user's record: a tier and twenty short values."""
    values = {field: f"value {number % 9973} of {field[-2:]} for u{number:07d}" for field in FIELDS}
    return {"tier": TIERS[number % len(TIERS)], **values}


class Pages:
    """The compiled templates and the fragments they give."""

    def __init__(self) -> None:
        rng = random.Random(5)
        environment = jinja2.Environment(autoescape=True, keep_trailing_newline=True)
        self._loop = environment.from_string(_LOOP)
        self._shared: dict[str, Any] = {"fields": FIELDS, "cards": [_make_card(rng, number) for number in range(CARDS)]}
        self.fragments = {tier: self._render_with(tier, "{%s}") for tier in TIERS}
        self._flat = {tier: environment.from_string(self._render_with(tier, "{{ user.%s }}")) for tier in TIERS}

    def render_loop(self, record: dict[str, str]) -> bytes:
        return self._loop.render(**self._shared, user=record, tier=record["tier"]).encode()

    def render_flat(self, record: dict[str, str]) -> bytes:
        return self._flat[record["tier"]].render(user=record).encode()

    def _render_with(self, tier: str, pattern: str) -> str:
        """The page with a mark for each slot: a placeholder's name is the field's in capitals."""
        marks = {field: Markup(pattern % (field if "user" in pattern else field.upper())) for field in FIELDS}
        return self._loop.render(**self._shared, user=marks, tier=tier)


def _make_card(rng: random.Random, number: int) -> dict[str, str]:
    def price() -> str:
        return f"{rng.randrange(300, 90_000) / 100:.2f} EUR"

    return {
        "slug": f"product-{number:05d}",
        "name": f"Soft copper lamp & shelf no. {number}",
        "price": price(),
        "price_member": price(),
    }
