"""Steps from each released schema to the next; a released step is never edited."""
