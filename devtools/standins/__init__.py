"""Stand-ins for outside services that speak their real protocols, for development and tests."""
