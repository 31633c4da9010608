"""The ledger: every count that was made, in SQLite or PostgreSQL. The only room with SQL."""

from cv.ledger.row_mapping import RecordedDetection
from cv.ledger.store import Ledger

__all__ = ["Ledger", "RecordedDetection"]
