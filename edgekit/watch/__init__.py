"""`--watch`: builds after every change of what a build reads, and open pages that follow.

Looks at files, calls the build that is handed in, tells a server of its own what came of it. Called by `cli` only. It
compiles, publishes and prints nothing, and changes no byte of a store.
"""
