"""Files, texts and hosts: atomic writes, safe reads, tables, digests, file types."""
