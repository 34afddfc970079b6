"""What tracing a page costs, against plain Jinja's render of it and against the oracle's, which is in a sandbox."""

from pathlib import Path
from typing import Any

import jinja2

from edgekit.compiler.environment import page_variables
from edgekit.compiler.oracle import Oracle, plain_fields
from edgekit.compiler.trace import Tracer
from edgekit.fragment.values import default_value
from edgekit.project.load import load_site
from edgekit.project.site import Page, Site
from tests.bench.rounds import Contestant, Spread, measure, ratio, spread

SITE = Path(__file__).parents[2] / "site"
PAGES = ("/about", "/category/green", "/product/p-100")


def bench_trace(rounds: int) -> dict[str, dict[str, Spread]]:
    """Microseconds a page, for some pages of the example in one tier; and ratios, with the goal.

    A page with choices is traced once for each variant, so it is rendered as often.
    """
    site = load_site(SITE)
    tracer, oracle, environment = Tracer(site), Oracle(site), _plain_environment(site)
    tier = site.default_tier
    values = {slot.source: default_value(slot, site.tiers[tier]) for slot in site.slots.values()}
    contestants: dict[str, Contestant] = {}
    ratios: dict[str, tuple[str, str]] = {}
    for page in site.pages:
        if page.path not in PAGES:
            continue
        variants = range(len(tracer.trace(page, tier)))  # type: ignore[arg-type]
        variables = _thaw(page_variables(page, tier, plain_fields(site, tier, values)))
        template = environment.get_template(page.template)
        assert template.render(variables).encode() == oracle.render(page, tier, values)

        def render(turn: int, template: Any = template, variables: Any = variables, variants: Any = variants) -> None:
            for _ in variants:
                template.render(variables)

        def render_oracle(turn: int, page: Page = page, variants: Any = variants) -> None:
            for _ in variants:
                oracle.render(page, tier, values)

        def trace(turn: int, page: Page = page) -> None:
            tracer.trace(page, tier)

        jinja, sandboxed, traced = (f"{name}, {page.path}" for name in ("plain jinja", "oracle", "trace"))
        contestants |= {jinja: render, sandboxed: render_oracle, traced: trace}
        ratios[f"trace / plain jinja, {page.path} (goal: at most 1.5)"] = traced, jinja
        ratios[f"trace / oracle, {page.path}"] = traced, sandboxed
    times = measure(contestants, rounds)
    return {
        "microseconds": {name: spread(series) for name, series in times.items()},
        "ratios": {name: ratio(times[above], times[below]) for name, (above, below) in ratios.items()},
    }


def _plain_environment(site: Site) -> jinja2.Environment:
    """Jinja as a site's author would set it up: no sandbox, plain dicts and lists."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([site.root / "templates", site.root]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=site.jinja.trim_blocks,
        lstrip_blocks=site.jinja.lstrip_blocks,
        auto_reload=False,
    )
    environment.globals.update(
        data=_thaw(site.data),
        site={"base_url": site.base_url, "default_tier": site.default_tier},
        asset=lambda name: site.assets[name].url,
    )
    return environment


def _thaw(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _thaw(item) for key, item in value.items()}
    return [_thaw(item) for item in value] if isinstance(value, list) else value
