"""The faces: counts as text, tables, map layers and pictures."""
