"""`check --live`: asks a running site for its pages as several people, and says what is cached wrongly.

The store says what each page's class is and, by `respond`, what each asker must get; the site is asked through whatever
stands in front of it. `follow_tail` reads what a running server tells of itself. Called by `cli` only. It publishes,
changes and prints nothing.
"""
