"""From detections to the counts of piers, with their uncertainty."""
