"""The sign-in itself: what is asked, what comes back, what it allows."""
