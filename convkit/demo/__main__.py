"""``python -m convkit.demo [-o DIR]``."""

from convkit.demo.main import command

if __name__ == "__main__":
    command(prog_name="python -m convkit.demo")
