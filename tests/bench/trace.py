"""What tracing a page costs, against Jinja's full render of it.

The oracle is that render as the law has it: in the sandbox, with modules imported anew for each page. Beside it, Jinja
as an author would set it up, in its sandbox and out of it; there, what is imported stays from page to page.
"""

from functools import partial
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from edgekit.compiler.environment import page_variables
from edgekit.compiler.oracle import Oracle, plain_fields
from edgekit.compiler.trace import Tracer
from edgekit.fragment.values import Value, default_value
from edgekit.project.load import load_site
from edgekit.project.site import Page, Site
from tests.bench.rounds import Contestant, Spread, measure, ratio, spread

SITE = Path(__file__).parents[2] / "site"
PAGES = ("/membership", "/category/green", "/product/p-100")
"""Pages without islands, which Jinja itself does not know."""


def bench_trace(rounds: int) -> dict[str, dict[str, Spread]]:
    """Microseconds a page, for some pages of the example in one tier; and ratios, with the goal.

    A page with choices is traced once for each variant, so it is rendered as often.
    """
    site = load_site(SITE)
    tracer, oracle = Tracer(site), Oracle(site)
    environment, sandbox = _set_up(jinja2.Environment, site), _set_up(ImmutableSandboxedEnvironment, site)
    tier = site.default_tier
    values = {slot.source: default_value(slot, site.tiers[tier]) for slot in site.slots.values()}
    contestants: dict[str, Contestant] = {}
    ratios: dict[str, tuple[str, str]] = {}
    for page in site.pages:
        if page.path not in PAGES:
            continue
        variants = len(tracer.trace(page, tier))
        variables = _thaw(page_variables(page, tier, plain_fields(site, tier, values)))
        assert sandbox.get_template(page.template).render(variables).encode() == oracle.render(page, tier, values)
        jinja, sandboxed, traced = (f"{name}, {page.path}" for name in ("jinja", "sandbox", "trace"))
        full = f"oracle, {page.path}"
        contestants |= {
            jinja: partial(_render, environment.get_template(page.template), variables, variants),
            sandboxed: partial(_render, sandbox.get_template(page.template), variables, variants),
            full: partial(_render_oracle, oracle, page, tier, values, variants),
            traced: partial(_trace, tracer, page, tier),
        }
        ratios[f"trace / oracle, {page.path} (goal: at most 1.5)"] = traced, full
        ratios[f"trace / jinja's sandbox, {page.path}"] = traced, sandboxed
        ratios[f"trace / jinja, {page.path}"] = traced, jinja
    times = measure(contestants, rounds)
    return {
        "microseconds": {name: spread(series) for name, series in times.items()},
        "ratios": {name: ratio(times[above], times[below]) for name, (above, below) in ratios.items()},
    }


def _render(template: jinja2.Template, variables: dict[str, Any], times: int, turn: int) -> None:
    for _ in range(times):
        template.render(variables)


def _render_oracle(oracle: Oracle, page: Page, tier: str, values: dict[str, Value], times: int, turn: int) -> None:
    for _ in range(times):
        oracle.render(page, tier, values)


def _trace(tracer: Tracer, page: Page, tier: str, turn: int) -> None:
    tracer.trace(page, tier)


def _set_up(kind: type[jinja2.Environment], site: Site) -> jinja2.Environment:
    """Jinja as a site's author would set it up, without a line of ours: plain dicts and lists."""
    environment = kind(
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
