"""What one state of a site would change in another: found out (`compare`), then shown (`text`, `json`, `markdown`).

Pure: it takes two sides and gives a plan; it opens nothing, prints nothing and never changes a store. `cli` calls it.
"""
