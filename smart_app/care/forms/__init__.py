"""Which form is asked for, about whom, and what was kept of one."""
