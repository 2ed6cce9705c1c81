"""What pages are made of: templates, style and script, links, and what is drawn or listed."""
