"""A small, truthful EHR to launch from: demo, test double and counterpart. Shares no code with the app it tests."""
