"""Skeletons: questions, answers, and rendering to files in memory, compatible with cookiecutter. Pure."""
