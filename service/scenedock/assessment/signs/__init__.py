"""What lines prove something: tables of signs, one for each subject."""
