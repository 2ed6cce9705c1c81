"""The entry points for people and machines: parse, call one use case, render."""
