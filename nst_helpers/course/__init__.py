"""What only the notebooks need: figures, experiments and the checkers of the exercises."""
