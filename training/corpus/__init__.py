"""The corpora written for this project: replies labelled with tactics (`support`), messages with a risk level (`risk`).

The lines are data, nothing here is imported; `training.corpus_schema` says what a line is, README.md why.
"""
