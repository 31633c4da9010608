"""Counts containers and hulls: the command line, from a source checkout (same as `pierwatch`)."""

from cv.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
