"""Where a server answers: checked before anything is sent, because what is said to it leaves the program."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?")


@dataclass(frozen=True, slots=True)
class Address:
    """A server and the path under which its OpenAI-compatible interface lies."""

    scheme: str
    host: str
    """A name in ASCII, or an IP address without brackets."""
    port: int
    path: str
    """Without a slash at its end; `/v1` unless another was given."""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Raises ValueError, with a sentence, for what is no address of a server, or one with more in it."""
        if not url.isprintable() or " " in url:
            raise ValueError(f"{url!r} has characters in it that an address does not have")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError(f"{url!r} is not an address, as http://localhost:8000/v1 is") from None
        if parts.scheme not in PORTS:
            raise ValueError(f"{url!r} does not begin with http:// or https://")
        if "@" in parts.netloc:
            raise ValueError("an address with a name or a password in it is not used; name a key with `api_key_env`")
        if parts.query or parts.fragment:
            raise ValueError(f"{url!r} has more after its path (? or #) than an address of a server has")
        path = parts.path.rstrip("/")
        return cls(parts.scheme, _checked_host(host), port or PORTS[parts.scheme], path or "/v1")

    @property
    def name(self) -> str:
        """As it is shown and remembered: host:port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.name}"

    @property
    def base(self) -> str:
        """What the paths of the OpenAI interface are added to."""
        return f"{self.origin}{self.path}"

    @property
    def root(self) -> str:
        """What the paths of the server's own interface are added to: the base without its `/v1`."""
        return f"{self.origin}{self.path.removesuffix('/v1')}"

    @property
    def local(self) -> bool:
        """Whether it is this machine: nothing leaves it then."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.rstrip(".") == "localhost"


def _checked_host(host: str) -> str:
    """In ASCII: a name that looks like another in another script does not look like it here."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        plain = host.encode("idna").decode("ascii")
    except UnicodeError:
        plain = ""
    if not _HOST.fullmatch(plain):
        raise ValueError(f"{host!r} is not the name of a host")
    return plain
