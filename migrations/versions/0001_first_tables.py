"""First tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """First tables."""
    op.create_table(
        "activation_attempts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("document_index", sa.LargeBinary(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activation_attempts")),
    )
    op.create_index("ix_activation_attempts_document_index", "activation_attempts", ["document_index", "at"])
    op.create_table(
        "activation_requests",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("document_index", sa.LargeBinary(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activation_requests")),
    )
    op.create_index("ix_activation_requests_address_index", "activation_requests", ["address_index", "requested_at"])
    op.create_index("ix_activation_requests_document_index", "activation_requests", ["document_index", "requested_at"])
    op.create_index(
        "ix_activation_requests_waiting", "activation_requests", ["next_try_at"], postgresql_where="settled_at is null"
    )
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("relayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_person_id", "events", ["person_id", "id"])
    op.create_index("ix_events_subject", "events", ["subject", "id"])
    op.create_index("ix_events_waiting", "events", ["id"], postgresql_where="relayed_at is null")
    op.create_table(
        "officers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("failed_attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officers")),
        sa.UniqueConstraint("name", name=op.f("uq_officers_name")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("private_pem", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
    )
    op.create_index(
        "uq_signing_keys_active", "signing_keys", ["purpose"], unique=True, postgresql_where="retired_at is null"
    )
    op.create_table(
        "switches",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_idempotency_keys_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    op.create_table(
        "obligations",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("regime", sa.Text(), nullable=True),
        sa.Column("visa_class", sa.Text(), nullable=True),
        sa.Column("entered_on", sa.Date(), nullable=True),
        sa.Column("permitted_until", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("opens_on", sa.Date(), nullable=True),
        sa.Column("online_closes_on", sa.Date(), nullable=True),
        sa.Column("grace_ends_on", sa.Date(), nullable=True),
        sa.Column("late_after", sa.Date(), nullable=True),
        sa.Column("expected", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("changes_on", sa.Date(), nullable=True),
        sa.Column("policy_version", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_obligations_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_obligations")),
    )
    op.create_index(
        "ix_obligations_changes_on", "obligations", ["changes_on"], postgresql_where="changes_on is not null"
    )
    op.create_index("ix_obligations_opens_on", "obligations", ["opens_on"], postgresql_where="expected")
    op.create_table(
        "officer_sessions",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_officer_sessions_officer_id_officers")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_officer_sessions")),
    )
    op.create_index(op.f("ix_officer_sessions_officer_id"), "officer_sessions", ["officer_id"])
    op.create_table(
        "passports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("document_index", sa.LargeBinary(), nullable=False),
        sa.Column("document_number", sa.LargeBinary(), nullable=False),
        sa.Column("issuing_state", sa.Text(), nullable=False),
        sa.Column("nationality", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("given_names", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("replaces_index", sa.LargeBinary(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_passports_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passports")),
        sa.UniqueConstraint("document_index", name=op.f("uq_passports_document_index")),
    )
    op.create_index(op.f("ix_passports_person_id"), "passports", ["person_id"])
    op.create_index(
        "ix_passports_replaces_index", "passports", ["replaces_index"], postgresql_where="replaces_index is not null"
    )
    op.create_table(
        "token_families",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("assurance", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_token_families_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_families")),
    )
    op.create_index(op.f("ix_token_families_person_id"), "token_families", ["person_id"])
    op.create_table(
        "activation_codes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("passport_id", sa.BigInteger(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("assurance", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries_left", sa.SmallInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["passport_id"], ["passports.id"], name=op.f("fk_activation_codes_passport_id_passports")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_activation_codes_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activation_codes")),
    )
    op.create_index("ix_activation_codes_passport_id", "activation_codes", ["passport_id", "issued_at"])
    op.create_index(op.f("ix_activation_codes_person_id"), "activation_codes", ["person_id"])
    op.create_table(
        "movements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("movement_id", sa.Text(), nullable=False),
        sa.Column("passport_id", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("arrival_card", sa.LargeBinary(), nullable=True),
        sa.Column("visa_class", sa.Text(), nullable=True),
        sa.Column("permitted_until", sa.Date(), nullable=True),
        sa.Column("contact_email", sa.LargeBinary(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["passport_id"], ["passports.id"], name=op.f("fk_movements_passport_id_passports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movements")),
        sa.UniqueConstraint("movement_id", name=op.f("uq_movements_movement_id")),
    )
    op.create_index(op.f("ix_movements_passport_id"), "movements", ["passport_id"])
    op.create_table(
        "office_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("receipt_number", sa.Text(), nullable=False),
        sa.Column("passport_id", sa.BigInteger(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["passport_id"], ["passports.id"], name=op.f("fk_office_reports_passport_id_passports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_reports")),
        sa.UniqueConstraint("receipt_number", name=op.f("uq_office_reports_receipt_number")),
    )
    op.create_index(op.f("ix_office_reports_passport_id"), "office_reports", ["passport_id"])
    op.create_table(
        "permissions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("permission_id", sa.Text(), nullable=False),
        sa.Column("passport_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("permitted_until", sa.Date(), nullable=False),
        sa.Column("visa_class", sa.Text(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["passport_id"], ["passports.id"], name=op.f("fk_permissions_passport_id_passports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permissions")),
        sa.UniqueConstraint("permission_id", name=op.f("uq_permissions_permission_id")),
    )
    op.create_index(op.f("ix_permissions_passport_id"), "permissions", ["passport_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["token_families.id"], name=op.f("fk_refresh_tokens_family_id_token_families")
        ),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_family_id"), "refresh_tokens", ["family_id"])
    op.create_table(
        "reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("passport_id", sa.BigInteger(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assurance", sa.Text(), nullable=False),
        sa.Column("subdistrict_code", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("filing_statement", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("contradicted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["passport_id"], ["passports.id"], name=op.f("fk_reports_passport_id_passports")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reports_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("number", name=op.f("uq_reports_number")),
    )
    op.create_index("ix_reports_person_id", "reports", ["person_id", "id"])
    op.create_index("ix_reports_queue", "reports", ["office", "id"], postgresql_where="status = 'under-review'")
    op.create_index("ix_reports_status", "reports", ["status", "id"], postgresql_where="status <> 'accepted'")
    op.create_index("ix_reports_contradicted", "reports", ["id"], postgresql_where="contradicted_at is not null")
    op.create_index("ix_reports_unchecked", "reports", ["id"], postgresql_where="'source-unavailable' = any(reasons)")
    op.create_index(
        "uq_reports_person_id_period",
        "reports",
        ["person_id", "period"],
        unique=True,
        postgresql_where="status in ('accepted', 'under-review', 'returned') and contradicted_at is null",
    )
    op.create_table(
        "residences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("residence_id", sa.Text(), nullable=False),
        sa.Column("passport_id", sa.BigInteger(), nullable=False),
        sa.Column("subdistrict_code", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("host", sa.LargeBinary(), nullable=True),
        sa.Column("row_digest", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["passport_id"], ["passports.id"], name=op.f("fk_residences_passport_id_passports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residences")),
        sa.UniqueConstraint("residence_id", name=op.f("uq_residences_residence_id")),
    )
    op.create_index(op.f("ix_residences_passport_id"), "residences", ["passport_id"])
    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("overridden", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_decisions_report_id_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index("ix_decisions_report_id", "decisions", ["report_id"])
    op.create_table(
        "receipts",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_receipts_report_id_reports")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_receipts")),
    )
    op.create_index("ix_receipts_report_id", "receipts", ["report_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("receipts")
    op.drop_table("decisions")
    op.drop_table("residences")
    op.drop_table("reports")
    op.drop_table("refresh_tokens")
    op.drop_table("permissions")
    op.drop_table("office_reports")
    op.drop_table("movements")
    op.drop_table("activation_codes")
    op.drop_table("token_families")
    op.drop_table("passports")
    op.drop_table("officer_sessions")
    op.drop_table("obligations")
    op.drop_table("idempotency_keys")
    op.drop_table("switches")
    op.drop_table("signing_keys")
    op.drop_table("people")
    op.drop_table("officers")
    op.drop_table("events")
    op.drop_table("activation_requests")
    op.drop_table("activation_attempts")
