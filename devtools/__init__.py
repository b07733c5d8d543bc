"""What production does not need: an embedded PostgreSQL, stand-ins for outside services, demo data, `make run`."""
