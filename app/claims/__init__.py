"""What an atlas says of the source's claims, and of what this project found beyond them."""
