"""The answer of a call that waits for a second person."""

from flask import Response, jsonify

from immigration.models.approvals import Approval
from immigration.schemas.approvals import WaitingOut, waiting_view


def waiting(approval: Approval) -> Response:
    """202: nothing changes until another person approves."""
    response = jsonify(WaitingOut().dump(waiting_view(approval)))
    response.status_code = 202
    return response
