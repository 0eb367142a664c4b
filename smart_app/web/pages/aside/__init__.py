"""The addresses at which what a rating says is put aside and taken back."""
