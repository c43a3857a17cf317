"""Session state, forms and the browser components of the app."""
