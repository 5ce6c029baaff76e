"""What protects the person: fixed texts, kept outside any model."""
