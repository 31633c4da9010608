"""Which ship it was: AIS, hull measurements, port calls, voyages and published claims."""
