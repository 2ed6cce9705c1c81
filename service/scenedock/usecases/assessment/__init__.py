"""Assessment of applications: their files are read, rules decide, several are put in order."""
