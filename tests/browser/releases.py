"""Another version of the app, for one browser: a proxy before the service that gives out another service worker."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONDITIONS = ("accept-encoding", "if-none-match", "if-modified-since")
OF_THE_CONNECTION = ("connection", "transfer-encoding", "content-encoding", "content-length", "date", "server")


@dataclass
class Release:
    """The port of the proxy, and whether the other version is out."""

    port: int
    is_out: bool = False


@contextmanager
def before(service_port: int) -> Iterator[Release]:
    """A proxy that passes on all but the service worker, once the release is out."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            connection = HTTPConnection("127.0.0.1", service_port, timeout=20)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in CONDITIONS}
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if release.is_out and self.path == "/sw.js":
                content = re.sub(rb"app-[0-9a-f]{16}", b"app-0123456789abcdef", content)
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OF_THE_CONNECTION:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = pass_on

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    release = Release(int(server.server_address[1]))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield release
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
