"""An honest account of the reading: what is missing, what is not shown, and where everything came from."""
