"""Panels of widgets: the only modules that need ipywidgets, and what they show."""
