"""Notifications: who is notified of what, through which channel, once each."""
