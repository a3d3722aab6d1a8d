"""The task `click`: what is clicked where it is seen, learned from logs that a policy of our own making has slanted."""
