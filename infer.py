"""Count containers and hulls from a source checkout: the same as `pierwatch`."""

from cv.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
