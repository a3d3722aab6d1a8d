"""The task `profile`: what may be said of a person, in words that the person can read and take back."""
