"""Checks of an atlas beyond its format: are its numbers possible, and do they come out again?"""
