"""Documents for people outside the portal: what they hold, as plain data, and how they are drawn."""
