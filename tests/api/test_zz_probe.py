"""Probe."""
import base64
from urllib.parse import quote
from tests.factories import *

def b(s): return base64.urlsafe_b64encode(s.encode()).decode().rstrip("=")

def show(label, f):
    try:
        a = f()
        print(label, a.status_code, a.content_type, a.get_data(as_text=True)[:300].replace("\n"," "), dict(a.headers).get("Allow"), dict(a.headers).get("Location"))
    except Exception as e:
        print(label, "EXC", type(e), str(e)[:200])

def test_probe(app):
    arrived(app)
    r = activate(app, assurance="mail"); o = officer(app)
    n = r.file().json["number"]
    show("num nul", lambda: r.get("/reports/%00"))
    show("rev num nul", lambda: o.get("/review/reports/%00"))
    show("dec num nul", lambda: o.post("/review/reports/R%00/decision", {"outcome":"accepted"}))
    show("office nul", lambda: o.get("/review/reports?office=%00"))
    show("q nul", lambda: r.get("/addresses?q=%00"))
    show("cursor nl", lambda: r.get("/reports?cursor=1%0A"))
    show("cursor", lambda: r.get("/reports?cursor=999999999999999999"))
    u="00000000-0000-0000-0000-000000000001"
    for c in ["2026-01-01T00:00:00+00:00:00.000001|"+u, "2026-01-01T00:00:00+23:59:59|"+u, "0001-01-01T00:00:00+23:59|"+u, "9999-12-31T23:59:59-23:59|"+u,"2026-01-01T00:00:00+00:00\x00|"+u]:
        show("inbox "+c, lambda: r.get("/notifications?cursor="+b(c)))
    show("lang", lambda: r.get("/notifications?limit=99999999999999999999"))
    show("put dev", lambda: r.client.put("/api/v1/devices/%00", json={"platform": "android", "kind": "token", "target": "a\nb", "language": "en"}, headers=r.headers))
    show("put dev nl", lambda: r.client.put("/api/v1/devices/a%0A", json={"platform": "android", "kind": "token", "target": "a\nb", "language": "en"}, headers=r.headers))
    show("del dev nul", lambda: r.client.delete("/api/v1/devices/%00", headers=r.headers))
    show("del dev long", lambda: r.client.delete("/api/v1/devices/"+"a"*5000, headers=r.headers))
    show("purpose blank", lambda: o.post("/review/residents/search", {"document_number":"TEST00001","issuing_state":"FRA","purpose":"   "}))
    show("house blank", lambda: r.file(house_number=" "))
    show("bidi", lambda: r.file(road="a\u202eb\x85", house_number="2"))
    show("key nul", lambda: r.file("a\x01b"))
    show("key nul", lambda: r.file("a\x00b"))
    show("key latin", lambda: r.file("a\xffb"))
    show("note blank", lambda: o.post(f"/review/reports/{n}/decision", {"outcome":"returned","reasons":["other"],"note":" "}))
    for d in ["9999-12-31","0001-01-01","2099-01-01","9999-12-20", "2026-01-01"]:
        show("next "+d, lambda: o.post(f"/review/reports/{n}/decision", {"outcome":"accepted","note":"x","next_due_on":d}))
    show("405", lambda: r.client.delete("/api/v1/reports", headers=r.headers))
    show("405a", lambda: r.client.put("/api/v1/reports"))
    show("404", lambda: r.client.get("/api/v1/nope"))
    show("404", lambda: r.client.get("/api/nope"))
    show("404root", lambda: r.client.get("/nope"))
    show("slash", lambda: r.client.get("/api/v1/reports/"))
    show("dslash", lambda: r.client.get("/api//v1/reports"))
    show("dot", lambda: r.client.get("/api/v1/reports/..%2f..%2fetc%2fpasswd", headers=r.headers))
    show("dot", lambda: r.client.get("/docs/..%2f..%2fapp.py", headers=r.headers))
    show("pct", lambda: r.client.get("/api/v1/reports/%ff%fe", headers=r.headers))
    show("uuid", lambda: o.post("/review/residents/not-a-uuid/activation-codes"))
    show("mrz", lambda: r.post("/activations", {"mrz":"P<FRADURAND<<ALIX<<<<<<<<<<<<<<<<<<<<<<<<<<<\nTEST000010FRA9001020F3501010<<<<<<<<<<<<<<00","activation_code":"x"}))
    show("wrongct", lambda: r.client.post("/api/v1/activations/requests", data='{"document_number":"A","issuing_state":"FRA","birth_date":"1990-01-01"}', content_type="text/plain"))
    show("formct", lambda: r.client.post("/api/v1/activations/requests", data={"document_number":"A","issuing_state":"FRA","birth_date":"1990-01-01"}))
    show("cl", lambda: r.client.post("/api/v1/activations/requests", data='{}', headers={"Content-Length":"-1"}))
    show("bearer", lambda: r.client.get("/api/v1/me", headers={"Authorization":"Bearer a.b.c"}))
    show("bearer", lambda: r.client.get("/api/v1/me", headers={"Authorization":"Bearer \xff.\xff.\xff"}))
    show("bearer", lambda: r.client.get("/api/v1/me", headers={"Authorization":"Bearer ofc_\xff\x00"}))
    show("basic", lambda: r.client.get("/api/v1/me", headers={"Authorization":"Basic abc"}))
    show("host", lambda: r.client.get("/api/v1/me", headers={"Host":"a b/../"}))
    show("accept", lambda: r.client.get("/api/v1/reports", headers=r.headers|{"Accept":"bogus;q=x,,,"}))
    show("dup ", lambda: r.client.get("/api/v1/reports?limit=1&limit=2", headers=r.headers))
    show("date0 ", lambda: r.post("/activations/requests", {"document_number":"A","issuing_state":"FRA","birth_date":"0001-01-01"}))
    show("date num ", lambda: r.post("/activations/requests", {"document_number":"A","issuing_state":"FRA","birth_date":5}))
    show("1MB", lambda: r.client.post("/api/v1/tokens", data=b"[" * 1024*1024, content_type="application/json"))
    show("2MB", lambda: r.client.post("/api/v1/tokens", data=b"[" * 2*1024*1024, content_type="application/json"))
    show("wd garbage", lambda: r.client.post(f"/api/v1/reports/{n}/withdrawal", data=b"{{{", content_type="application/json", headers=r.headers))
    show("patch", lambda: r.client.patch("/api/v1/me", json={}, headers=r.headers))
    show("patch", lambda: r.client.patch("/api/v1/me", json={"email":"a\u0000@b.c"}, headers=r.headers))
    show("receipt", lambda: r.post("/receipts/verify", {"receipt":"a.b.c"}))
    show("receipt", lambda: r.post("/receipts/verify", {"receipt":"é.\u202e.c"}))
