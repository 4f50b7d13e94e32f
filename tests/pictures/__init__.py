"""How the pictures are made that the project ships and shows.

Each of these, from the repository's root:

    python -m tests.pictures.stained_glass    data/stained_glass.jpg, the one style that the project drew itself
    python -m tests.pictures.gallery          the contact sheet and the first picture of the README
    python -m tests.pictures.previews         the picture at the top of most notebooks
    python -m tests.pictures.figures_02b      the film and the first picture of notebook 02b
    python -m tests.pictures.figures_05       three starts, in notebook 05
    python -m tests.pictures.figures_09       what each step adds, over three pairs, in notebook 09
    python -m tests.pictures.figures_10       the showdown of notebook 10, and data/showdown.json
    python -m tests.pictures.panels           the notebooks' panels, used and photographed in Chromium
    python -m tests.pictures.cheat_sheet      every setting on one page, in notebook 11
    python -m tests.pictures.rooms            the rooms of the package, in CONTRIBUTING
    python -m tests.pictures.results          the long run's picture and table, into the README
    python -m tests.pictures.explorer         the film of the explorer, recorded in Chromium
    python -m tests.pictures.publish          a run as it ships in data/: pictures, thinned losses, no folders' names
"""
