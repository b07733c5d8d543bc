"""The version of the platform, as logs name it; the changelog says what is in it."""

VERSION = "0.1.0"
