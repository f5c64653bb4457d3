"""What explains the page to a visitor: about it, equations, words and symbols, and a tour.

`records` is all of it, which a browser fetches once it has shown the page. assets/page/views/explanations
shows it.
"""
