"""From the records of WooCommerce to those of the hub: total, so a record either translates or says why not."""

from __future__ import annotations

from decimal import Decimal

from connectors.woocommerce.translate_lines import coupon_line, fee_line, item_line, shipping_line, tax_line
from connectors.woocommerce.values import amount, due, moment, parent, plain, reference
from connectors.woocommerce.wire import (
    AddressWire,
    CustomerWire,
    GoodsWire,
    OrderWire,
    ProductWire,
    RefundWire,
    TaxRateWire,
    VariationWire,
)
from domain.records import (
    Address,
    Customer,
    Order,
    Product,
    Refund,
    Stock,
    StockKeeping,
    TaxRate,
    Variation,
)


def order(wire: OrderWire) -> Order:
    """Translate an order with lines of all five types; raises Untranslatable."""
    return Order(
        id=str(wire.id),
        number=wire.number or str(wire.id),
        status=wire.status,
        currency=wire.currency,
        prices_include_tax=wire.prices_include_tax,
        created_via=wire.created_via or "",
        customer_id=reference(wire.customer_id),
        billing=_address(wire.billing),
        shipping=_address(wire.shipping),
        payment_method=wire.payment_method or "",
        payment_title=plain(wire.payment_method_title),
        transaction_id=wire.transaction_id or "",
        customer_note=wire.customer_note or "",
        discount_total=due(wire.discount_total, "discount_total"),
        discount_tax=due(wire.discount_tax, "discount_tax"),
        shipping_total=due(wire.shipping_total, "shipping_total"),
        shipping_tax=due(wire.shipping_tax, "shipping_tax"),
        total_tax=due(wire.total_tax, "total_tax"),
        total=due(wire.total, "total"),
        created_at=moment(wire.date_created_gmt, "date_created_gmt"),
        modified_at=moment(wire.date_modified_gmt, "date_modified_gmt"),
        paid_at=moment(wire.date_paid_gmt, "date_paid_gmt"),
        completed_at=moment(wire.date_completed_gmt, "date_completed_gmt"),
        lines=(
            *map(item_line, wire.line_items),
            *map(shipping_line, wire.shipping_lines),
            *map(fee_line, wire.fee_lines),
            *map(tax_line, wire.tax_lines),
            *map(coupon_line, wire.coupon_lines),
        ),
    )


def refund(wire: RefundWire) -> Refund:
    """Translate a refund whose order is known; raises Untranslatable."""
    taxes = [tax_line(line) for line in wire.tax_lines]
    return Refund(
        id=str(wire.id),
        order_id=parent(wire.parent_id),
        amount=due(wire.amount, "amount"),
        reason=wire.reason or "",
        refunded_by=reference(wire.refunded_by),
        paid_back_by_gateway=wire.refunded_payment,
        created_at=moment(wire.date_created_gmt, "date_created_gmt"),
        total_tax=sum((-line.total - line.total_tax for line in taxes), Decimal(0)),
        lines=(
            *map(item_line, wire.line_items),
            *map(shipping_line, wire.shipping_lines),
            *map(fee_line, wire.fee_lines),
            *taxes,
        ),
    )


def product(wire: ProductWire) -> Product:
    """Translate a product; raises Untranslatable."""
    return Product(
        id=str(wire.id),
        name=plain(wire.name),
        slug=wire.slug or "",
        type=wire.type,
        status=wire.status,
        sku=wire.sku or "",
        price=amount(wire.price, "price"),
        regular_price=amount(wire.regular_price, "regular_price"),
        sale_price=amount(wire.sale_price, "sale_price"),
        tax_status=wire.tax_status or "",
        tax_class=wire.tax_class or "",
        permalink=wire.permalink or "",
        categories=tuple(plain(category.name) for category in wire.categories),
        created_at=moment(wire.date_created_gmt, "date_created_gmt"),
        modified_at=moment(wire.date_modified_gmt, "date_modified_gmt"),
        stock=_stock(wire),
    )


def variation(wire: VariationWire) -> Variation:
    """Translate a variation whose product is known; raises Untranslatable."""
    return Variation(
        id=str(wire.id),
        product_id=parent(wire.parent_id),
        name=plain(wire.name),
        status=wire.status,
        sku=wire.sku or "",
        price=amount(wire.price, "price"),
        regular_price=amount(wire.regular_price, "regular_price"),
        sale_price=amount(wire.sale_price, "sale_price"),
        tax_status=wire.tax_status or "",
        tax_class=wire.tax_class or "",
        permalink=wire.permalink or "",
        attributes={plain(choice.name): plain(choice.option) for choice in wire.attributes},
        created_at=moment(wire.date_created_gmt, "date_created_gmt"),
        modified_at=moment(wire.date_modified_gmt, "date_modified_gmt"),
        stock=_stock(wire),
    )


_KEEPING = {True: StockKeeping.OWN, False: StockKeeping.NONE, "parent": StockKeeping.PARENT}


def _stock(wire: GoodsWire) -> Stock:
    return Stock(
        keeping=_KEEPING[wire.manage_stock],
        quantity=wire.stock_quantity,
        status=wire.stock_status,
        backorders=wire.backorders or "no",
        low_stock_amount=wire.low_stock_amount,
    )


def customer(wire: CustomerWire) -> Customer:
    """Translate a registered customer; raises Untranslatable."""
    return Customer(
        id=str(wire.id),
        email=wire.email,
        first_name=wire.first_name or "",
        last_name=wire.last_name or "",
        username=wire.username or "",
        role=wire.role or "",
        is_paying=wire.is_paying_customer,
        billing=_address(wire.billing),
        shipping=_address(wire.shipping),
        created_at=moment(wire.date_created_gmt, "date_created_gmt"),
        modified_at=moment(wire.date_modified_gmt, "date_modified_gmt"),
    )


def tax_rate(wire: TaxRateWire) -> TaxRate:
    """Translate a tax rate; raises Untranslatable."""
    return TaxRate(
        id=str(wire.id),
        country=wire.country or "",
        state=wire.state or "",
        postcodes=tuple(wire.postcodes),
        cities=tuple(wire.cities),
        rate=due(wire.rate, "rate"),
        name=plain(wire.name),
        priority=wire.priority,
        is_compound=wire.compound,
        applies_to_shipping=wire.shipping,
        tax_class=wire.tax_class or "standard",
    )


def _address(wire: AddressWire) -> Address:
    return Address(
        first_name=wire.first_name or "",
        last_name=wire.last_name or "",
        company=wire.company or "",
        line_1=wire.address_1 or "",
        line_2=wire.address_2 or "",
        city=wire.city or "",
        state=wire.state or "",
        postcode=wire.postcode or "",
        country=wire.country or "",
        email=wire.email or "",
        phone=wire.phone or "",
    )
