"""The shift of a scene against an earlier one of the same site."""
