"""``python -m convkit``."""

from convkit.cli.main import run

if __name__ == "__main__":
    run()
