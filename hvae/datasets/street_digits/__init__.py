"""Street digits: colour pictures of house numbers, made from typefaces."""
