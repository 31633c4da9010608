"""A crew: worker processes that each examine one thing at a time, and may die of it."""
