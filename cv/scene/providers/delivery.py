"""Which provider delivered a file: a STAC Item, an image of Planet's, or an image by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cv.scene.local_files import FileFormat, file_format
from cv.scene.providers.item_collection import collected_item, item_beside
from cv.scene.providers.metadata_files import read_metadata_files
from cv.scene.providers.planet import planet_metadata
from cv.scene.providers.product_metadata import ProductMetadata
from cv.scene.providers.stac_item import StacItem
from cv.scene.raster_header import read_header
from cv.sidecars.mask_names import masks_beside


def read_delivery(path: Path) -> ProductMetadata:
    """Return what the Item or image `path` and the files beside it declare; raises SceneError.

    An image that an Item in its folder describes keeps its own name, and gets the mask of the Item.
    """
    if file_format(path) is FileFormat.JSON:
        item = StacItem.read(path)
        return item.complete(_image_metadata(item.image_path))
    metadata, listed = _image_metadata(path), collected_item(path)
    if listed:
        return listed.complete(metadata)
    beside = item_beside(path)
    return beside.lend_mask(metadata) if beside else metadata


def _image_metadata(path: Path) -> ProductMetadata:
    header = read_header(path)
    metadata = planet_metadata(header)
    if metadata is None:
        said = read_metadata_files(path)
        metadata = ProductMetadata(
            id=path.stem, header=header, acquired=said.acquired, conditions=said.conditions
        )
    return replace(metadata, likely_masks=masks_beside(path))
