"""Many texts as a job: taken in, kept, answered by a process of low priority, and fetched."""
