"""What the wing does: plan reminders, tell events, address and deliver messages, keep devices and the inbox."""
