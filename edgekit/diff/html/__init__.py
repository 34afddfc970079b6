"""A plan as a report for people: one HTML file that needs nothing else and asks the network for nothing.

`render_html` (`document.py`) is all that others call. Text becomes HTML in one way, `Markup(…).format(…)` (or `%`,
which is faster, where it is done for each line), which escapes it;
what a page says is shown as text, or in a frame that runs and loads nothing (`rendered.py`).
"""
