"""From a model and a query to a picture, and the endpoints that answer with it."""
