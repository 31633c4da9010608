"""From a height map to an image: canvas, materials, sunlight, viewing geometry, camera response."""
