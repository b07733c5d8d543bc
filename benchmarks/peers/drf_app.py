"""The report path in Django REST framework with Django's ORM and its connection pool."""

# ruff: noqa: E402 - Django wants its settings before its models

import json
from os import environ
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

_place = urlsplit(environ["DATABASE_URL"])
settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],  # tells the length of an answer
    INSTALLED_APPS=["django.contrib.postgres", "rest_framework"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "UNAUTHENTICATED_USER": None,
    },
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _place.path[1:],
            "USER": _place.username,
            "HOST": parse_qs(_place.query)["host"][0],
            "OPTIONS": {"pool": {"min_size": 8, "max_size": 8}, "prepare_threshold": 2},
        }
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.urls import path
from rest_framework import authentication, exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peers import drf_models as models
from benchmarks.peers import work
from foundation.sealing import keyring
from immigration.registries.records import Case
from immigration.rules.codes import StepCode
from immigration.rules.due_dates import Obligation, Step, Window
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report, Residence
from immigration.rules.reports import HOLDING_STATES, Held


class Bearer(authentication.BaseAuthentication):
    """Bearer tokens."""

    def authenticate(self, request: Any) -> tuple[Any, None]:
        """The author of a request."""
        try:
            return work.author(request.headers.get("Authorization", "")), None
        except work.Refused as error:
            raise exceptions.AuthenticationFailed() from error


class AddressIn(serializers.Serializer):
    """An address."""

    house_number = serializers.CharField(max_length=100)
    building = serializers.CharField(max_length=200, default="", allow_blank=True)
    moo = serializers.CharField(max_length=100, default="", allow_blank=True)
    soi = serializers.CharField(max_length=150, default="", allow_blank=True)
    road = serializers.CharField(max_length=150, default="", allow_blank=True)
    subdistrict_code = serializers.RegexField("^[0-9]{6}$")
    postal_code = serializers.RegexField("^[0-9]{5}$")


class ReportIn(serializers.Serializer):
    """A report."""

    address = AddressIn()
    phone = serializers.CharField(max_length=30, default="", allow_blank=True)
    email = serializers.CharField(max_length=254, default="", allow_blank=True)


class Reports(APIView):
    """Filing."""

    authentication_classes = (Bearer,)

    def post(self, request: Any) -> Response:
        """File a report."""
        form = ReportIn(data=request.data)
        form.is_valid(raise_exception=True)
        key = request.headers["Idempotency-Key"]
        sent = work.submission(json.loads(json.dumps(form.validated_data)), key)
        with transaction.atomic():
            before = models.IdempotencyKey.objects.filter(person_id=request.user.id, key=key).first()
            if before:
                return Response(json.loads(keyring().open(bytes(before.answer), "idempotency_keys.answer", key)), 201)
            owed = models.Obligation.objects.select_for_update().get(person_id=request.user.id)
            values, answer = work.values(_case(owed), sent, request.user)
            _write(owed, work.rows(values))
        return Response(json.loads(answer), 201)


def _case(owed: Any) -> Case:
    passports = list(models.Passport.objects.filter(person_id=owed.person_id).order_by("id"))
    ids = [p.id for p in passports]
    own = list(models.Report.objects.filter(person_id=owed.person_id).order_by("id"))
    valid = models.Receipt.objects.filter(report__in=own, voided_at=None)
    next_due = {receipt.report_id: receipt.next_due_on for receipt in valid}
    replaced = {bytes(p.replaces_index) for p in passports if p.replaces_index}
    facts = Facts(
        tuple(Passport(p.id, p.status, p.expires_on, p.birth_date, p.replaces_index is not None,
                       bytes(p.document_index) not in replaced) for p in passports),
        tuple(Movement(m.movement_id, m.direction, m.occurred_on, m.visa_class, m.permitted_until)
              for m in models.Movement.objects.filter(passport_id__in=ids)),
        tuple(Permission(m.permission_id, m.kind, m.granted_on, m.permitted_until, m.visa_class)
              for m in models.Permission.objects.filter(passport_id__in=ids)),
        (*(Report(r.receipt_number, r.filed_on, r.channel, r.next_due_on, r.passport_id, r.office)
           for r in models.OfficeReport.objects.filter(passport_id__in=ids)),
         *(Report(r.number, r.filed_on, "online", next_due.get(r.id), r.passport_id, r.office, True, r.entered_on)
           for r in own if r.status == "accepted")),
        tuple(Residence(r.subdistrict_code, keyring().open(bytes(r.address), "residences.address"), r.from_on,
                        r.until_on) for r in models.Residence.objects.filter(passport_id__in=ids)),
    )  # fmt: skip
    held = tuple(Held(r.number, r.status, r.period) for r in own if r.status in HOLDING_STATES)
    documents = {p.id: keyring().open(bytes(p.document_number), "passports.document_number") for p in passports}
    window = Window(owed.due_on, owed.opens_on, owed.online_closes_on, owed.grace_ends_on, owed.late_after)
    known = (owed.regime, owed.visa_class, owed.entered_on, owed.permitted_until, owed.basis)
    kept = Obligation(*known, window, owed.expected, (Step(StepCode.RECORDS_UNAVAILABLE, None, ""),))
    return Case(
        person_id=owed.person_id, revision=owed.revision, kept=kept, facts=facts, held=held, documents=documents
    )


def _write(owed: Any, rows: dict[str, dict[str, Any]]) -> None:
    kept = rows["obligations"]
    for name in kept.keys() - {"person_id", "revision"}:
        setattr(owed, name, kept[name])
    owed.revision += 1
    owed.save()
    row = rows["reports"]
    report = models.Report.objects.create(**row | {"checks": json.loads(row["checks"])})
    models.Decision.objects.create(report=report, **rows["decisions"])
    models.Receipt.objects.create(report=report, **rows["receipts"])
    models.IdempotencyKey.objects.create(**rows["idempotency_keys"])
    models.Event.objects.bulk_create(models.Event(**event) for event in rows["events"]["rows"])


urlpatterns = [path("api/v1/reports", Reports.as_view())]
application = get_wsgi_application()
