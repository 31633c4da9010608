"""A script for each revision of the tables, in the manner of Alembic."""
