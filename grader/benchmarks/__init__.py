"""What grading costs, always as a ratio of two things measured in one run.

Seconds of one machine say nothing on another, nor an hour later on the same one.
"""
