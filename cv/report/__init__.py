"""Results as text, tables, map layers and figures."""
