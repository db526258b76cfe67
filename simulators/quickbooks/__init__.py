"""A local twin of the QuickBooks Online Accounting API, version 3, minor version 75.

"Captured" in comments means: seen in an answer of a real company, as public test fixtures of other projects hold them
(minimul/qbo_api, ruckus/quickbooks-ruby, flowlink/quickbooks_integration, Boulevard/ExQuickBooks, fylein/qbo-sdk-py,
airbytehq/airbyte, Nytely-Official/quickbooks-api, Intuit's own SDKs). Pages and blog posts are Intuit's developer
pages. What no source tells is a switch, or marked as unconfirmed.
"""
