"""Lists: the recorded bytes, paging, sorting, filters and fields."""

import httpx
import msgspec
import pytest

from simulators.woocommerce import php
from simulators.woocommerce.recorded import blob, slices
from simulators.woocommerce.server import Twin

RECORDED = [
    *(
        (f"/orders?orderby=id&order=asc&per_page=100&page={page}", f"orders-p{page}", "308", "4")
        for page in range(1, 5)
    ),
    ("/orders?status=trash&per_page=100&page=1", "orders-trash", "9", "1"),
    ("/orders?status=checkout-draft&per_page=100&page=1", "orders-checkout-draft", "4", "1"),
    ("/products?status=any&per_page=100&page=1", "products", "57", "1"),
    ("/variations?per_page=100&page=1", "variations", "43", "1"),
    ("/customers?role=all&per_page=100&page=1", "customers", "42", "1"),
    ("/refunds?per_page=100&page=1", "refunds", "61", "1"),
    ("/coupons?per_page=100&page=1", "coupons", "8", "1"),
    ("/taxes?per_page=100&page=1", "taxes", "17", "1"),
    ("/taxes/classes", "tax-classes", "3", "1"),
]


def ids(response: httpx.Response) -> list[int]:
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()]


@pytest.mark.parametrize(("query", "name", "total", "pages"), RECORDED)
def test_a_list_is_the_recorded_one_byte_for_byte(
    reader: httpx.Client, query: str, name: str, total: str, pages: str
) -> None:
    response = reader.get(query)

    assert response.content == blob(name)
    assert (response.headers["X-WP-Total"], response.headers["X-WP-TotalPages"]) == (total, pages)


def test_the_link_header_is_the_recorded_one(reader: httpx.Client, shared: Twin) -> None:
    response = reader.get("/orders?orderby=id&order=asc&per_page=100&page=2")

    address = f"{shared.url}/wp-json/wc/v3/orders?orderby=id&order=asc&per_page=100"
    tail = "status%5B0%5D=any&dp=2&context=view"
    assert response.headers["Link"] == (f'<{address}&page=1&{tail}>; rel="prev", <{address}&page=3&{tail}>; rel="next"')


def test_a_list_without_further_pages_links_to_the_api_as_recorded(reader: httpx.Client, shared: Twin) -> None:
    response = reader.get("/orders?status=trash&per_page=100&page=1")

    assert response.headers["Link"] == f'<{shared.url}/wp-json/>; rel="https://api.w.org/"'


def test_a_key_in_the_query_comes_back_in_the_link_as_recorded(shared: Twin) -> None:
    credentials = f"consumer_key={shared.key}&consumer_secret={shared.secret}"
    response = httpx.get(f"{shared.url}/wp-json/wc/v3/orders?per_page=1&{credentials}")

    tail = "status%5B0%5D=any&dp=2&context=view&page=2"
    assert response.headers["Link"] == (
        f'<{shared.url}/wp-json/wc/v3/orders?per_page=1&{credentials}&{tail}>; rel="next"'
    )
    assert response.content == b"[" + slices("orders-p4")[-1] + b"]"


def test_one_order_is_its_recorded_slice(reader: httpx.Client) -> None:
    assert reader.get("/orders/123").content == slices("orders-p1")[0]


def test_a_trashed_order_is_shown_by_its_id(reader: httpx.Client) -> None:
    assert reader.get("/orders/446").content == slices("orders-trash")[0]


def test_refunds_below_their_order_show_no_parent(reader: httpx.Client) -> None:
    (refund,) = [body for body in slices("refunds") if b'"parent_id":436,' in body]
    expected = refund.replace(b'"parent_id":436,', b"")

    assert reader.get("/orders/436/refunds").content == b"[" + expected + b"]"
    assert reader.get("/orders/436/refunds/510").content == expected
    assert reader.get("/orders/435/refunds/510").status_code == 404


def test_variations_below_their_product(reader: httpx.Client) -> None:
    response = reader.get("/products/109/variations?order=asc")

    assert ids(response) == [110, 111, 112, 113]
    assert "parent_id" not in response.json()[0]
    assert response.json()[0]["_links"]["up"] == [{"href": "http://127.0.0.1:8088/wp-json/wc/v3/products/109"}]
    assert reader.get("/products/99999999/variations").status_code == 404


def test_a_trailing_slash_and_a_head_request_change_nothing(reader: httpx.Client) -> None:
    head = reader.head("/orders/?per_page=1")

    assert (head.status_code, head.content, head.headers["X-WP-Total"]) == (200, b"", "308")
    assert reader.get("/orders/?per_page=1").content == b"[" + slices("orders-p4")[-1] + b"]"


def test_ten_objects_are_on_a_page_unless_asked_otherwise(reader: httpx.Client) -> None:
    assert len(ids(reader.get("/orders"))) == 10


def test_offset_overrules_page(reader: httpx.Client) -> None:
    query = {"orderby": "id", "order": "asc", "per_page": 2}

    assert ids(reader.get("/orders", params={**query, "offset": 3, "page": 9})) == [126, 127]


def test_beyond_the_end_order_tables_tell_zero_and_posts_the_truth(reader: httpx.Client) -> None:
    orders = reader.get("/orders?per_page=100&page=5")
    products = reader.get("/products?per_page=100&page=2")
    customers = reader.get("/customers?role=all&per_page=100&page=2")

    assert [response.json() for response in (orders, products, customers)] == [[], [], []]
    totals = [
        (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]) for answer in (orders, products, customers)
    ]
    assert totals == [("0", "0"), ("57", "1"), ("42", "1")]


@pytest.mark.parametrize("orderby", ["date", "modified", "id", "title", "slug"])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("per_page", [7, 100])
def test_every_order_and_page_size_shows_each_order_once(
    reader: httpx.Client, orderby: str, order: str, per_page: int
) -> None:
    query = f"/orders?orderby={orderby}&order={order}&per_page={per_page}&_fields=id"
    pages = [ids(reader.get(f"{query}&page={page}")) for page in range(1, 308 // per_page + 2)]
    walked = [number for page in pages for number in page]

    assert len(walked) == len(set(walked)) == 308


def test_ties_are_broken_by_id_in_the_same_direction(reader: httpx.Client) -> None:
    rows = reader.get("/orders?orderby=modified&order=desc&per_page=100&_fields=id,date_modified_gmt").json()
    keys = [(row["date_modified_gmt"], row["id"]) for row in rows]

    assert keys == sorted(keys, reverse=True)
    assert len({stamp for stamp, _ in keys}) < len(keys), "the recorded shop has equal stamps"


def test_include_keeps_the_order_it_was_asked_in(reader: httpx.Client) -> None:
    assert ids(reader.get("/orders?include=125,123,124&orderby=include")) == [125, 123, 124]
    assert ids(reader.get("/orders?include[]=125&include[]=123&orderby=id&order=asc")) == [123, 125]


def test_exclude_leaves_out(reader: httpx.Client) -> None:
    assert ids(reader.get("/orders?include=123,124,125&exclude=124&orderby=id&order=asc")) == [123, 125]


def test_an_include_that_is_no_number_finds_nothing(reader: httpx.Client) -> None:
    assert ids(reader.get("/orders?include=abc")) == []


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("", 308),
        ("status=any", 308),
        ("status=any,trash", 308),
        ("status[]=any&status[]=trash", 308),
        ("status=trash,checkout-draft", 13),
        ("status[]=completed&status[]=processing&status[]=refunded", 186),
        ("status[0]=completed,processing", None),
        ("customer=3", 3),
        ("currency=EUR&number=123&foo=bar", 308),
    ],
)
def test_filters_of_orders(reader: httpx.Client, query: str, total: int | None) -> None:
    response = reader.get(f"/orders?{query}")

    if total is None:
        assert response.status_code == 400
    else:
        assert response.headers["X-WP-Total"] == str(total)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("/orders?product=45&status=completed&per_page=100", {123}),
        ("/orders?search=zürich&per_page=100", {124}),
        ("/orders?search=519", {519}),
        ("/products?status=draft", None),
        ("/products?type=variable&per_page=100", {61, 65, 70, 76, 83, 87, 92, 98, 105, 109}),
        ("/products?slug=gruppe", {114}),
        ("/products?search=sku-0034", {45}),
        ("/products?parent_exclude=0", set()),
        ("/variations?sku=VAR-009-2", {112}),
        ("/customers?email=admin@example.test&role=all", {1}),
        ("/customers?search=customer38", {41}),
        ("/coupons?code=nothing", set()),
        ("/taxes?class=reduced-rate", {2}),
    ],
)
def test_other_filters_narrow_a_list(reader: httpx.Client, query: str, expected: set[int] | None) -> None:
    found, whole = set(ids(reader.get(query))), reader.get(query.partition("?")[0])

    assert found >= expected if expected is not None else len(found) == 1
    assert len(found) < int(whole.headers["X-WP-Total"])
    if expected == set():
        assert found == set()


@pytest.mark.parametrize(
    ("query", "member"),
    [
        ("/products?orderby=price", "price"),
        ("/products?orderby=title", "name"),
        ("/products?orderby=slug", "slug"),
        ("/products?orderby=popularity", "total_sales"),
        ("/products?orderby=rating", "average_rating"),
        ("/customers?role=all&orderby=registered_date", "date_created"),
        ("/customers?role=all&orderby=id", "id"),
        ("/taxes?orderby=priority", "priority"),
    ],
)
def test_lists_are_sorted_by_what_was_asked(reader: httpx.Client, query: str, member: str) -> None:
    rows = reader.get(f"{query}&order=asc&per_page=100").json()
    values = [float(row[member] or 0) if member == "price" else row[member] for row in rows]

    assert values == sorted(values)
    assert rows[::-1] == reader.get(f"{query}&order=desc&per_page=100").json()


def test_a_status_of_a_plugin_is_known_where_the_shop_has_it(twin: Twin, client: httpx.Client) -> None:
    assert client.get("/wp-json/wc/v3/orders?status=packed").status_code == 400

    twin.switches.extra_statuses = ("packed",)
    twin.world.edit("orders", 123, {"status": "packed"})

    assert ids(client.get("/wp-json/wc/v3/orders?status=packed")) == [123]
    assert client.get("/wp-json/wc/v3/orders").headers["X-WP-Total"] == "308"


def test_customers_are_only_those_with_that_role(reader: httpx.Client) -> None:
    assert reader.get("/customers").headers["X-WP-Total"] == "41"
    assert ids(reader.get("/customers?role=administrator")) == [1]


def test_customers_and_rates_ignore_a_modified_filter(reader: httpx.Client) -> None:
    later = "modified_after=2099-01-01T00:00:00"

    assert reader.get(f"/customers?role=all&{later}").headers["X-WP-Total"] == "42"
    assert reader.get("/customers?role=all&modified_after=nonsense").status_code == 200
    assert reader.get(f"/taxes?{later}").headers["X-WP-Total"] == "17"


@pytest.mark.parametrize("kind", ["orders", "products", "variations", "refunds", "coupons"])
def test_these_honour_a_modified_filter(reader: httpx.Client, kind: str) -> None:
    assert reader.get(f"/{kind}?modified_after=2099-01-01T00:00:00").json() == []


def test_a_product_search_by_sku_finds_variations_too(reader: httpx.Client) -> None:
    assert sorted(ids(reader.get("/products?sku=VAR-009,VAR-009-2,SKU-0034"))) == [45, 109, 112]


def test_fields_keep_the_bytes_and_the_id(reader: httpx.Client) -> None:
    response = reader.get("/orders/124?_fields=total,billing.city,line_items")

    whole = php.split(slices("orders-p1")[1])
    trimmed = php.split(response.content)
    assert list(trimmed) == ["id", "total", "billing", "line_items"]
    assert bytes(trimmed["line_items"]) == bytes(whole["line_items"])
    assert bytes(trimmed["billing"]) == b'{"city":"Z\\u00fcrich"}'


def test_fields_inside_a_list_leave_nothing(reader: httpx.Client) -> None:
    assert reader.get("/orders/124?_fields=line_items.id").json() == {"id": 124, "line_items": []}


def test_fields_drop_the_id_where_the_shop_does(twin: Twin, client: httpx.Client) -> None:
    twin.switches.keeps_id = False

    assert client.get("/wp-json/wc/v3/orders/124?_fields=status").json() == {"status": "processing"}


def test_older_shops_lack_routes_and_embedded_refunds(twin: Twin, client: httpx.Client) -> None:
    twin.switches.version = "8.9.3"
    twin.switches.embeds_refunds = False

    refused = client.get("/wp-json/wc/v3/refunds")
    assert (refused.status_code, refused.json()["code"]) == (404, "rest_no_route")
    assert client.get("/wp-json/wc/v3/variations").status_code == 404
    assert client.get("/wp-json/wc/v3/orders/124").json()["refunds"] == []
    assert client.get("/wp-json/wc/v3/orders/124/refunds").json()[0]["id"] == 142


def test_legacy_storage_counts_beyond_the_end(twin: Twin, client: httpx.Client) -> None:
    twin.switches.storage = "legacy"

    response = client.get("/wp-json/wc/v3/orders?per_page=100&page=5")
    assert (response.json(), response.headers["X-WP-Total"], response.headers["X-WP-TotalPages"]) == ([], "308", "4")


def test_the_index_tells_the_zone_without_credentials(twin: Twin) -> None:
    index = httpx.get(f"{twin.url}/wp-json/").json()

    assert (index["timezone_string"], index["gmt_offset"]) == ("Europe/Berlin", 1)
    assert "wc/v3" in index["namespaces"]
    twin.clock.set(twin.clock.now().replace(month=7))
    assert httpx.get(f"{twin.url}/wp-json/").json()["gmt_offset"] == 2


def test_the_namespace_answers_without_credentials(shared: Twin) -> None:
    assert httpx.get(f"{shared.url}/wp-json/wc/v3").json()["namespace"] == "wc/v3"
    assert httpx.get(f"{shared.url}/shop/").status_code == 404


def test_status_and_settings_tell_what_a_connector_needs(reader: httpx.Client) -> None:
    status = reader.get("/system_status").json()

    assert (status["environment"]["version"], status["settings"]["HPOS_enabled"]) == ("10.9.0", True)
    assert reader.get("/settings/general/woocommerce_currency").json()["value"] == "EUR"
    assert {"id": "woocommerce_prices_include_tax", "value": "no"} in reader.get("/settings/tax").json()
    assert reader.get("/settings/nonsense").status_code == 404


def test_every_recorded_object_survives_being_cut_and_joined() -> None:
    for name in ("orders-p1", "orders-p2", "products", "variations", "customers", "refunds"):
        for body in slices(name):
            assert php.join(php.split(body)) == body


def test_php_writes_the_recorded_objects_as_python_reads_them() -> None:
    """But for numbers with an exponent, which the twin never rewrites."""
    for body in slices("orders-p1"):
        assert php.encode(msgspec.json.decode(body)) == body
