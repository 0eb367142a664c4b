"""One frozen view model per page; every text a template shows is made here."""
