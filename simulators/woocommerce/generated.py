"""A generated shop: any number of orders from a seed, written straight as JSON text so that 20,000 take seconds."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import msgspec

from simulators.woocommerce import dates, php
from simulators.woocommerce.assortment import BASE, Article, Person, articles, people, rates
from simulators.woocommerce.recorded import ZONE, blob
from simulators.woocommerce.shop import Shop

# Everything happened before this moment, so that edits made now are newer.
_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_DAYS = 700
_REFUNDED_SHARE = 0.05
_STATUSES = ("completed",) * 12 + ("processing",) * 4 + ("on-hold", "pending", "cancelled", "failed")
_CURRENCIES = (("EUR", "\u20ac"),) * 14 + (("USD", "$"), ("GBP", "\u00a3"), ("CHF", "CHF"), ("PLN", "z\u0142"))
_METHODS = (("bacs", "Bank transfer"), ("stripe", "Credit card (Stripe)"), ("paypal", "PayPal"), ("cod", "Cash"))
_PAID = frozenset({"completed", "processing", "refunded"})
_TRAIL = (
    ("_wc_order_attribution_source_type", "organic"),
    ("_wc_order_attribution_utm_source", "google"),
    ("_wc_order_attribution_session_entry", f"{BASE}/product-category/sale/?ref=newsletter"),
    ("_wc_order_attribution_session_pages", "7"),
    ("_wc_order_attribution_session_count", "2"),
    ("_wc_order_attribution_session_start_time", "2025-03-01 08:15:42"),
    ("_wc_order_attribution_user_agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Safari/604.1"),
    ("_wc_order_attribution_device_type", "Mobile"),
)


class _Line(msgspec.Struct, frozen=True):
    """A line's text and its cents after and before the discount."""

    text: str
    total: int
    tax: int
    before: int
    before_tax: int
    rate: int


class _Numbers:
    """Counts ids of lines and meta rows."""

    def __init__(self) -> None:
        self.last = 0

    def next(self) -> int:
        self.last += 1
        return self.last


def generated_shop(orders: int, seed: int = 1, zone: str = ZONE) -> Shop:
    """A shop with ``orders`` orders of about 4.7 kB; the same numbers give the same bytes.

    1 to 5 lines with tax and shipping, sometimes a coupon, several currencies and statuses; 5 in 100 are refunded, some
    of them in full. Products and customers grow with the orders, slowly.
    """
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    shop = Shop(zone, blob("tax-classes"), blob("blank-order"))
    shop.fill("taxes", rates())
    sold = articles(max(20, min(500, orders // 40)), shop)
    buyers = people(max(10, min(2000, orders // 10)), shop, random)
    numbers = _Numbers()
    step = timedelta(days=_DAYS) / max(orders, 1)
    number = shop.next_id("orders")
    for index in range(orders):
        moment = _FIRST_DAY + step * index
        body, refund = _order(number, moment, random, sold, buyers, shop.zone, numbers)
        shop.put("orders", body)
        number += 1
        if refund:
            shop.put("refunds", refund)
            number += 1
    shop.inner_ids_start_at(numbers.last)
    return shop


# Long, because it is one template.
def _order(
    number: int,
    moment: datetime,
    random: Random,
    sold: list[Article],
    buyers: list[Person],
    zone: ZoneInfo,
    ids: _Numbers,
) -> tuple[bytes, bytes | None]:
    """An order's text and, in 5 of 100, its refund's."""
    status = random.choice(_STATUSES)
    code, symbol = random.choice(_CURRENCIES)
    method, title = random.choice(_METHODS)
    buyer = random.choice(buyers)
    discount = 10 if random.random() < 0.15 else 0
    lines = [_line(random.choice(sold), random.randint(1, 4), discount, ids) for _ in range(random.randint(1, 5))]
    shipping = random.choice((0, 490, 690))
    shipping_tax = (shipping * 19 + 50) // 100
    goods, tax = sum(line.total for line in lines), sum(line.tax for line in lines)
    total = goods + tax + shipping + shipping_tax
    refund, embedded = b"", "[]"
    if status in _PAID and random.random() < _REFUNDED_SHARE / 0.8:
        full = random.random() < 0.4
        amount = total if full else max(1, total // 3)
        status = "refunded" if full else status
        refund = _refund(number, amount, moment + timedelta(days=3), zone, ids, full=full)
        embedded = f'[{{"id":{number + 1},"reason":"Kulanz","total":"-{_money(amount)}","total_tax":"0.00"}}]'
    changed = moment + timedelta(seconds=random.randrange(60, 400_000))
    local, gmt = dates.pair(moment, zone)
    modified, modified_gmt = dates.pair(changed, zone)
    paid = (f'"{local}"', f'"{gmt}"') if status in _PAID else ("null", "null")
    done = (f'"{modified}"', f'"{modified_gmt}"') if status == "completed" else ("null", "null")
    before, before_tax = sum(line.before for line in lines) - goods, sum(line.before_tax for line in lines) - tax
    key = f"wc_order_{number:013x}"
    meta = ",".join(f'{{"id":{ids.next()},"key":"{name}","value":{value}}}' for name, value in _TRAIL_TEXT)
    coupon = _coupon(before, before_tax, ids) if discount else ""
    text = (
        f'{{"id":{number},"parent_id":0,"status":"{status}","currency":"{code}","version":"10.9.0",'
        f'"prices_include_tax":false,"date_created":"{local}","date_modified":"{modified}",'
        f'"discount_total":"{_money(before)}","discount_tax":"{_money(before_tax)}",'
        f'"shipping_total":"{_money(shipping)}","shipping_tax":"{_money(shipping_tax)}","cart_tax":"{_money(tax)}",'
        f'"total":"{_money(total)}","total_tax":"{_money(tax + shipping_tax)}","customer_id":{buyer.number},'
        f'"order_key":"{key}",{buyer.addresses},"payment_method":"{method}","payment_method_title":"{title}",'
        f'"transaction_id":"txn_{number:012d}","customer_ip_address":"192.0.2.{number % 250 + 1}",'
        f'"customer_user_agent":"{_AGENT}","created_via":"checkout","customer_note":"","date_completed":{done[0]},'
        f'"date_paid":{paid[0]},"cart_hash":"{number:032x}","number":"{number}","meta_data":[{meta}],'
        f'"line_items":[{",".join(line.text for line in lines)}],'
        f'"tax_lines":[{_tax_lines(lines, shipping_tax, ids)}],'
        f'"shipping_lines":[{_shipping(shipping, shipping_tax, ids)}],"fee_lines":[],"coupon_lines":[{coupon}],'
        f'"refunds":{embedded},'
        f'"payment_url":"{_BASE_TEXT}\\/checkout\\/order-pay\\/{number}\\/?pay_for_order=true&key={key}",'
        f'"is_editable":{"true" if status in ("pending", "on-hold") else "false"},'
        f'"needs_payment":{"true" if status in ("pending", "failed") else "false"},"needs_processing":true,'
        f'"date_created_gmt":"{gmt}","date_modified_gmt":"{modified_gmt}","date_completed_gmt":{done[1]},'
        f'"date_paid_gmt":{paid[1]},"currency_symbol":{_SYMBOLS[symbol]},"_links":{{"self":[{{'
        f'"href":"{_API_TEXT}\\/orders\\/{number}","targetHints":{{"allow":["GET","POST","PUT","PATCH","DELETE"]}}}}],'
        f'"collection":[{{"href":"{_API_TEXT}\\/orders"}}],"email_templates":[{{"embeddable":true,'
        f'"href":"{_API_TEXT}\\/orders\\/{number}\\/actions\\/email_templates"}}]{buyer.link}}}}}'
    )
    return text.encode("ascii"), refund or None


def _line(article: Article, quantity: int, discount: int, ids: _Numbers) -> _Line:
    before = article.cents * quantity
    total = before * (100 - discount) // 100
    tax, before_tax = (total * article.rate + 50) // 100, (before * article.rate + 50) // 100
    price = total / quantity / 100
    text = (
        f'{{"id":{ids.next()},"name":{article.name},"product_id":{article.number},"variation_id":0,'
        f'"quantity":{quantity},"tax_class":"{article.tax_class}","subtotal":"{_money(before)}",'
        f'"subtotal_tax":"{_money(before_tax)}","total":"{_money(total)}","total_tax":"{_money(tax)}",'
        f'"taxes":[{{"id":{article.rate_id},"total":"{_money(tax)}","subtotal":"{_money(before_tax)}"}}],'
        f'"meta_data":[{{"id":{ids.next()},"key":"pa_farbe","value":"blau","display_key":"Farbe",'
        f'"display_value":"Blau"}}],"sku":"{article.sku}","global_unique_id":"","price":{_number(price)},'
        f'"image":{{"id":"","src":""}},"parent_name":null}}'
    )
    return _Line(text, total, tax, before, before_tax, article.rate)


def _tax_lines(lines: list[_Line], shipping_tax: int, ids: _Numbers) -> str:
    sums = {19: 0}
    for line in lines:
        sums[line.rate] = sums.get(line.rate, 0) + line.tax
    return ",".join(
        f'{{"id":{ids.next()},"rate_code":"DE-MWST. {rate}%-1","rate_id":{1 if rate == 19 else 2},'
        f'"label":"MwSt. {rate}%","compound":false,"tax_total":"{_money(cents)}",'
        f'"shipping_tax_total":"{_money(shipping_tax if rate == 19 else 0)}","rate_percent":{rate},"meta_data":[]}}'
        for rate, cents in sums.items()
    )


def _shipping(cents: int, tax: int, ids: _Numbers) -> str:
    return (
        f'{{"id":{ids.next()},"method_title":"DHL Paket","method_id":"flat_rate","instance_id":"1",'
        f'"total":"{_money(cents)}","total_tax":"{_money(tax)}","taxes":[{{"id":1,"total":"{_money(tax)}",'
        f'"subtotal":""}}],"tax_status":"taxable","meta_data":[]}}'
    )


def _coupon(discount: int, tax: int, ids: _Numbers) -> str:
    return (
        f'{{"id":{ids.next()},"code":"zehn","discount":"{_money(discount)}","discount_tax":"{_money(tax)}",'
        f'"meta_data":[],"discount_type":"percent","nominal_amount":10,"free_shipping":false}}'
    )


def _refund(order: int, amount: int, moment: datetime, zone: ZoneInfo, ids: _Numbers, *, full: bool) -> bytes:
    local, gmt = dates.pair(moment, zone)
    path = f"{_API_TEXT}\\/orders\\/{order}"
    text = (
        f'{{"id":{order + 1},"parent_id":{order},"date_created":"{local}","date_created_gmt":"{gmt}",'
        f'"amount":"{_money(amount)}","reason":"Kulanz","refunded_by":1,"refunded_payment":false,"meta_data":[{{'
        f'"id":{ids.next()},"key":"_refund_type","value":"{"full" if full else "partial"}"}}],"line_items":[],'
        f'"shipping_lines":[],"tax_lines":[],"fee_lines":[],"_links":{{"self":[{{'
        f'"href":"{path}\\/refunds\\/{order + 1}","targetHints":{{"allow":["GET","DELETE"]}}}}],'
        f'"collection":[{{"href":"{path}\\/refunds"}}],"up":[{{"href":"{path}"}}]}}}}'
    )
    return text.encode("ascii")


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _number(value: float) -> str:
    """A JSON number as PHP writes it: whole numbers without a fraction, as the recorded prices show."""
    return str(int(value)) if value.is_integer() else repr(value)


def _inside(value: str) -> str:
    return php.encode(value).decode()[1:-1]


_BASE_TEXT = _inside(BASE)
_API_TEXT = _inside(f"{BASE}/wp-json/wc/v3")
_AGENT = _inside("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)")
_SYMBOLS = {symbol: php.encode(symbol).decode() for _, symbol in _CURRENCIES}
_TRAIL_TEXT = [(name, php.encode(value).decode()) for name, value in _TRAIL]
