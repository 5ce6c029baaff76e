"""What to do next: tactics, ledger, plan, novelty, layouts, steering.

Pure Python; imports nothing of companion or training.
"""
