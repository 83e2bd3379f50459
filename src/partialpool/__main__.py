"""`python -m partialpool`: the same as the command `partialpool`."""

from .command.cli import main

if __name__ == "__main__":
    main()
