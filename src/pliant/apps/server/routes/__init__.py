"""What can be asked, one file for each family of paths; each declares `ROUTES(service)`."""
