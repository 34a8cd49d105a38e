"""``python -m convkit``."""

from convkit.cli.main import program

if __name__ == "__main__":
    program()
