"""Sites: the named piers that are watched, read from GeoJSON."""

from cv.site.document import MAX_BYTES, load
from cv.site.pier import BERTH_BUFFER_M, Pier, Role
from cv.site.site import Site

__all__ = ["BERTH_BUFFER_M", "MAX_BYTES", "Pier", "Role", "Site", "load"]
