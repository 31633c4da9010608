"""Files, texts and hosts: writing whole files, reading tables, recognising file types."""
