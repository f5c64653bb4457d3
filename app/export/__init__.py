"""The page without Python: an atlas as a folder for any web server, or as one file."""
