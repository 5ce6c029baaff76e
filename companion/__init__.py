"""The application: turn loop, engines, store, safety and interfaces."""

from companion import telemetry

__version__ = "0.1.0"

telemetry.switch_off()
