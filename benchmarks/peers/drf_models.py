"""The tables as Django's models, as `inspectdb` writes them, trimmed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Mapped(models.Model):
    """A table that Django does not make."""

    class Meta:
        """Not a table itself."""

        abstract = True
        app_label = "peers"
        managed = False


def _text(**more: object) -> models.Field:
    return models.TextField(**more)


class Obligation(Mapped):
    """obligations"""

    person_id = models.UUIDField(primary_key=True)
    revision = models.BigIntegerField()
    regime, visa_class, basis, policy_version = (_text(null=True) for _ in range(4))
    entered_on, permitted_until, due_on, opens_on = (models.DateField(null=True) for _ in range(4))
    online_closes_on, grace_ends_on, late_after = (models.DateField(null=True) for _ in range(3))
    expected = models.BooleanField()

    class Meta(Mapped.Meta):
        """The table."""

        db_table = "obligations"


class Passport(Mapped):
    """passports"""

    id = models.BigAutoField(primary_key=True)
    person_id = models.UUIDField()
    document_index, document_number = (models.BinaryField() for _ in range(2))
    replaces_index = models.BinaryField(null=True)
    status = _text()
    expires_on, birth_date = (models.DateField() for _ in range(2))

    class Meta(Mapped.Meta):
        """The table."""

        db_table = "passports"


class OfPassport(Mapped):
    """A record that hangs on a passport."""

    id = models.BigAutoField(primary_key=True)
    passport_id = models.BigIntegerField()

    class Meta(Mapped.Meta):
        """Not a table itself."""

        abstract = True


class Movement(OfPassport):
    """movements"""

    movement_id, direction = (_text() for _ in range(2))
    occurred_on = models.DateField()
    visa_class = _text(null=True)
    permitted_until = models.DateField(null=True)

    class Meta(OfPassport.Meta):
        """The table."""

        abstract = False
        db_table = "movements"


class Permission(OfPassport):
    """permissions"""

    permission_id, kind = (_text() for _ in range(2))
    granted_on, permitted_until = (models.DateField() for _ in range(2))
    visa_class = _text(null=True)

    class Meta(OfPassport.Meta):
        """The table."""

        abstract = False
        db_table = "permissions"


class OfficeReport(OfPassport):
    """office_reports"""

    receipt_number, channel, office = (_text() for _ in range(3))
    filed_on = models.DateField()
    next_due_on = models.DateField(null=True)

    class Meta(OfPassport.Meta):
        """The table."""

        abstract = False
        db_table = "office_reports"


class Residence(OfPassport):
    """residences"""

    subdistrict_code = _text()
    address = models.BinaryField()
    from_on = models.DateField()
    until_on = models.DateField(null=True)

    class Meta(OfPassport.Meta):
        """The table."""

        abstract = False
        db_table = "residences"


class Report(OfPassport):
    """reports"""

    number, period, status, assurance, subdistrict_code, office = (_text() for _ in range(6))
    policy_version, filing_statement = (_text() for _ in range(2))
    person_id, holder_id = (models.UUIDField() for _ in range(2))
    entered_on, due_on = (models.DateField(null=True) for _ in range(2))
    filed_on = models.DateField()
    filed_at, decided_at = (models.DateTimeField(null=True) for _ in range(2))
    address, contact = (models.BinaryField() for _ in range(2))
    checks = models.JSONField()
    reasons = ArrayField(models.TextField())
    decided_by = _text(null=True)

    class Meta(OfPassport.Meta):
        """The table."""

        abstract = False
        db_table = "reports"


class Decision(Mapped):
    """decisions"""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.DO_NOTHING)
    outcome, policy_version, decided_by, note = (_text(default="") for _ in range(4))
    reasons = ArrayField(models.TextField())
    next_due_on = models.DateField(null=True)
    overridden = models.BooleanField(default=False)
    decided_at = models.DateTimeField()

    class Meta(Mapped.Meta):
        """The table."""

        db_table = "decisions"


class Receipt(Mapped):
    """receipts"""

    number = models.TextField(primary_key=True)
    report = models.ForeignKey(Report, models.DO_NOTHING)
    issued_at = models.DateTimeField()
    next_due_on = models.DateField()
    statement = _text()
    voided_at = models.DateTimeField(null=True)

    class Meta(Mapped.Meta):
        """The table."""

        db_table = "receipts"


class IdempotencyKey(Mapped):
    """idempotency_keys"""

    pk = models.CompositePrimaryKey("person_id", "key")
    person_id = models.UUIDField()
    key = _text()
    body_digest, answer = (models.BinaryField() for _ in range(2))
    status = models.SmallIntegerField()
    created_at = models.DateTimeField()

    class Meta(Mapped.Meta):
        """The table."""

        db_table = "idempotency_keys"


class Event(Mapped):
    """events"""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    kind, subject, actor = (_text() for _ in range(3))
    person_id = models.UUIDField(null=True)
    data = models.JSONField()
    relayed_at = models.DateTimeField(null=True)

    class Meta(Mapped.Meta):
        """The table."""

        db_table = "events"
