"""Models on this machine: which there are, how to talk to each, and how to get more. Importing this is light."""
