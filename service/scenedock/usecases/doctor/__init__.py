"""Find out why an installation doesn't do what it should; nothing is changed."""
