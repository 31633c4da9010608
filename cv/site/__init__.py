"""Sites: the named piers of a port and their berths, read from GeoJSON."""

from cv.site.document import MAX_BYTES, load_site_document, ordinal
from cv.site.pier import BERTH_BUFFER_M, Pier, PierRole
from cv.site.site import Site

__all__ = [
    "BERTH_BUFFER_M",
    "MAX_BYTES",
    "Pier",
    "PierRole",
    "Site",
    "load_site_document",
    "ordinal",
]
