"""The lines a clinician takes into the note: what they say, and how they survive where they are pasted."""
