"""What a rating may say aloud, how loudly, and why: rules, errors and limits as dated rows of files, and the judge that goes by them."""
