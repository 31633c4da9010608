"""What a delivery says about its scene: Planet files, SkySat files, STAC Items."""
