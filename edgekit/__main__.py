"""`python -m edgekit` is the console script `edgekit`."""

from edgekit.cli.main import run

if __name__ == "__main__":
    run()
