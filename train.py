"""Train a detector from a source checkout: the same as `pierwatch train`."""

import sys

from cv.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["train", *sys.argv[1:]]))
