"""The same report path as others would write it: same rules, sealing and signing, other framework and data access."""
