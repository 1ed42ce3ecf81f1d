"""The report: one HTML page with its pictures inside."""
