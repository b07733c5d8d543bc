"""Let the database show a resident's connection the rows of one person only: the policy for all other roles."""

from collections.abc import Sequence

from alembic import op

revision: str = "0044"
down_revision: str | None = "0043"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = [
    "activation_attempts",
    "activation_codes",
    "activation_requests",
    "address_corrections",
    "approvals",
    "cases",
    "claims",
    "conflicts",
    "coverage_gaps",
    "decisions",
    "deliveries",
    "devices",
    "events",
    "idempotency_keys",
    "key_checks",
    "movements",
    "notification_preferences",
    "notifications",
    "obligations",
    "office_exceptions",
    "office_reports",
    "officer_passkeys",
    "officer_sessions",
    "officers",
    "passkeys",
    "passport_links",
    "passports",
    "people",
    "permissions",
    "receipts",
    "refresh_tokens",
    "reminders_to_plan",
    "reports",
    "residences",
    "second_looks",
    "signing_keys",
    "token_families",
]


def upgrade() -> None:
    """Secure each table in a transaction of its own, since it waits for everybody who uses it; it can be repeated.

    Until the policy is there, nothing is enabled. The policy for residents names a role, and comes with its rights.
    """
    with op.get_context().autocommit_block():
        op.execute(
            """create or replace function sees_report(wanted bigint) returns boolean language plpgsql volatile as
            $$ begin return exists (select from reports where id = wanted); end $$"""
        )
        for table in TABLES:
            op.execute(f"drop policy if exists all_roles on {table}")
            op.execute(f"create policy all_roles on {table} using (true)")
            op.execute(f"alter table {table} enable row level security, force row level security")


def downgrade() -> None:
    """Take it back; the policies of roles for residents say nothing then."""
    for table in TABLES:
        op.execute(f"alter table {table} disable row level security, no force row level security")
        op.execute(f"drop policy all_roles on {table}")
    op.execute("drop function sees_report")
