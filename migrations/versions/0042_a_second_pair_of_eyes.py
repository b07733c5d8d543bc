"""A second pair of eyes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Make the tables of second looks, their rates, and conflicts of interest."""
    op.create_table(
        "sampling_rates",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("per_mille", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_as", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sampling_rates")),
    )
    op.create_index("ix_sampling_rates_office", "sampling_rates", ["office", "id"])
    op.create_table(
        "conflicts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("offices", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_as", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_as", sa.Text(), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officers.id"], name=op.f("fk_conflicts_officer_id_officers")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_conflicts_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
        sa.UniqueConstraint("reference", name=op.f("uq_conflicts_reference")),
    )
    op.create_index(
        "uq_conflicts_standing",
        "conflicts",
        ["officer_id", "person_id"],
        unique=True,
        postgresql_where="ended_at is null",
    )
    op.create_table(
        "second_looks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reference", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("grounds", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("per_mille", sa.SmallInteger(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed_by", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("settled_as", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approval", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["assigned_to"], ["officers.id"], name=op.f("fk_second_looks_assigned_to_officers")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_second_looks_report_id_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_looks")),
        sa.UniqueConstraint("reference", name=op.f("uq_second_looks_reference")),
    )
    op.create_index("ix_second_looks_assigned_to", "second_looks", ["assigned_to", "id"])
    op.create_index("ix_second_looks_waiting", "second_looks", ["id"], postgresql_where="result is null")
    op.create_index("uq_second_looks_decision", "second_looks", ["report_id", "kind", "decided_at"], unique=True)

    for does in ("update", "delete"):
        op.execute(
            f"create trigger refuse_{does} before {does} on sampling_rates for each row execute function refuse_change()"
        )
    op.execute("create trigger refuse_truncate before truncate on sampling_rates execute function refuse_change()")


def downgrade() -> None:
    """Take it back."""
    op.drop_table("second_looks")
    op.drop_table("conflicts")
    op.drop_table("sampling_rates")
