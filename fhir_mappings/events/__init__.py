"""What took place beside the results: visits, diabetes education and medicines, as a record has them."""
