"""Services: plan reminders, notify of events, address and deliver messages, keep devices and the inbox."""
