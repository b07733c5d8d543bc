"""The ways out: adapters that hand a message to a provider."""
