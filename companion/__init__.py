"""The application: turn loop, engines, store, safety and interfaces."""

__version__ = "0.1.0"
