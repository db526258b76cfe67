"""Refusals in the shape WordPress gives them."""

from typing import Any

from simulators.woocommerce import php

INVALID_POST_TYPE = {
    "orders": "shop_order",
    "refunds": "shop_order_refund",
    "products": "product",
    "variations": "product_variation",
    "coupons": "shop_coupon",
    "webhooks": "shop_webhook",
}


class ApiError(Exception):
    """A refusal: HTTP status, code, message and ``data``, which repeats the status unless given (api-facts 1.3)."""

    def __init__(self, status: int, code: str, message: str, data: Any = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.data = {"status": status} if data is None else data
        # Whether the answer names the allowed methods: only after the route and the caller's right were found.
        self.allows = True

    def body(self) -> bytes:
        """The answer's body."""
        return php.encode({"code": self.code, "message": self.message, "data": self.data})


def no_route() -> ApiError:
    """The recorded 404 of a path or method that no route knows."""
    error = ApiError(404, "rest_no_route", "No route was found matching the URL and request method.")
    error.allows = False
    return error


def invalid_id(kind: str, status: int) -> ApiError:
    """An object that does not exist: 404 for GET and DELETE, 400 for PUT (class-wc-rest-crud-controller.php)."""
    if kind == "customers":
        error = ApiError(404, "wc_user_invalid_id", "Invalid user ID.")
        # The users' permission check itself fails, so no Allow header is sent (recorded: 404-unknown-customer).
        error.allows = False
        return error
    if kind == "taxes":
        return ApiError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    text = "ID is invalid." if kind == "webhooks" and status == 400 else "Invalid ID."
    return ApiError(status, f"woocommerce_rest_{INVALID_POST_TYPE[kind]}_invalid_id", text)


def invalid_params(problems: dict[str, tuple[str, str, Any]]) -> ApiError:
    """Parameters that fail validation: name -> (code, message, data); as recorded for page, per_page, status, dates."""
    data = {
        "status": 400,
        "params": {name: message for name, (_, message, _) in problems.items()},
        "details": {
            name: {"code": code, "message": message, "data": data} for name, (code, message, data) in problems.items()
        },
    }
    return ApiError(400, "rest_invalid_param", f"Invalid parameter(s): {', '.join(problems)}", data)


def refused(verb: str, status: int) -> ApiError:
    """The caller may not do this: 401 without a user, 403 with one (WordPress rest_authorization_required_code)."""
    messages = {
        "list": ("cannot_view", "Sorry, you cannot list resources."),
        "view": ("cannot_view", "Sorry, you cannot view this resource."),
        "create": ("cannot_create", "Sorry, you are not allowed to create resources."),
        "edit": ("cannot_edit", "Sorry, you are not allowed to edit this resource."),
        "delete": ("cannot_delete", "Sorry, you are not allowed to delete this resource."),
    }
    code, message = messages[verb]
    error = ApiError(status, f"woocommerce_rest_{code}", message)
    error.allows = False
    return error


def authentication(message: str) -> ApiError:
    """Credentials that WooCommerce refuses before it looks at the route (class-wc-rest-authentication.php)."""
    error = ApiError(401, "woocommerce_rest_authentication_error", message)
    error.allows = False
    return error
