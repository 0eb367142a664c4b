"""`rapport demo`: the one command that starts the embedded EHR."""
