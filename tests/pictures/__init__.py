"""How the pictures are made that the project ships and shows.

Each of these, from the repository's root:

    python -m tests.pictures.stained_glass    data/stained_glass.jpg, the one style that the project drew itself
    python -m tests.pictures.gallery          the contact sheet and the first picture of the README
    python -m tests.pictures.previews         the picture on top of each notebook
    python -m tests.pictures.explorer         the film of the explorer, recorded in Chromium
"""
