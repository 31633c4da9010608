"""From detections to the counts of piers."""
