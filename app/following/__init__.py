"""Phones follow a lecturer's screen: what it shows, who may change it, and the endpoints."""
