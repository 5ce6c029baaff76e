"""The Textual interface: shows the events of a conversation and decides nothing itself."""
