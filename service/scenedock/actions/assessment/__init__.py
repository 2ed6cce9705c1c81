"""The action that assesses applications, and the JSON form of what it says."""
