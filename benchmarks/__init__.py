"""Measuring the routes: into the warehouse beside a naive script and the floor, into the books in calls per order."""
