"""Flask faces: requests in, calls of `care`, one frozen view model per page out."""
