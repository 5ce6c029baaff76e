"""Where the server listens, and whom it answers."""

from __future__ import annotations

import errno
import hmac
import ipaddress
import secrets
import socket
from dataclasses import dataclass

from companion.errors import CompanionError, Refused, UsageError


@dataclass(frozen=True, slots=True)
class Door:
    """What a request has to know. `host` is as it stands in the address, an IPv6 one in brackets."""

    host: str
    port: int
    names: frozenset[str]
    """Host names under which the server is reached, in lower case."""
    any_address: bool
    """Whether it listens at every address of the machine, and so answers to all of them."""
    loopback: bool
    """Whether only this machine can reach it."""
    token: str

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{self.host}:{self.port}/?token={self.token}"

    def answers_to(self, host: str) -> bool:
        """Whether a Host header names this server. Another name that leads here (DNS rebinding) does not."""
        port = f":{self.port}"
        if self.port != 80 and not host.endswith(port):
            return False
        name = host.removesuffix(port).lower()
        return name in self.names or (self.any_address and _is_address(name))

    def is_opened_by(self, token: str) -> bool:
        """Whether this is the token; takes as long for a wrong one."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())


def listen(host: str, port: int, *, open_to_others: bool = False) -> tuple[socket.socket, Door]:
    """Listen at `host`, at any free port where `port` is 0, with a new token.

    Raises Refused where others could reach that and `open_to_others` is not set; UsageError for a host or a port that
    cannot be listened at; CompanionError where the port is taken.
    """
    family, address = _resolved(host)
    loopback = ipaddress.ip_address(address).is_loopback
    if not loopback and not open_to_others:
        raise Refused(
            f"At {host} other machines could reach this chat, and what is said would go over the network unencrypted. "
            "Leave --host out to stay on this machine, or add --open-to-others if that is what you want."
        )
    try:
        listening = socket.create_server((address, port), family=family, backlog=128)
    except OSError as error:
        raise _why_not(error, host, port) from None
    any_address = ipaddress.ip_address(address).is_unspecified
    shown = _in_brackets(address)
    names = {host.lower(), shown}
    if loopback or any_address:
        names.add("localhost")
    if any_address:
        names.add(socket.gethostname().lower())
        shown = socket.gethostname()
    bound: int = listening.getsockname()[1]
    return listening, Door(shown, bound, frozenset(names), any_address, loopback, secrets.token_urlsafe(32))


def _resolved(host: str) -> tuple[socket.AddressFamily, str]:
    """The family and the address of a host; an IPv4 one if it has both."""
    try:
        found = socket.getaddrinfo(host or " ", None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UsageError(f"There is no host {host!r} to listen at; --host 127.0.0.1 is this machine alone.") from None
    family, *_, where = min(found, key=lambda each: each[0] is not socket.AF_INET)
    return family, str(where[0]).partition("%")[0]


def _why_not(error: OSError, host: str, port: int) -> CompanionError:
    if error.errno == errno.EADDRINUSE:
        return CompanionError(f"Port {port} is in use by another program; name another one, like --port {port + 1}.")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return UsageError(f"Port {port} is kept for the system; name one from 1024 on with --port.")
    return UsageError(
        f"{host} is no address of this machine to listen at ({error.strerror}); --host 127.0.0.1 is this machine alone."
    )


def _in_brackets(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _is_address(name: str) -> bool:
    """Whether this is an IP address as it stands in a URL; a name could lead anywhere, an address cannot."""
    try:
        address = ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return name == _in_brackets(str(address))
