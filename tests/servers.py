"""Servers on the loopback that give scenes, over TLS or not."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import trustme

HERE = ("127.0.0.0/8", "::1/128")
CONTENT = b"II*\x00" + bytes(range(256)) * 5000


@dataclass
class Server:
    """A server on the loopback, and what it was asked for."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    promised: int = 0
    """Bytes that are announced beside those that come."""
    drips: bool = False
    """Files come at 200 bytes a second."""
    lengths: tuple[str, ...] = ()
    """What is announced of the length beside the true one."""
    endless: bytes = b""
    """Sent again and again instead of an answer."""
    reason: str = "no such key"
    """Said of what is missing."""

    @property
    def entry(self) -> str:
        return f"localhost:{self.port}"

    def url(self, path: str) -> str:
        return f"https://{self.entry}{path}"


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            content = server.files.get(self.path)
            with suppress(OSError):
                while server.endless:
                    self.wfile.write(server.endless)
                    time.sleep(0.01)
            if self.path.startswith("/moved"):
                self.send_response(302)
                self.send_header("Location", "https://localhost:1/a.tif")
                self.end_headers()
            elif content is None:
                self.send_error(404, server.reason)
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(content) + server.promised))
                for length in server.lengths:
                    self.send_header("Content-Length", length)
                self.end_headers()
                if server.drips:
                    for start in range(0, len(content), 10):
                        self.wfile.write(content[start : start + 10])
                        time.sleep(0.05)
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def running(server: Server, context: ssl.SSLContext | None) -> Iterator[Server]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), handler(server))
    if context:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    server.port = listening.server_port
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield server
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """One over TLS, whose certificate is trusted."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    yield from running(Server(files={"/a/b.tif": CONTENT}), context)
