"""Charts as inline SVG: published figures in, marked-up text out."""
