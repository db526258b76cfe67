"""Addresses, e-mail, telephone, web: what several kinds of objects have."""

from simulators.quickbooks.shapes import Group, Known, Mail, Text

ADDRESS = Group(
    "PhysicalAddress",
    {
        "Id": Known(), **{f"Line{number}": Text(500) for number in range(1, 6)}, "City": Text(255),
        "Country": Text(255), "CountryCode": Known(), "CountrySubDivisionCode": Text(255), "PostalCode": Text(30),
        "PostalCodeSuffix": Known(), "Lat": Known(), "Long": Known(), "Note": Known(), "Tag": Known(),
    },
)  # fmt: skip
MAIL = Group("EmailAddress", {"Id": Known(), "Address": Mail(), "Default": Known(), "Tag": Known()})
PHONE = Group("TelephoneNumber", {"Id": Known(), "FreeFormNumber": Text(21), "Default": Known(), "Tag": Known()})
WEB = Group("WebSiteAddress", {"Id": Known(), "URI": Text(1000), "Default": Known(), "Tag": Known()})
