"""From a filled-in form to the record: sealed, sent by the highest rung, found again, receipted."""
