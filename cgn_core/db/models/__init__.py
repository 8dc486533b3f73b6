"""The tables, one module per noun; all of them are known once this package is imported."""

from __future__ import annotations

from cgn_core.db.models.accounts import Agency, User
from cgn_core.db.models.audit import AuditHead, AuditLine
from cgn_core.db.models.data_versions import DataVersion
from cgn_core.db.models.files import Arrival, ArrivalPiece, StoredFile, Upload
from cgn_core.db.models.invitations import Invitation, InvitationLink, InvitationWorkspace
from cgn_core.db.models.jobs import Heartbeat, Job, JobState, Schedule
from cgn_core.db.models.ledger import LedgerEntry, LedgerScore
from cgn_core.db.models.model import Model, now
from cgn_core.db.models.password_resets import PasswordReset, ResetRequest
from cgn_core.db.models.registry import ModelVersion, Promotion
from cgn_core.db.models.reports import Report
from cgn_core.db.models.scenarios import Scenario, WeekNote
from cgn_core.db.models.sign_ins import (
    KnownDevice,
    OutsideIdentity,
    PendingSignIn,
    RecoveryCode,
    SecondFactor,
    UserSession,
)
from cgn_core.db.models.tokens import ApiToken, KeptAnswer
from cgn_core.db.models.workspaces import Competitor, Workspace, WorkspaceMember

__all__ = [
    "Agency",
    "ApiToken",
    "Arrival",
    "ArrivalPiece",
    "AuditHead",
    "AuditLine",
    "Competitor",
    "DataVersion",
    "Heartbeat",
    "Invitation",
    "InvitationLink",
    "InvitationWorkspace",
    "Job",
    "JobState",
    "KeptAnswer",
    "KnownDevice",
    "LedgerEntry",
    "LedgerScore",
    "Model",
    "ModelVersion",
    "OutsideIdentity",
    "PasswordReset",
    "PendingSignIn",
    "Promotion",
    "RecoveryCode",
    "Report",
    "ResetRequest",
    "Scenario",
    "Schedule",
    "SecondFactor",
    "StoredFile",
    "Upload",
    "User",
    "UserSession",
    "WeekNote",
    "Workspace",
    "WorkspaceMember",
    "now",
]
