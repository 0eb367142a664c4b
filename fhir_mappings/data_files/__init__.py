"""What every file of data is read with: strict TOML, and the rules its text must keep."""
