"""The addresses of the app, a module per page or group of pages."""
