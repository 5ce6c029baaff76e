"""The chat in a browser: a page for each tab, a chat process behind it, and a door that only its own address opens.

The page works with textual-serve's terminal (xterm.js), whose files come from this machine; nothing is loaded from
elsewhere. The token is in the address alone and is passed on in the addresses of the page's own requests. It is no
cookie: those are sent to every port of a host, and so to whatever else listens on this machine.
"""
