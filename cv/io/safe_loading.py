"""JSON and XML from files that nobody vouches for: checked for size and depth before use.

Texts are UTF-8, with or without a byte order mark, whatever encoding they declare. XML declares no
document type and no entities (https://docs.python.org/3/library/xml.html#xml-security).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from cv.errors import InputError

_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
"""Strings, which may hold brackets, and brackets outside of them."""
_CHUNK_CHARACTERS = 2**20


@dataclass(frozen=True, kw_only=True)
class SafeLoader:
    """How one kind of text file is read, and which error refuses it."""

    error: type[InputError]
    """Raised for every file that is refused."""
    max_bytes: int
    """Largest file."""
    max_depth: int = 100
    """Levels of nested lists, objects or elements."""
    allow_nan: bool = True
    """Whether JSON may hold NaN and Infinity, which RFC 8259 does not know but many writers use."""
    remedy: str = "Download the file again."
    """What to do about a damaged file."""

    def read_json(self, path: Path) -> Any:
        """Return the JSON value in the file `path`."""
        return self.parse_json(path, self.read_text(path))

    def read_json_object(self, path: Path) -> dict[str, Any]:
        """Return the JSON object in the file `path`."""
        document = self.read_json(path)
        if not isinstance(document, dict):
            self._refuse(path, f"JSON of a {type(document).__name__}", "a JSON object is needed")
        return document

    def read_xml(self, path: Path) -> Element:
        """Return the root element of the XML file `path`."""
        return self.parse_xml(path, self.read_text(path))

    def read_text(self, path: Path) -> str:
        """Return the decoded text of the file `path`."""
        try:
            with path.open("rb") as stream:
                content = stream.read(self.max_bytes + 1)
        except OSError as error:
            raise self.error(
                path, error.strerror or str(error), "a readable file is needed", "Check the path."
            ) from error
        return self.decode(path, content)

    def decode(self, subject: str | Path, content: bytes) -> str:
        """Return `content` as text; `subject` names it in errors."""
        if len(content) > self.max_bytes:
            self._refuse(
                subject,
                f"more than {self.max_bytes} bytes",
                f"at most {self.max_bytes} bytes are read",
            )
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._refuse(subject, f"not UTF-8 (byte {error.start})", "UTF-8 is read", error)

    def parse_json(self, subject: str | Path, text: str) -> Any:
        """Return the JSON value of `text`; its depth is checked before it is parsed."""
        if self._json_depth(text) > self.max_depth:
            self._refuse_depth(subject, "JSON")
        try:
            return json.loads(text, parse_constant=None if self.allow_nan else _refuse_constant)
        except (ValueError, RecursionError) as error:
            self._refuse(subject, f"not JSON ({error})", "valid JSON is needed", error)

    def parse_xml(self, subject: str | Path, text: str) -> Element:
        """Return the root element of the XML document `text`."""
        parser = DefusedXMLParser(target=_DepthLimitedBuilder(self.max_depth), forbid_dtd=True)
        try:
            for start in range(0, len(text), _CHUNK_CHARACTERS):
                parser.feed(text[start : start + _CHUNK_CHARACTERS])
            root: Element = parser.close()
        except DefusedXmlException as error:
            self._refuse(subject, "XML with a DOCTYPE or ENTITY", "neither is read", error)
        except _TooDeep:
            self._refuse_depth(subject, "XML")
        except (ParseError, ValueError) as error:
            self._refuse(subject, f"not XML ({error})", "an XML document is needed", error)
        return root

    def _json_depth(self, text: str) -> int:
        """Return the deepest nesting, stopping beyond the limit."""
        depth = deepest = 0
        for match in _BRACKETS.finditer(text):
            bracket = match.group()[0]
            if bracket != '"':
                depth += 1 if bracket in "[{" else -1
                deepest = max(deepest, depth)
                if deepest > self.max_depth:
                    break
        return deepest

    def _refuse_depth(self, subject: str | Path, kind: str) -> NoReturn:
        self._refuse(
            subject, f"{kind} nested too deeply", f"at most {self.max_depth} levels are read"
        )

    def _refuse(
        self, subject: str | Path, found: str, limit: str, cause: Exception | None = None
    ) -> NoReturn:
        raise self.error(subject, found, limit, self.remedy) from cause


class _TooDeep(Exception):
    """An element is nested deeper than the limit."""


class _DepthLimitedBuilder(TreeBuilder):
    """Builds a tree of elements and stops at those that are nested too deeply."""

    def __init__(self, max_depth: int) -> None:
        super().__init__()
        self._max_depth = max_depth
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> Element:  # type: ignore[override,unused-ignore]
        """Open an element."""
        self._depth += 1
        if self._depth > self._max_depth:
            raise _TooDeep
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        """Close an element."""
        self._depth -= 1
        return super().end(tag)


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is not a JSON number")
