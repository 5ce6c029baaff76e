"""A server that speaks the hub's protocol, as far as models are fetched from it, with faults on cue.

What huggingface_hub 2.4 expects: `/api/models/REPO/revision/REV?blobs=True` with the commit, each file's size, its git
id, and the sha256 of large ones; `/REPO/resolve/REV/FILE` with ETag and X-Repo-Commit, large files by a redirect to
another host, ranges; errors told apart by X-Error-Code.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "a1" * 20
LARGE = (".safetensors", ".gguf", ".bin")  # what git keeps elsewhere


@dataclass
class Hub:
    """What there is, what goes wrong, and what was asked."""

    repositories: dict[str, dict[str, bytes]]
    commits: dict[str, str] = field(default_factory=dict)
    card: dict[str, str] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    cuts: list[int] = field(default_factory=list)
    """Each of the next answers with a file's bytes ends after so many of them."""
    instead: dict[str, bytes] = field(default_factory=dict)
    """What is sent under a file's name, whatever the hub says of it."""
    ranges: bool = True
    status: int = 0
    """What every request for a file is answered with, instead."""
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    """Method, path and headers (by their names in lower case) of every request."""
    page: bytes = b""
    """What is said about a repository, instead."""
    url: str = ""
    pause_after: int = 0
    """The next answer with a file's bytes stops after so many, until `go_on`."""
    go_on: threading.Event = field(default_factory=threading.Event)

    def commit(self, repository: str) -> str:
        return self.commits.get(repository, COMMIT)

    @property
    def sent(self) -> list[tuple[str, str]]:
        """File and range of every request for the bytes of one."""
        paths = ((path, headers) for method, path, headers in self.asked if method == "GET" and "/api/" not in path)
        return [(path.rpartition("/")[2], headers.get("range", "")) for path, headers in paths if "/resolve/" in path]


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """The hub at `hub.url`, until this ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.asked.append((self.command, path, {key.lower(): value for key, value in self.headers.items()}))
            parts = path.strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                self.describe("/".join(parts[2:4]), parts[5] if len(parts) > 5 else "main")
            elif parts[0] == "cdn":
                self.send_file("/".join(parts[1:3]), parts[3])
            elif len(parts) == 5 and parts[2] == "resolve":
                self.resolve("/".join(parts[:2]), parts[3], parts[4])
            else:
                self.refuse(404, "", "")

        def allowed(self, repository: str, revision: str) -> bool:
            if repository not in hub.repositories:
                self.refuse(401, "RepoNotFound", "Repository not found")
            elif revision not in {"main", hub.commit(repository)}:
                self.refuse(404, "RevisionNotFound", "Invalid rev id")
            else:
                return True
            return False

        def describe(self, repository: str, revision: str) -> None:
            if not self.allowed(repository, revision):
                return
            siblings = []
            for name, data in hub.repositories[repository].items():
                row: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": git_id(data)}
                if name.endswith(LARGE):
                    row["lfs"] = {"sha256": sha256_of(data), "size": len(data), "pointerSize": 134}
                siblings.append(row)
            about = {"id": repository, "sha": hub.commit(repository), "siblings": siblings, "cardData": hub.card}
            body = hub.page or json.dumps(about).encode()
            self.answer(200, {"Content-Type": "application/json", "Content-Length": str(len(body))}, body)

        def resolve(self, repository: str, revision: str, name: str) -> None:
            if not self.allowed(repository, revision):
                return
            if repository in hub.gated and self.headers.get("Authorization") != "Bearer hf_right":
                self.refuse(403 if self.headers.get("Authorization") else 401, "GatedRepo", "Access is restricted")
            elif name not in hub.repositories[repository]:
                self.refuse(404, "EntryNotFound", "Entry not found")
            elif hub.status:
                self.refuse(hub.status, "", "Busy", {"Retry-After": "7"})
            elif name.endswith(LARGE):
                data = hub.repositories[repository][name]
                headers = {
                    "Location": f"{hub.url.replace('127.0.0.1', 'localhost')}/cdn/{repository}/{name}",
                    "X-Repo-Commit": hub.commit(repository),
                    "X-Linked-Size": str(len(data)),
                    "X-Linked-ETag": f'"{sha256_of(data)}"',
                    "Content-Length": "0",
                }
                self.answer(302, headers, b"")
            else:
                self.send_file(repository, name)

        def send_file(self, repository: str, name: str) -> None:
            data = hub.instead.get(name, hub.repositories[repository][name])
            start = 0
            if hub.ranges and (wanted := self.headers.get("Range")):
                start = int(wanted.removeprefix("bytes=").partition("-")[0])
            headers = {
                "ETag": f'"{git_id(data)}"',
                "X-Repo-Commit": hub.commit(repository),
                "Accept-Ranges": "bytes",
                "Content-Length": str(len(data) - start),
            }
            if start:
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            if self.command == "GET" and hub.cuts:
                self.answer(206 if start else 200, headers, data[start : start + hub.cuts.pop(0)])
                self.close_connection = True
            elif self.command == "GET" and hub.pause_after:
                self.answer(206 if start else 200, headers, data[start : start + hub.pause_after])
                hub.pause_after = 0
                hub.go_on.wait(60)
                self.close_connection = True
            else:
                self.answer(206 if start else 200, headers, data[start:])

        def refuse(self, status: int, code: str, message: str, more: Mapping[str, str] | None = None) -> None:
            headers = {"X-Error-Code": code, "X-Error-Message": message, "Content-Length": "0", **(more or {})}
            self.answer(status, {key: value for key, value in headers.items() if value}, b"")

        def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@lru_cache
def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@lru_cache
def git_id(data: bytes) -> str:
    """As git names a blob."""
    digest = hashlib.sha1(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()
