"""The app's secrets and keys."""
