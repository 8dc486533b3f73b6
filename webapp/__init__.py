"""The web edge: Flask and Dash."""
