"""Who may enter: guard, cookies, forgery, headers, tabs."""
