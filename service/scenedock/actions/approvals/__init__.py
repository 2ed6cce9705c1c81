"""Actions about approvals, and how other actions ask for one."""
