"""What became of one page, and why: found out for `edgekit explain`, shown by `cli`.

`explain_page` compiles the page with all that stands in it (`whole`), renders it once more to note where it reads
(`recording`), and puts together an `Explanation`. Builds call nothing of it.
"""
