"""Reading how much danger a message speaks of, in layers, outside the chat model."""
