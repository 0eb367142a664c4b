"""View models of forms, of handing over, and of receipts."""
