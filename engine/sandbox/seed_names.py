"""Made-up names for the generated people, with accents, an apostrophe and an emoji among them.

Must never hold the name of a real person together with anything else about them.
"""

from __future__ import annotations

COMPANIES = ("", "", "", "Bright Studio", "Nørdic Leaf", "Tidewater Labs", "Mar i Cel SL", "Quill & Co")
FIRST_NAMES = (
    "Aoife", "Bastien", "Carme", "Dmitri", "Elif", "Farah", "Gwen", "Håkon", "Inês", "Jordi", "Kwame", "Lucía",
    "Marek", "Noor", "Oriol", "Pilar", "Quentin", "Ruth", "Søren", "Thandi",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Bañuls", "Castellà", "Dvořák", "Evans", "Fàbregas", "García", "Hughes", "Iñiguez", "Jensen",
    "Khan", "López 🌱", "Müller", "O'Neill", "Prats", "Reid", "Sørensen", "Türk", "Vidal", "Wójcik",
)  # fmt: skip
