"""`rapport register` and `rapport keys`: what an EHR is told about the app."""
