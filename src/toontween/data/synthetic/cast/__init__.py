"""Who plays: shapes and colours of each character, posed by numbers. No timing here."""
