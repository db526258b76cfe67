"""A QuickBooks Online company, read and written through its Accounting API."""
