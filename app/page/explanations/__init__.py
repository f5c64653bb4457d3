"""What explains the page to a visitor: about it, equations, words and symbols, and a tour.

`records` is what a browser gets of it, in the page's description; assets/page/views/explanations shows it.
"""
