"""What a site adds to the instruments: wording packs and confirmed scoring keys."""
