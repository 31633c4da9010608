"""Which files of a folder or STAC catalog are scenes, and which files belong to each."""
