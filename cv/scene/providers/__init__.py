"""What providers declare about their scenes: Planet's files, STAC Items, plain images."""
