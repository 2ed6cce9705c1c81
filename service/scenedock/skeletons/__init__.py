"""Skeletons: questions, answers, and rendering to files in memory with cookiecutter's meaning. Pure."""
