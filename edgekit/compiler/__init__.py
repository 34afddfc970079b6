"""Pages into fragments: Jinja renders each page with opaque objects in the place of slots, and what it prints is kept.

Takes a `project.Site`, hands out `model.Fragment`s and a `model.Pack`; publishes nothing. Only this room knows
Jinja.
A silent difference between a fragment, filled, and Jinja's full render is the worst bug this room can have: whatever
looks at a slot's value is a finding, and what cannot be written as text and placeholders is one too.

A page's way: `trace` (in `tracing`'s environment, with `opaque` objects, `ropes`, `filters` behind their `guard`,
`fields`, `functions`, `translation`, `island`; `locator` finds lines) → `merge` → `assemble` → `contexts`, `places` and
`composition` → `page` → `build` (`workers`) → `validate` (`proof`), against the `oracle` → `answers`. `findings` says
what went wrong, `explain` what became of a page and why. `check` compiles the pages that depend on some files (`named`,
`affected`).
What a page `asked` for and its templates `mentions`, by `names`, stands with its `digests` in a build's `record`; the
next build renders what is `stale` (`reasons`), and `verified` compares that with rendering all.
"""
