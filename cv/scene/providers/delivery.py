"""Which provider delivered a file: a STAC Item, an image of Planet's, or an image by itself."""

from __future__ import annotations

from pathlib import Path

from cv.scene.local_files import FileFormat, file_format
from cv.scene.providers.planet import PlanetDelivery
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.providers.stac_item import StacItem


def read_delivery(path: Path) -> ProductMetadata:
    """Return what the Item or image `path` and the files beside it declare; raises SceneError."""
    if file_format(path) is not FileFormat.JSON:
        return _image_metadata(path)
    item = StacItem.read(path).checked()
    return item.complete(_image_metadata(item.image_path))


def _image_metadata(image: Path) -> ProductMetadata:
    planet = PlanetDelivery.find(image)
    return planet.metadata() if planet else ProductMetadata(id=image.stem, image=image)
