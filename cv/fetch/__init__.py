"""The only room that opens a connection: scenes that were asked for by name, from allowed hosts."""
