"""Where people and machines come in: parse, call one use case, render."""
