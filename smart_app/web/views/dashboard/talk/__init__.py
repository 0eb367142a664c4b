"""What there is to talk about, in words: whose it is, what was said, and why it is put aside."""
