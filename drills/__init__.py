"""The failure drills: a whole installation is broken on purpose, under load, and what was promised is checked."""
